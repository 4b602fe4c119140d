//! Words that have no place in the tree: what is left for later, what is silenced, paths of a machine.

use crate::source::Source;
use crate::tree::Tree;

/// In code.
const MACROS: [&str; 2] = ["todo", "unimplemented"];
/// Anywhere in a Rust file or a script, as whole words.
const MARKS: [&str; 3] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];
/// Anywhere in any file.
const PLACES: [&str; 3] = [concat!("../", "shared"), concat!("/wo", "rk/"), concat!(".lib", "rary/")];

/// Every such word.
pub fn complaints(tree: &Tree) -> Vec<String> {
    let mut complaints: Vec<_> = tree.sources.iter().flat_map(in_source).collect();
    let sources = tree.sources.iter().map(|source| (&source.path, &source.text));
    for (name, text) in sources.chain(tree.texts.iter().map(|(name, text)| (name, text))) {
        for (at, line) in text.lines().enumerate() {
            if let Some(place) = PLACES.iter().find(|place| line.contains(*place)) {
                complaints.push(format!(
                    "{name}:{}: `{place}` is not part of the repository: copy what is needed into it",
                    at + 1
                ));
            }
        }
    }
    complaints
}

fn in_source(source: &Source) -> Vec<String> {
    let mut complaints = Vec::new();
    for (offset, word) in source.words() {
        let after = source.rest(offset + word.len());
        if MACROS.contains(&word) && after.starts_with('!') {
            complaints.push(format!("{}: `{word}!`: write it, or leave its place empty", source.at(offset)));
        }
        if matches!(word, "allow" | "expect") && in_attribute(source, offset) && lacks_reason(source, offset)
        {
            complaints.push(format!("{}: `{word}` without a reason: add reason = \"..\"", source.at(offset)));
        }
        if word == "ignore" && in_attribute(source, offset) {
            complaints.push(format!(
                "{}: a test that does not run is no test: mend or delete it",
                source.at(offset)
            ));
        }
    }
    for (at, line) in source.text.lines().enumerate() {
        let mut words = line.split(|c: char| !c.is_alphanumeric() && c != '_');
        if let Some(mark) = words.find(|word| MARKS.contains(word)) {
            complaints.push(format!("{}:{}: `{mark}`: do it now, or write an issue", source.path, at + 1));
        }
    }
    complaints
}

/// Whether a word is the first of an attribute.
fn in_attribute(source: &Source, offset: usize) -> bool {
    let before = source.code[..offset].trim_end();
    before.ends_with("#[") || before.ends_with("#![")
}

fn lacks_reason(source: &Source, offset: usize) -> bool {
    let open = offset + source.code[offset..].find('(').unwrap_or_default();
    !source.code[open..source.closing(open)].contains("reason =")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_or_silenced_is_found() {
        let found = |text: &str| in_source(&Source::new("x.rs".to_owned(), text.to_owned())).len();
        assert_eq!(found("fn a() { todo!() }"), 1);
        assert_eq!(found(concat!("// ", "TO", "DO later")), 1);
        assert_eq!(found("#[allow(dead_code)] #[ignore] fn a() {}"), 2);
        assert_eq!(found("#[expect(dead_code, reason = \"why\")] fn todo() { a.expect(\"b\") }"), 0);
    }
}
