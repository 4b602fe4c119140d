//! Patterns: a command's form as FRR writes it, and the automaton that it stands for.
//!
//! A pattern is a line of words. `word` is a keyword; `A.B.C.D`, `A.B.C.D/M`, `X:X::X:X`, `X:X::X:X/M`,
//! `ASN`, `(1-65535)` are typed values; other words in capitals are free words; `LINE` takes the rest of the
//! line. `[a]` may be left out, `<a|b>` is one of them, `{a|b}` any of them in any order, `a...` one or more.
//! `$name` after a value names it. `PEER` stands for what a neighbor is called by. Every word of a pattern is
//! a position of the automaton; positions know which may come next, and there are no other states.

#[cfg(test)]
pub(crate) mod sample;

use core::net::{Ipv4Addr, Ipv6Addr};

use bgp_engine::value::Asn;
use ipnet::{Ipv4Net, Ipv6Net};

/// The depth at which a match gives up: more words than this are only found in a `LINE`.
const MAX_WORDS: usize = 512;

/// How many equally good matches are kept: enough to name them.
const MAX_EQUAL: usize = 8;

/// What one position of a pattern takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// This word, or a beginning of it that no other keyword has.
    Keyword,
    /// An IPv4 address.
    Ipv4,
    /// An IPv4 prefix.
    Ipv4Net,
    /// An IPv6 address.
    Ipv6,
    /// An IPv6 prefix.
    Ipv6Net,
    /// An AS number, plain or dotted.
    Asn,
    /// A number from the first to the second.
    Number(u64, u64),
    /// Any word.
    Word,
    /// The rest of the line.
    Line,
}

/// How well a word fits a position; the lesser fits better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    /// The keyword itself.
    Exact,
    /// A value of the right type.
    Value,
    /// A beginning of the keyword.
    Beginning,
    /// A free word.
    Free,
}

/// One word of a pattern.
#[derive(Clone, Debug)]
pub struct Atom {
    /// What it takes.
    pub kind: Kind,
    /// How help shows it: the keyword, `A.B.C.D`, `WORD`, ….
    pub shown: String,
    /// The name that its value is found by.
    pub name: String,
}

impl Atom {
    fn new(text: &str) -> Atom {
        let (shown, name) = text.split_once('$').unwrap_or((text, text));
        let kind = match shown {
            "A.B.C.D" => Kind::Ipv4,
            "A.B.C.D/M" => Kind::Ipv4Net,
            "X:X::X:X" => Kind::Ipv6,
            "X:X::X:X/M" => Kind::Ipv6Net,
            "ASN" => Kind::Asn,
            "LINE" => Kind::Line,
            _ => range(shown).unwrap_or_else(|| match shown.bytes().any(|b| b.is_ascii_lowercase()) {
                false if shown.starts_with(|c: char| c.is_ascii_uppercase()) => Kind::Word,
                _ => Kind::Keyword,
            }),
        };
        Atom { kind, shown: shown.to_owned(), name: name.to_owned() }
    }

    fn fit(&self, word: &str) -> Option<Fit> {
        let value = |right: bool| right.then_some(Fit::Value);
        match &self.kind {
            Kind::Keyword if self.shown == word => Some(Fit::Exact),
            Kind::Keyword => self.shown.starts_with(word).then_some(Fit::Beginning),
            Kind::Ipv4 => value(word.parse::<Ipv4Addr>().is_ok()),
            Kind::Ipv4Net => value(word.parse::<Ipv4Net>().is_ok()),
            Kind::Ipv6 => value(word.parse::<Ipv6Addr>().is_ok()),
            Kind::Ipv6Net => value(word.parse::<Ipv6Net>().is_ok()),
            Kind::Asn => value(word.parse::<Asn>().is_ok()),
            Kind::Number(least, most) => value(number(word).is_some_and(|n| (*least..=*most).contains(&n))),
            Kind::Word | Kind::Line => Some(Fit::Free),
        }
    }
}

/// A number of decimal digits alone.
fn number(word: &str) -> Option<u64> {
    if word.bytes().all(|b| b.is_ascii_digit()) { word.parse().ok() } else { None }
}

fn range(text: &str) -> Option<Kind> {
    let (least, most) = text.strip_prefix('(')?.strip_suffix(')')?.split_once('-')?;
    Some(Kind::Number(least.parse().ok()?, most.parse().ok()?))
}

/// A pattern, ready to match.
#[derive(Clone, Debug, Default)]
pub struct Pattern {
    /// Its words, in the order in which they are written.
    pub atoms: Vec<Atom>,
    first: Vec<usize>,
    follow: Vec<Vec<usize>>,
    last: Vec<bool>,
}

