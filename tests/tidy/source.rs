//! A Rust file as text, and its code: the same octets, with comments and the inside of literals made blank.
//!
//! What stands at an offset of the code stands at the same offset of the text.

/// A Rust file.
pub struct Source {
    /// From the repository's root.
    pub path: String,
    /// As it is.
    pub text: String,
    /// Without comments and literals; as long as the text.
    pub code: String,
}

impl Source {
    /// Takes a file's text.
    pub fn new(path: String, text: String) -> Source {
        let code = blank(&text);
        Source { path, text, code }
    }

    /// The line of an offset, from 1.
    pub fn line(&self, offset: usize) -> usize {
        self.code.as_bytes()[..offset].iter().filter(|octet| **octet == b'\n').count() + 1
    }

    /// A place to name in a complaint.
    pub fn at(&self, offset: usize) -> String {
        format!("{}:{}", self.path, self.line(offset))
    }

    /// The words of the code, with their offsets.
    pub fn words(&self) -> Vec<(usize, &str)> {
        let mut words = Vec::new();
        let mut start = None;
        for (offset, octet) in self.code.bytes().chain([b' ']).enumerate() {
            match (start, is_word(octet)) {
                (None, true) => start = Some(offset),
                (Some(from), false) => {
                    words.push((from, &self.code[from..offset]));
                    start = None;
                }
                _ => {}
            }
        }
        words
    }

    /// The offset of the bracket that closes the one at `open`, or the end.
    pub fn closing(&self, open: usize) -> usize {
        let mut depth = 0_usize;
        for (offset, octet) in self.code.bytes().enumerate().skip(open) {
            match octet {
                b'(' | b'[' | b'{' => depth += 1,
                b')' | b']' | b'}' => depth = depth.saturating_sub(1),
                _ => continue,
            }
            if depth == 0 {
                return offset;
            }
        }
        self.code.len()
    }

    /// The code after an offset, without the blanks before it.
    pub fn rest(&self, offset: usize) -> &str {
        self.code[offset..].trim_start()
    }
}

/// Whether an octet is part of a word.
pub fn is_word(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || octet == b'_' || octet >= 0x80
}

/// The text with every octet of comments and literals as a blank, but for the ends of lines.
fn blank(text: &str) -> String {
    let octets = text.as_bytes();
    let mut out = octets.to_vec();
    let mut at = 0;
    while at < octets.len() {
        let end = at + literal_length(octets, at);
        for octet in &mut out[at..end] {
            if *octet != b'\n' {
                *octet = b' ';
            }
        }
        at = end.max(at + 1);
    }
    String::from_utf8(out).expect("blanks stand for whole characters")
}

/// How many octets the comment or literal that begins at `at` has; 0 where none begins.
fn literal_length(octets: &[u8], at: usize) -> usize {
    let rest = &octets[at..];
    let before = at.checked_sub(1).map_or(b' ', |before| octets[before]);
    match rest {
        [b'/', b'/', ..] => rest.iter().position(|octet| *octet == b'\n').unwrap_or(rest.len()),
        [b'/', b'*', ..] => comment_length(rest),
        [b'"', ..] => quoted_length(rest),
        [b'r', b'"' | b'#', ..] if !is_word(before) || before == b'b' => raw_length(rest),
        [b'\'', b'\\', ..] => 2 + rest[2..].iter().skip(1).position(|octet| *octet == b'\'').unwrap_or(0) + 2,
        [b'\'', ..] => character_length(rest),
        _ => 0,
    }
}

fn comment_length(rest: &[u8]) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < rest.len() {
        match &rest[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn quoted_length(rest: &[u8]) -> usize {
    let mut at = 1;
    while at < rest.len() && rest[at] != b'"' {
        at += if rest[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(rest.len())
}

/// A raw literal's length; 0 for a raw name.
fn raw_length(rest: &[u8]) -> usize {
    let hashes = rest[1..].iter().take_while(|octet| **octet == b'#').count();
    if rest.get(1 + hashes) != Some(&b'"') {
        return 0;
    }
    let mut end = vec![b'"'];
    end.resize(1 + hashes, b'#');
    let body = 2 + hashes;
    let found = rest[body..].windows(end.len()).position(|window| window == end);
    found.map_or(rest.len(), |found| body + found + end.len())
}

/// The length of a literal of one character; 0 where the quote begins a lifetime.
fn character_length(rest: &[u8]) -> usize {
    let width = match rest.get(1) {
        Some(0xF0..) => 4,
        Some(0xE0..) => 3,
        Some(0xC0..) => 2,
        _ => 1,
    };
    if rest.get(1 + width) == Some(&b'\'') { 2 + width } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_blank_and_code_stays_in_its_place() {
        let text = "a /* b /* c */ \"d */ e(\"f\\\"g\", 'h', '\\n', '\\'', r#\"i\"j\"#) // k\nl<'m> é";
        let code = blank(text);
        assert_eq!(code.len(), text.len());
        let words: Vec<_> = Source::new(String::new(), text.to_owned())
            .words()
            .iter()
            .map(|(offset, word)| (text[*offset..].starts_with(word), (*word).to_owned()))
            .collect();
        let expected = ["a", "e", "l", "m", "é"].map(|word| (true, word.to_owned()));
        assert_eq!(words, expected);
    }
}
