//! Regular expressions as FRR means them: POSIX extended, with `_` for the edge of a number.
//!
//! FRR gives the text to the C library's `regcomp`. Here it is translated, once, into the syntax of the `regex`
//! crate, which matches in a time linear in the text whatever the expression is. Refused are what glibc refuses
//! and back-references (`\1`), which no automaton can match.

use alloc::string::String;
use core::fmt;

use regex::bytes::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};

/// What `_` stands for in FRR: the beginning, the end, or what stands between two numbers.
const EDGE: &str = "(?:^|[,{}() ]|$)";

/// The largest program that an expression may become, in octets.
const MOST_OCTETS: usize = 1 << 20;

/// glibc's RE_DUP_MAX.
const MOST_REPEATED: u32 = 0x7fff;

/// A regular expression as an operator wrote it; it is known to be right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pattern(String);

/// The text is not a regular expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// A `(` or `[` without its end.
    #[error("a bracket is not closed")]
    Unclosed,
    /// `*`, `+`, `?` or `{` with nothing before it.
    #[error("there is nothing before a repetition")]
    NothingToRepeat,
    /// `{…}` that is not `{2}`, `{2,}`, `{,5}` or `{2,5}`, or too large.
    #[error(
        "a repetition in braces is not understood: write {{2}}, {{2,}} or {{2,5}}, a literal brace as \\{{"
    )]
    Interval,
    /// `[b-a]`, `[[:nothing:]]`.
    #[error("a set in brackets is not understood")]
    Set,
    /// `\1`.
    #[error("back-references are not supported")]
    BackReference,
    /// A `\` at the end.
    #[error("it ends with a backslash")]
    Backslash,
    /// Not ASCII, too deep or too large.
    #[error("it is too large, or not plain ASCII")]
    TooLarge,
}

impl Pattern {
    /// An expression from its text.
    ///
    /// # Errors
    /// Where it is none.
    pub fn new(text: &str) -> Result<Pattern, PatternError> {
        compile(text)?;
        Ok(Pattern(text.into()))
    }

    /// The text as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Pattern {
    type Error = PatternError;

