//! How long a file and a function may be, how many functions take a switch, and the list of what is worse.
//!
//! The list, `ratchet.txt`, has a row for each: `file PATH LINES`, `function PATH NAME LINES`,
//! `bool-arguments PATH FUNCTIONS`. A row whose number is not the present one fails, so it only becomes smaller.

use std::collections::BTreeMap;

use crate::source::Source;
use crate::tree::Tree;

const LIST: &str = "tests/tidy/ratchet.txt";
const FILE_LINES: usize = 500;
const FUNCTION_LINES: usize = 70;

/// What is too long and not listed, and what is listed with another number.
pub fn complaints(tree: &Tree) -> Vec<String> {
    let mut present = BTreeMap::new();
    for source in &tree.sources {
        measure(source, &mut present);
    }
    let listed = listed(tree.text(LIST));
    let mut complaints: Vec<_> = present
        .iter()
        .filter(|(what, count)| listed.get(*what).is_none_or(|listed| listed < *count))
        .map(|(what, count)| format!("{what}: {count}, {}", advice(what)))
        .collect();
    for (what, count) in &listed {
        match present.get(what) {
            None => complaints.push(format!("{LIST}: `{what} {count}` is mended: remove the row")),
            Some(now) if now < count => {
                complaints.push(format!("{LIST}: `{what} {count}` is down to {now}: write {now}"));
            }
            _ => {}
        }
    }
    complaints
}

fn advice(what: &str) -> String {
    match what.split_once(' ').map(|(kind, _)| kind) {
        Some("file") => format!("at most {FILE_LINES} lines: give a part of it a file and a name of its own"),
        Some("function") => {
            format!("at most {FUNCTION_LINES} lines: name its steps and make each one a function")
        }
        _ => "functions that take a bool: an enum with two names says at the call what is meant".to_owned(),
    }
}

/// The rows of the list.
fn listed(text: &str) -> BTreeMap<String, usize> {
    let rows = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    rows.map(|row| {
        let (what, count) = row.rsplit_once(' ').unwrap_or((row, ""));
        let count = count.parse().unwrap_or_else(|_| panic!("{LIST}: `{row}` does not end with a number"));
        (what.to_owned(), count)
    })
    .collect()
}

/// Notes what in a file is over a limit.
fn measure(source: &Source, present: &mut BTreeMap<String, usize>) {
    let path = &source.path;
    let lines = source.text.lines().count();
    if lines > FILE_LINES {
        present.insert(format!("file {path}"), lines);
    }
    let mut switches = 0;
    for function in functions(source) {
        if function.lines > FUNCTION_LINES {
            let longest = present.entry(format!("function {path} {}", function.name)).or_default();
            *longest = function.lines.max(*longest);
        }
        switches += usize::from(takes_a_switch(function.arguments));
    }
    if switches > 0 {
        present.insert(format!("bool-arguments {path}"), switches);
    }
}

/// Whether one of the arguments is a bare `bool`.
fn takes_a_switch(arguments: &str) -> bool {
    let flat: String = arguments.split_whitespace().collect();
    flat.split(',').any(|argument| argument.rsplit_once(':').is_some_and(|(_, kind)| kind == "bool"))
}

/// A function.
pub struct Function<'a> {
    /// What it is called.
    pub name: &'a str,
    /// Where its name stands.
    pub offset: usize,
    /// From `fn` to the last bracket; 1 without a body.
    pub lines: usize,
    /// What stands between the round brackets.
    pub arguments: &'a str,
}

/// The functions of a file.
pub fn functions(source: &Source) -> Vec<Function<'_>> {
    let words = source.words();
    let pairs = words.windows(2).filter(|pair| pair[0].1 == "fn" && separated_by_blanks(source, pair));
    pairs.filter_map(|pair| function(source, pair[0].0, pair[1])).collect()
}

fn separated_by_blanks(source: &Source, pair: &[(usize, &str)]) -> bool {
    source.code[pair[0].0 + pair[0].1.len()..pair[1].0].trim().is_empty()
}

fn function<'a>(source: &'a Source, start: usize, (offset, name): (usize, &'a str)) -> Option<Function<'a>> {
    let octets = source.code.as_bytes();
    let mut at = argument_list(source, offset + name.len())?;
    let arguments = &source.code[at + 1..source.closing(at)];
    let end = loop {
        match octets.get(at)? {
            b'(' | b'[' => at = source.closing(at),
            b'{' => break source.closing(at),
            b';' => break start,
            _ => {}
        }
        at += 1;
    };
    let lines = source.line(end.min(octets.len())) - source.line(start) + 1;
    Some(Function { name, offset, lines, arguments })
}

/// Where the round bracket after a function's name and its generic arguments opens.
fn argument_list(source: &Source, after_name: usize) -> Option<usize> {
    let octets = source.code.as_bytes();
    let (mut at, mut depth) = (after_name, 0_usize);
    loop {
        match octets.get(at)? {
            b'<' => depth += 1,
            b'>' if octets[at - 1] != b'-' => depth = depth.checked_sub(1)?,
            b'(' if depth == 0 => return Some(at),
            _ => {}
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_measured_whole() {
        let text = "fn a<F: Fn(bool) -> u8>(f: F) -> [u8; 3]\nwhere F: Copy {\n  b(|x| { x })\n}\n\
                    trait T { fn c(&self, on: bool); }\ntype D = fn(bool);\nfn e() { let _ = '{'; }\n";
        let source = Source::new("x.rs".to_owned(), text.to_owned());
        let found: Vec<_> =
            functions(&source).iter().map(|f| (f.name, f.lines, takes_a_switch(f.arguments))).collect();
        assert_eq!(found, [("a", 4, false), ("c", 1, true), ("e", 1, false)]);
    }
}