/// How far a line got in a pattern, and what would have come next.
#[derive(Debug, Default)]
pub(super) struct Reach<'p> {
    /// How many words were taken at most.
    pub(super) words: usize,
    /// What could have stood after those.
    pub(super) expected: Vec<Expected<'p>>,
}

/// What a pattern could have gone on with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expected<'p> {
    pub(super) atom: &'p Atom,
    /// What stands before it.
    pub(super) after: Option<&'p Atom>,
    /// Whether the line so far speaks of IPv6.
    pub(super) ipv6: bool,
}

impl<'p> Reach<'p> {
    pub(super) fn note(&mut self, words: usize, atoms: impl Iterator<Item = Expected<'p>>) {
        if words > self.words {
            self.words = words;
            self.expected.clear();
        }
        if words == self.words {
            self.expected.extend(atoms);
        }
    }
}

/// A whole match: for each word its position and how well it fits. `LINE` takes one word of these.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Path {
    pub(super) fits: Vec<Fit>,
    pub(super) positions: Vec<usize>,
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Panics
    /// Where a bracket is not closed: patterns are part of the program, and a test reads every one.
    #[must_use]
    pub fn new(text: &str) -> Pattern {
        let text = text.replace("PEER", "<A.B.C.D$peer|X:X::X:X$peer|WORD$peer>");
        let mut builder = Builder { rest: &text, pattern: Pattern::default() };
        let part = builder.sequence();
        assert!(builder.rest.is_empty(), "pattern {text:?}: unexpected {:?}", builder.rest);
        let mut pattern = builder.pattern;
        for position in part.last {
            pattern.last[position] = true;
        }
        pattern.first = part.first;
        pattern
    }

    /// The words with which a line can begin.
    pub fn first(&self) -> impl Iterator<Item = &Atom> {
        self.first.iter().map(|&at| &self.atoms[at])
    }

    /// The best matches of the whole line, all equally good; how far the attempt got is noted in `reach`.
    pub(super) fn best<'p>(&'p self, words: &[&str], reach: &mut Reach<'p>) -> Vec<Path> {
        let mut search = Search { pattern: self, words, reach, path: Path::default(), best: Vec::new() };
        search.go(&self.first, false);
        search.best
    }
}

struct Search<'p, 'w, 'r> {
    pattern: &'p Pattern,
    words: &'w [&'w str],
    reach: &'r mut Reach<'p>,
    path: Path,
    best: Vec<Path>,
}

impl Search<'_, '_, '_> {
    /// Goes on from what `self.path` has taken; `complete` says whether the line may end here.
    fn go(&mut self, next: &[usize], complete: bool) {
        let pattern = self.pattern;
        let taken = self.path.positions.len();
        let fresh =
            |path: &Path, at: usize| pattern.atoms[at].kind != Kind::Keyword || !path.positions.contains(&at);
        let path = &self.path;
        let after = path.positions.last().map(|&at| &pattern.atoms[at]);
        let ipv6 = path.positions.iter().any(|&at| pattern.atoms[at].shown == "ipv6");
        let expected = |&at: &usize| Expected { atom: &pattern.atoms[at], after, ipv6 };
        self.reach.note(taken, next.iter().filter(|&&at| fresh(path, at)).map(expected));
        let Some(word) = self.words.get(taken) else {
            if complete {
                self.found();
            }
            return;
        };
        if taken >= MAX_WORDS {
            return;
        }
        for &at in next {
            let Some(fit) = pattern.atoms[at].fit(word) else { continue };
            if !fresh(&self.path, at) {
                continue;
            }
            self.path.positions.push(at);
            self.path.fits.push(fit);
            if pattern.atoms[at].kind == Kind::Line {
                self.reach.note(self.words.len(), core::iter::empty());
                self.found();
            } else {
                self.go(&pattern.follow[at], pattern.last[at]);
            }
            self.path.positions.pop();
            self.path.fits.pop();
        }
    }
}

impl Search<'_, '_, '_> {
    /// Keeps the path if none is better.
    fn found(&mut self) {
        if self.best.first().is_some_and(|best| self.path.fits < best.fits) {
            self.best.clear();
        }
        if self.best.first().is_none_or(|best| self.path.fits == best.fits) && self.best.len() < MAX_EQUAL {
            self.best.push(self.path.clone());
        }
    }
}

/// A part of a pattern while it is built: where it can begin and end, and whether it can be nothing.
struct Part {
    first: Vec<usize>,
    last: Vec<usize>,
    empty: bool,
}

struct Builder<'t> {
    rest: &'t str,
    pattern: Pattern,
}

