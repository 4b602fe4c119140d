//! All commands as one machine: which command a line is, what may come next, what is wrong.
//!
//! A line is held against every pattern of its place that can begin with its first word. Of the patterns that
//! take the whole line the best fit wins, word by word from the left: a keyword in full, then a typed value,
//! then a beginning of a keyword, then a free word. Two different keywords cut to the same letters are
//! ambiguous.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use super::args::{Args, Bound};
use super::error::LineError;
use super::mode::Place;
use super::names::{Names, names};
use super::pattern::{Atom, Fit, Kind, Path, Pattern, Reach};
use super::run::Negation;
use super::{Command, No, lists, words};

/// The longest list of expectations that an error carries.
const MOST_EXPECTED: usize = 12;

/// One form of a command, plain or with `no`.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) command: &'static Command,
    pub(crate) negation: Negation,
    /// The form as `list` shows it.
    pub(crate) text: String,
    pub(crate) pattern: Pattern,
}

/// The commands of one place, by their first words.
#[derive(Debug, Default)]
struct Table {
    entries: Vec<Entry>,
    by_first: BTreeMap<String, Vec<usize>>,
}

/// The commands of every place.
#[derive(Debug)]
pub struct Grammar {
    tables: BTreeMap<Place, Table>,
}

/// A line understood.
#[derive(Debug)]
pub(crate) struct Parsed<'t> {
    pub(crate) command: &'static Command,
    pub(crate) negation: Negation,
    pub(crate) args: Args<'t>,
}

/// A word that may come next.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Choice {
    /// As help shows it: the keyword, `A.B.C.D`, `WORD`, …; `<cr>` where the line may end.
    pub shown: String,
    /// Its line of help.
    pub help: String,
    /// Whether it is a keyword, which completion may write.
    pub keyword: bool,
}

/// What may stand where the cursor is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completion {
    /// Where the word at the cursor begins: octets from the line's beginning.
    pub start: usize,
    /// What may stand there, in the order of their octets, as FRR has it.
    pub choices: Vec<Choice>,
    /// The kinds of names that may stand there.
    pub names: BTreeSet<Names>,
}

/// A word of a line and where it begins.
#[derive(Clone, Copy, Debug)]
struct Word<'t> {
    text: &'t str,
    at: usize,
}

fn split(line: &str) -> Vec<Word<'_>> {
    let base = line.as_ptr().addr();
    line.split_ascii_whitespace().map(|text| Word { text, at: text.as_ptr().addr() - base }).collect()
}

/// The grammar; made once.
#[must_use]
pub fn grammar() -> &'static Grammar {
    static GRAMMAR: LazyLock<Grammar> = LazyLock::new(Grammar::new);
    &GRAMMAR
}

impl Grammar {
    fn new() -> Grammar {
        let mut grammar = Grammar { tables: BTreeMap::new() };
        for command in lists() {
            for form in command.forms {
                for &place in form.places {
                    grammar.add(place, command, form.text, Negation::Plain);
                    if place == Place::Exec && needs_no_privilege(form.text) {
                        grammar.add(Place::View, command, form.text, Negation::Plain);
                    }
                    match form.no {
                        No::Never => {}
                        No::Same => grammar.add(place, command, form.text, Negation::No),
                        No::As(text) => grammar.add(place, command, text, Negation::No),
                    }
                }
            }
        }
        grammar
    }

    fn add(&mut self, place: Place, command: &'static Command, text: &str, negation: Negation) {
        let text = match negation {
            Negation::Plain => text.to_owned(),
            Negation::No => format!("no {text}"),
        };
        let table = self.tables.entry(place).or_default();
        let pattern = Pattern::new(&text);
        let at = table.entries.len();
        for atom in pattern.first() {
            table.by_first.entry(atom.shown.clone()).or_default().push(at);
        }
        table.entries.push(Entry { command, negation, text: shown(&text), pattern });
    }

    /// Every form of a place, in the order of declaration.
    pub(crate) fn entries(&self, place: Place) -> &[Entry] {
        self.tables.get(&place).map_or(&[], |table| &table.entries)
    }

    /// Finds the command that `line` is in `place`.
    ///
    /// # Errors
    /// [`LineError::Unknown`], [`LineError::Ambiguous`] or [`LineError::Incomplete`].
    pub(crate) fn parse<'t>(&'t self, place: Place, line: &'t str) -> Result<Parsed<'t>, LineError> {
        let words = split(line);
        let texts: Vec<&str> = words.iter().map(|word| word.text).collect();
        let mut reach = Reach::default();
        let mut found: Vec<(&Entry, Path)> = Vec::new();
        for entry in self.candidates(place, texts.first().copied().unwrap_or_default()) {
            let paths = entry.pattern.best(&texts, &mut reach);
            let Some(path) = paths.first() else { continue };
            if found.first().is_none_or(|(_, best)| path.fits < best.fits) {
                found.clear();
            }
            if found.first().is_none_or(|(_, best)| path.fits == best.fits) {
                found.extend(paths.into_iter().map(|path| (entry, path)));
            }
        }
        let Some((entry, path)) = found.first() else {
            return Err(self.nothing_found(place, line, &words, &reach));
        };
        if let Some(error) = ambiguity(line, &words, &found) {
            return Err(error);
        }
        let bound = path.positions.iter().zip(&words).map(|(&at, word)| {
            let atom = &entry.pattern.atoms[at];
            let text = if atom.kind == Kind::Line { line[word.at..].trim_ascii_end() } else { word.text };
            Bound { name: &atom.name, text, keyword: atom.kind == Kind::Keyword }
        });
        Ok(Parsed { command: entry.command, negation: entry.negation, args: Args { bound: bound.collect() } })
    }