    fn try_from(text: String) -> Result<Pattern, PatternError> {
        Pattern::new(&text)
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> String {
        pattern.0
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An expression ready to be asked.
#[derive(Clone, Debug)]
pub(super) struct Matcher {
    text: String,
    /// `None` cannot be for a [`Pattern`]; it would match nothing.
    regex: Option<Regex>,
}

impl Matcher {
    pub(super) fn new(pattern: &Pattern) -> Matcher {
        Matcher { text: pattern.0.clone(), regex: compile(&pattern.0).ok() }
    }

    /// Whether it matches anywhere in `text`.
    pub(super) fn is_in(&self, text: &str) -> bool {
        self.regex.as_ref().is_some_and(|regex| regex.is_match(text.as_bytes()))
    }
}

impl PartialEq for Matcher {
    fn eq(&self, other: &Matcher) -> bool {
        self.text == other.text
    }
}

impl Eq for Matcher {}

fn compile(text: &str) -> Result<Regex, PatternError> {
    let translated = Translation::of(text)?;
    let mut builder = RegexBuilder::new(&translated);
    builder.unicode(false).dot_matches_new_line(true).size_limit(MOST_OCTETS).dfa_size_limit(MOST_OCTETS);
    builder.build().map_err(|_| PatternError::TooLarge)
}

/// The translation while it is made.
struct Translation<'t> {
    rest: core::str::Chars<'t>,
    out: String,
    /// Where what a repetition would repeat begins; `None` where there is nothing.
    atom: Option<usize>,
    /// Whether that is repeated already.
    repeated: bool,
    /// Where the groups begin that are not closed.
    groups: alloc::vec::Vec<usize>,
}

impl Translation<'_> {
    fn of(text: &str) -> Result<String, PatternError> {
        if !text.is_ascii() {
            return Err(PatternError::TooLarge);
        }
        let mut translation = Translation {
            rest: text.chars(),
            out: String::with_capacity(text.len() + 16),
            atom: None,
            repeated: false,
            groups: alloc::vec::Vec::new(),
        };
        while let Some(c) = translation.rest.next() {
            translation.take(c)?;
        }
        if translation.groups.is_empty() { Ok(translation.out) } else { Err(PatternError::Unclosed) }
    }

    fn take(&mut self, c: char) -> Result<(), PatternError> {
        match c {
            '_' => self.push_atom(EDGE),
            '.' => self.push_atom("."),
            '\\' => return self.escape(),
            '[' => return self.set(),
            '(' => {
                self.groups.push(self.out.len());
                self.out.push_str("(?:");
                self.atom = None;
            }
            ')' => match self.groups.pop() {
                Some(start) => {
                    self.out.push(')');
                    self.atom = Some(start);
                    self.repeated = false;
                }
                None => self.literal(')'),
            },
            '|' | '^' | '$' => {
                self.out.push(c);
                self.atom = None;
            }
            '*' => return self.repeat("*"),
            '+' => return self.repeat("+"),
            '?' => return self.repeat("?"),
            '{' if self.atom.is_none() => return Err(PatternError::NothingToRepeat),
            '{' => return self.interval(),
            _ => self.literal(c),
        }
        Ok(())
    }

    fn push_atom(&mut self, text: &str) {
        self.atom = Some(self.out.len());
        self.repeated = false;
        self.out.push_str(text);
    }

    fn literal(&mut self, c: char) {
        self.push_atom("");
        // `\<` and `\>` would be edges of words.
        if c.is_ascii_punctuation() && c != '<' && c != '>' {
            self.out.push('\\');
        }
        self.out.push(c);
    }

    fn escape(&mut self) -> Result<(), PatternError> {
        let c = self.rest.next().ok_or(PatternError::Backslash)?;
        match c {
            '1'..='9' => return Err(PatternError::BackReference),
            'w' => self.push_atom("[0-9A-Za-z_]"),
            'W' => self.push_atom("[^0-9A-Za-z_]"),
            's' => self.push_atom("[\\t-\\r ]"),
            'S' => self.push_atom("[^\\t-\\r ]"),
            'b' => self.push_atom("\\b"),
            'B' => self.push_atom("\\B"),
            '<' => self.push_atom("\\b{start}"),
            '>' => self.push_atom("\\b{end}"),
            _ => self.literal(c),
        }
        Ok(())
    }

    /// POSIX repeats what is repeated already; here that would mean something else (`a+?` is lazy).
    fn repeat(&mut self, how: &str) -> Result<(), PatternError> {
        let start = self.atom.ok_or(PatternError::NothingToRepeat)?;
        if core::mem::replace(&mut self.repeated, true) {
            self.out.insert_str(start, "(?:");
            self.out.push(')');
        }
        self.out.push_str(how);
        Ok(())
    }

    fn interval(&mut self) -> Result<(), PatternError> {
        let (inside, rest) = self.rest.as_str().split_once('}').ok_or(PatternError::Interval)?;
        self.rest = rest.chars();
        let number = |text: &str| -> Result<u32, PatternError> {
            let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
            let value = digits.then(|| text.parse().ok()).flatten();
            value.filter(|&value| value <= MOST_REPEATED).ok_or(PatternError::Interval)
        };
        let (least, most) = match inside.split_once(',') {
            None => (number(inside)?, Some(number(inside)?)),
            Some((least, "")) => (number(least)?, None),
            Some(("", most)) => (0, Some(number(most)?)),
            Some((least, most)) => (number(least)?, Some(number(most)?)),
        };
        match most {
            Some(most) if most < least => Err(PatternError::Interval),
            Some(most) => self.repeat(&alloc::format!("{{{least},{most}}}")),
            None => self.repeat(&alloc::format!("{{{least},}}")),
        }
    }

    /// `[…]`: a backslash is nothing special in it, a `]` that stands first is a member.
    fn set(&mut self) -> Result<(), PatternError> {
        self.push_atom("[");
        if let Some(rest) = self.rest.as_str().strip_prefix('^') {
            self.rest = rest.chars();
            self.out.push('^');
        }
        let mut first = true;
        loop {
            let c = self.rest.next().ok_or(PatternError::Unclosed)?;
            if c == ']' && !core::mem::replace(&mut first, false) {
                self.out.push(']');
                return Ok(());
            }
            first = false;
            let low = match (c, self.rest.as_str().chars().next()) {
                ('[', Some(':')) => {
                    self.class()?;
                    continue;
                }
                ('[', Some(mark @ ('.' | '='))) => self.named(mark)?,
                _ => c,
            };
            let rest = self.rest.as_str();
            if rest.starts_with('-') && !rest.starts_with("-]") {
                self.rest.next();
                let mut high = self.rest.next().ok_or(PatternError::Unclosed)?;
                if let ('[', Some('.')) = (high, self.rest.as_str().chars().next()) {
                    high = self.named('.')?;
                }
                if high < low {
                    return Err(PatternError::Set);
                }
                self.member(low);
                self.out.push('-');
                self.member(high);
            } else {
                self.member(low);
            }
        }
    }

    fn member(&mut self, c: char) {
        if c.is_ascii_punctuation() && c != '<' && c != '>' {
            self.out.push('\\');
        }
        self.out.push(c);
    }

    /// `[:digit:]` and its like, inside of a set.
    fn class(&mut self) -> Result<(), PatternError> {
        const CLASSES: [&str; 12] = [
            "alnum", "alpha", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space",
            "upper", "xdigit",
        ];
        let (name, rest) = self.rest.as_str()[1..].split_once(":]").ok_or(PatternError::Unclosed)?;
        if !CLASSES.contains(&name) {
            return Err(PatternError::Set);
        }
        self.rest = rest.chars();
        self.out.push_str("[:");
        self.out.push_str(name);
        self.out.push_str(":]");
        Ok(())
    }

    /// `[.x.]` and `[=x=]`: the character.
    fn named(&mut self, mark: char) -> Result<char, PatternError> {
        let mut inside = self.rest.as_str()[1..].chars();
        let c = inside.next().ok_or(PatternError::Unclosed)?;
        let closed = inside.next() == Some(mark) && inside.next() == Some(']');
        self.rest = inside;
        if closed { Ok(c) } else { Err(PatternError::Set) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        Matcher::new(&Pattern::new(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}"))).is_in(text)
    }

    #[test]
    fn an_underscore_is_the_edge_of_a_number() {
        for (pattern, text, expected) in [
            ("_65001_", "65001", true),
            ("_65001_", "1 65001 2", true),
            ("_65001_", "1 {65001,7} 2", true),
            ("_65001_", "1 165001 2", false),
            ("^65001_", "65001 2", true),
            ("^65001_", "650012", false),
            ("^$", "", true),
            ("^$", "1", false),
            ("_2_3_", "1 2 3", true),
            ("_(2|3)$", "1 3", true),
            ("^[0-9]+( [0-9]+)?$", "1 2", true),
            ("^[0-9]+( [0-9]+)?$", "1 2 3", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} in {text}");
        }
    }

    /// What glibc's regcomp and regexec said of the same expressions.
    #[test]
    fn the_syntax_is_the_c_librarys() {
        for (pattern, text, expected) in [
            ("a)", "a)", true),
            ("a)", "a", false),
            ("^a{,2}b", "aaab", false),
            ("()a", "a", true),
            ("a||b", "c", true),
            ("a+?", "b", true),
            ("^a{2}{3}$", "aaaaaa", true),
            ("^a{2}{3}$", "aaa", false),
            ("\\d", "d", true),
            ("a\\{", "a{", true),
            ("[[:digit:]]", "5", true),
            ("[]a]", "]", true),
            ("[^]a]", "]", false),
            ("[\\d]", "\\", true),
            ("[a-]", "-", true),
            ("[--/]", ".", true),
            ("x}", "x}", true),
            ("(^)*a", "a", true),
            ("|", "a", true),
            ("", "", true),
            ("[[.-.]x]", "-", true),
            ("a<b", "a<b", true),
            ("[&&a]", "&", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} in {text}");
        }
        use PatternError::{BackReference, Backslash, Interval, NothingToRepeat, Set, TooLarge, Unclosed};
        for (pattern, error) in [
            ("{", NothingToRepeat),
            ("a{", Interval),
            ("a{x", Interval),
            ("a{1", Interval),
            ("a{2,1}", Interval),
            ("a{40000}", Interval),
            ("^*a", NothingToRepeat),
            ("a|*b", NothingToRepeat),
            ("(*a)", NothingToRepeat),
            ("a$*", NothingToRepeat),
            ("*", NothingToRepeat),
            ("[b-a]", Set),
            ("[[:none:]]", Set),
            ("(a", Unclosed),
            ("[a", Unclosed),
            ("(a)\\1", BackReference),
            ("a\\", Backslash),
            ("((a{999}){999}){999}", TooLarge),
            ("\u{e9}", TooLarge),
        ] {
            assert_eq!(Pattern::new(pattern), Err(error), "{pattern}");
        }
    }
}