impl Builder<'_> {
    fn skip_spaces(&mut self) {
        self.rest = self.rest.trim_start();
    }

    /// Items until a `|`, a closing bracket or the end.
    fn sequence(&mut self) -> Part {
        let mut whole = Part { first: Vec::new(), last: Vec::new(), empty: true };
        loop {
            self.skip_spaces();
            if self.rest.is_empty() || self.rest.starts_with(['|', ']', '>', '}']) {
                return whole;
            }
            let item = self.item();
            self.join(&whole.last, &item.first);
            if whole.empty {
                whole.first.extend(&item.first);
            }
            if !item.empty {
                whole.last.clear();
            }
            whole.last.extend(item.last);
            whole.empty &= item.empty;
        }
    }

    fn item(&mut self) -> Part {
        let close = match self.rest.as_bytes()[0] {
            b'[' => ']',
            b'<' => '>',
            b'{' => '}',
            _ => return self.word(),
        };
        self.rest = &self.rest[1..];
        let mut part = Part { first: Vec::new(), last: Vec::new(), empty: close == ']' };
        loop {
            let choice = self.sequence();
            part.first.extend(choice.first);
            part.last.extend(choice.last);
            part.empty |= choice.empty;
            match self.rest.strip_prefix('|') {
                Some(rest) => self.rest = rest,
                None => break,
            }
        }
        self.rest = self.rest.strip_prefix(close).expect("a bracket that is not closed");
        if close == '}' {
            self.join(&part.last, &part.first);
        }
        part
    }

    fn word(&mut self) -> Part {
        let end = self.rest.find([' ', '|', ']', '>', '}']).unwrap_or(self.rest.len());
        let (text, rest) = self.rest.split_at(end);
        self.rest = rest;
        let at = self.pattern.atoms.len();
        let again = text.strip_suffix("...");
        self.pattern.atoms.push(Atom::new(again.unwrap_or(text)));
        self.pattern.follow.push(if again.is_some() { vec![at] } else { Vec::new() });
        self.pattern.last.push(false);
        Part { first: vec![at], last: vec![at], empty: false }
    }

    fn join(&mut self, from: &[usize], to: &[usize]) {
        for &at in from {
            for &next in to {
                if !self.pattern.follow[at].contains(&next) {
                    self.pattern.follow[at].push(next);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(pattern: &str, line: &str) -> Option<Vec<String>> {
        let pattern = Pattern::new(pattern);
        let words: Vec<&str> = line.split_whitespace().collect();
        let path = pattern.best(&words, &mut Reach::default()).into_iter().next()?;
        Some(path.positions.iter().map(|&at| pattern.atoms[at].name.clone()).collect())
    }

    #[test]
    fn keywords_may_be_cut_and_values_are_checked() {
        assert_eq!(
            taken("timers bgp (0-65535)$k (0-65535)$h", "tim b 3 9").unwrap(),
            ["timers", "bgp", "k", "h"]
        );
        assert_eq!(taken("timers bgp (0-65535)$k (0-65535)$h", "tim b 3 65536"), None);
        assert_eq!(taken("timers bgp (0-65535)$k (0-65535)$h", "tim b 3 +9"), None);
    }

    #[test]
    fn optional_parts_and_choices_are_taken_or_left() {
        let pattern = "neighbor PEER maximum-prefix (1-100) [(1-99)] [<warning-only|restart (1-9)$minutes>]";
        for (line, ok) in [
            ("neighbor 10.0.0.1 maximum-prefix 5", true),
            ("neighbor 10.0.0.1 maximum-prefix 5 80 restart 3", true),
            ("neighbor 10.0.0.1 maximum-prefix 5 warning-only", true),
            ("neighbor 10.0.0.1 maximum-prefix 5 warning-only restart 3", false),
            ("neighbor 10.0.0.1 maximum-prefix", false),
        ] {
            assert_eq!(taken(pattern, line).is_some(), ok, "{line}");
        }
    }

    #[test]
    fn a_set_takes_each_keyword_once_in_any_order() {
        let pattern = "x {as-path|next-hop|med}";
        assert_eq!(taken(pattern, "x med as-path").unwrap(), ["x", "med", "as-path"]);
        assert_eq!(taken(pattern, "x med med"), None);
        assert_eq!(taken(pattern, "x"), None);
    }

    #[test]
    fn the_rest_of_a_line_is_one_value_and_many_values_are_many() {
        assert_eq!(taken("description LINE", "description a b c").unwrap(), ["description", "LINE"]);
        assert_eq!(taken("peers ASN...", "peers 1 2 3").unwrap(), ["peers", "ASN", "ASN", "ASN"]);
    }

    #[test]
    fn a_value_of_the_right_type_goes_before_a_free_word() {
        let pattern = Pattern::new("neighbor PEER");
        let paths = pattern.best(&["neighbor", "10.0.0.1"], &mut Reach::default());
        assert_eq!(paths.len(), 1);
        assert_eq!(pattern.atoms[paths[0].positions[1]].kind, Kind::Ipv4);
    }
}