    fn candidates<'g>(&'g self, place: Place, first: &str) -> impl Iterator<Item = &'g Entry> {
        let table = self.tables.get(&place);
        let first = first.to_owned();
        table.into_iter().flat_map(move |table| {
            let first = first.clone();
            let exact = table.by_first.get(&first).map(|at| vec![at]);
            let matching = exact.unwrap_or_else(|| {
                table
                    .by_first
                    .range(first.clone()..)
                    .take_while(|(word, _)| word.starts_with(&first))
                    .map(|(_, at)| at)
                    .collect()
            });
            matching.into_iter().flatten().map(|&at| &table.entries[at])
        })
    }

    fn nothing_found(&self, place: Place, line: &str, words: &[Word<'_>], reach: &Reach<'_>) -> LineError {
        let mut expected: Vec<String> = if reach.words == 0 && reach.expected.is_empty() {
            self.entries(place)
                .iter()
                .flat_map(|e| e.pattern.first())
                .map(|atom| atom.shown.clone())
                .collect()
        } else {
            reach.expected.iter().map(|expected| expected.atom.shown.clone()).collect()
        };
        expected.sort_unstable();
        expected.dedup();
        if expected.len() > MOST_EXPECTED {
            expected.clear();
        }
        let line_text = line.trim().to_owned();
        match words.get(reach.words) {
            Some(word) => LineError::Unknown { line: line_text, column: word.at, expected },
            None => LineError::Incomplete { line: line_text, column: line.trim_end().len(), expected },
        }
    }

    /// What may stand at the end of `line`, which is cut at the cursor.
    #[must_use]
    pub fn complete(&self, place: Place, line: &str) -> Completion {
        let mut words = split(line);
        let last = if line.ends_with(|c: char| c.is_ascii_whitespace()) { None } else { words.pop() };
        let texts: Vec<&str> = words.iter().map(|word| word.text).collect();
        let (start, partial) = last.map_or((line.len(), ""), |word| (word.at, word.text));
        let (mut choices, mut kinds) = (Vec::new(), BTreeSet::new());
        for entry in self.entries(place) {
            let mut reach = Reach::default();
            let whole = !entry.pattern.best(&texts, &mut reach).is_empty();
            if reach.words < texts.len() {
                continue;
            }
            if whole && partial.is_empty() && !texts.is_empty() {
                choices.push(Choice { shown: "<cr>".to_owned(), help: String::new(), keyword: false });
            }
            for expected in &reach.expected {
                kinds.extend(names(entry.command, place, expected));
                let atom = expected.atom;
                if !could_be(atom, partial) {
                    continue;
                }
                choices.push(Choice {
                    shown: atom.shown.clone(),
                    help: words::help(entry.command, entry.negation, atom).to_owned(),
                    keyword: atom.kind == Kind::Keyword,
                });
            }
        }
        choices.sort_by(|a, b| a.shown.cmp(&b.shown));
        choices.dedup_by(|a, b| a.shown == b.shown);
        Completion { start, choices, names: kinds }
    }
}

/// Whether a form may be typed without `enable`: what only shows, but not the configuration, as in FRR.
fn needs_no_privilege(form: &str) -> bool {
    form.starts_with("show ") && !form.starts_with("show running-config") && form != "show history"
}

/// A pattern as an operator sees it: without the names of its values.
fn shown(pattern: &str) -> String {
    let pattern = pattern.replace("PEER", "<A.B.C.D|X:X::X:X|WORD>");
    let mut parts = pattern.split('$');
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        shown.push_str(part.trim_start_matches(|c: char| c.is_ascii_alphanumeric()));
    }
    shown
}

/// Whether a word that begins with `partial` could stand for `atom`.
fn could_be(atom: &Atom, partial: &str) -> bool {
    match atom.kind {
        Kind::Keyword => atom.shown.starts_with(partial),
        Kind::Ipv4 | Kind::Ipv4Net => partial.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b'/'),
        Kind::Ipv6 | Kind::Ipv6Net => partial.bytes().all(|b| b.is_ascii_hexdigit() || b":./".contains(&b)),
        Kind::Asn => partial.bytes().all(|b| b.is_ascii_digit() || b == b'.'),
        Kind::Number(..) => partial.bytes().all(|b| b.is_ascii_digit()),
        Kind::Word | Kind::Line => true,
    }
}

/// The error where equally good matches read a word as different keywords.
fn ambiguity(line: &str, words: &[Word<'_>], found: &[(&Entry, Path)]) -> Option<LineError> {
    let (first, best) = found.first()?;
    for (at, word) in words.iter().enumerate().take(best.positions.len()) {
        if best.fits[at] != Fit::Beginning {
            continue;
        }
        let shown = |entry: &Entry, path: &Path| entry.pattern.atoms[path.positions[at]].shown.clone();
        let mut expected: Vec<String> = found.iter().map(|(entry, path)| shown(entry, path)).collect();
        let own = shown(first, best);
        if expected.iter().any(|other| *other != own) {
            expected.sort_unstable();
            expected.dedup();
            return Some(LineError::Ambiguous { line: line.trim().to_owned(), column: word.at, expected });
        }
    }
    None
}
