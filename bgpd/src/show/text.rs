//! Small pieces of text that many shows have: columns, memory sizes, JSON.

use core::fmt::{Display, Write};

use serde_json::Value;

/// Appends formatted text. Writing to a `String` cannot fail.
macro_rules! put {
    ($out:expr, $($argument:tt)*) => {{
        use core::fmt::Write as _;
        let _ = write!($out, $($argument)*);
    }};
}
pub(super) use put;

/// A number of octets as FRR tells memory: `330 MiB`.
#[must_use]
pub fn memory(octets: usize) -> String {
    let rounded = |shift: u32| (octets >> shift) + (octets >> (shift - 1) & 1);
    match octets {
        _ if octets >> 30 > 10 => format!("{} GiB", rounded(30)),
        _ if octets >> 20 > 10 => format!("{} MiB", rounded(20)),
        _ if octets >> 10 > 10 => format!("{} KiB", rounded(10)),
        _ => format!("{octets} bytes"),
    }
}

/// The beginning of a text that is cut at the last space before `most` characters, as FRR cuts descriptions.
#[must_use]
pub fn cut(text: &str, most: usize) -> &str {
    let Some((end, _)) = text.char_indices().nth(most) else { return text };
    match text[..end].rfind(' ') {
        Some(space) if space > 0 => text[..space].trim_end(),
        _ => &text[..end],
    }
}

/// Appends a JSON value, indented, and a new line.
pub fn push_json(out: &mut String, value: &Value) {
    put!(out, "{value:#}\n");
}

/// Appends one member of a JSON object, indented by `depth` steps; `first` is cleared.
///
/// The object is opened and closed by who streams it.
pub fn push_member(out: &mut String, first: &mut bool, depth: usize, key: &dyn Display, value: &Value) {
    let indent = "  ".repeat(depth);
    out.push_str(if core::mem::replace(first, false) { "\n" } else { ",\n" });
    let value = format!("{value:#}").replace('\n', &format!("\n{indent}"));
    let _ = write!(out, "{indent}{}:{value}", Value::from(key.to_string()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_told_in_the_largest_unit_of_which_there_are_more_than_ten() {
        assert_eq!(memory(3264), "3264 bytes");
        assert_eq!(memory(4_448_784), "4345 KiB");
        assert_eq!(memory(330 << 20), "330 MiB");
        assert_eq!(memory(11 << 30), "11 GiB");
    }

    #[test]
    fn a_long_text_is_cut_between_words() {
        assert_eq!(cut("transit-a with a longer text", 20), "transit-a with a");
        assert_eq!(cut("transit-a", 20), "transit-a");
        assert_eq!(cut("transitprovidernumberone", 20), "transitprovidernumbe");
    }
}
