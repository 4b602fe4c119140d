//! A path's text: `65001 65010 {1,2} (65003 65004) [5,6]`, as FRR writes it.

use core::fmt;
use core::str::FromStr;

use super::edit::Builder;
use super::{AsPath, SegmentType};
use crate::value::Asn;

/// What stands before, between and after the ASes of a segment.
const fn delimiters(kind: SegmentType) -> (&'static str, char, &'static str) {
    match kind {
        SegmentType::Set => ("{", ',', "}"),
        SegmentType::Sequence => ("", ' ', ""),
        SegmentType::ConfedSequence => ("(", ' ', ")"),
        SegmentType::ConfedSet => ("[", ',', "]"),
    }
}

impl fmt::Display for AsPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, segment) in self.segments().enumerate() {
            let (open, between, close) = delimiters(segment.kind);
            write!(f, "{}{open}", if place > 0 { " " } else { "" })?;
            for (place, asn) in segment.asns().enumerate() {
                if place > 0 {
                    write!(f, "{between}")?;
                }
                write!(f, "{asn}")?;
            }
            f.write_str(close)?;
        }
        Ok(())
    }
}

/// The text is not an AS path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an AS path: write AS numbers with spaces between, AS sets as {{1,2}}")]
pub struct ParseAsPathError;

/// The kind of the segment that this character opens.
const fn opened(character: char) -> Option<SegmentType> {
    match character {
        '{' => Some(SegmentType::Set),
        '(' => Some(SegmentType::ConfedSequence),
        '[' => Some(SegmentType::ConfedSet),
        _ => None,
    }
}

impl FromStr for AsPath {
    type Err = ParseAsPathError;

    fn from_str(text: &str) -> Result<Self, ParseAsPathError> {
        let mut builder = Builder::default();
        let mut rest = text.trim();
        while let Some(first) = rest.chars().next() {
            let (kind, inside, after) = match opened(first) {
                Some(kind) => {
                    let (_, _, close) = delimiters(kind);
                    let (inside, after) = rest[1..].split_once(close).ok_or(ParseAsPathError)?;
                    (kind, inside, after)
                }
                None => {
                    let end = rest.find(['{', '(', '[']).unwrap_or(rest.len());
                    (SegmentType::Sequence, &rest[..end], &rest[end..])
                }
            };
            let (_, between, _) = delimiters(kind);
            let asns =
                || inside.trim().split([between, ' ']).filter(|word| !word.is_empty()).map(str::parse::<Asn>);
            if asns().any(|asn| asn.is_err()) || asns().next().is_none() {
                return Err(ParseAsPathError);
            }
            builder.push(kind, asns().flatten());
            rest = after.trim_start();
        }
        Ok(builder.finish())
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn text_is_read_as_it_is_written() {
        for text in ["", "65001", "65001 65010 {1,2} (65003 65004) [5,6] 7", "{1}", "4200000000 1"] {
            assert_eq!(text.parse::<AsPath>().unwrap().to_string(), text);
        }
        for bad in ["1,2", "{}", "{1", "1}", "0", "x", "(1,2)", "{1 x}"] {
            assert_eq!(bad.parse::<AsPath>(), Err(ParseAsPathError), "{bad}");
        }
    }
}
