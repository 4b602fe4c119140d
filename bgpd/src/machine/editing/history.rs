//! The configurations that were in force, the newest first, by whom, when and why.
//!
//! The one in force is number 0 and is the [`Config`](crate::config::Config) itself; of those before it the newest is here as text, and each
//! other one as what it differs in from the one after it. A session of `configure terminal` is one of them, however
//! many lines it has: what an operator goes back to is what was there before the work, not before its last line.

use std::collections::VecDeque;
use std::sync::Arc;

use ftcore::core::input::Time;
use serde::{Deserialize, Serialize};

use crate::config::{Config, Patch, Running};

/// How many are remembered, the one in force among them.
pub const REMEMBERED: usize = 50;
/// How much of the others is remembered, in octets; the oldest go first.
const MOST_OCTETS: usize = 16 << 20;
/// How long after a line of `configure terminal` the file of the session's configuration is written, so that
/// thousands of lines are not thousands of files.
const CALM_US: u64 = 3_000_000;

/// Who did something, as the kernel says, and when.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Author {
    /// The user's number.
    pub uid: Option<u32>,
    /// The user's name; empty where it is not known.
    pub name: String,
    /// The process; 0 where it is none that this machine sees.
    pub pid: u32,
    /// The wall clock, in Unix milliseconds.
    pub unix_ms: u64,
}

impl Author {
    /// What people call them.
    #[must_use]
    pub fn called(&self) -> String {
        match self.uid {
            _ if !self.name.is_empty() => self.name.clone(),
            Some(uid) => format!("uid {uid}"),
            None => "-".to_owned(),
        }
    }
}

/// How a configuration came into force.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum How {
    /// The file was read.
    #[default]
    File,
    /// Lines that are in force at once.
    Terminal,
    /// `commit`.
    Commit,
    /// `rollback` without a candidate.
    Rollback,
    /// Nobody confirmed the one after it.
    Unconfirmed,
}

impl How {
    /// Its word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            How::File => "file",
            How::Terminal => "terminal",
            How::Commit => "commit",
            How::Rollback => "rollback",
            How::Unconfirmed => "unconfirmed",
        }
    }
}

/// An applied configuration, without what it says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applied {
    /// Which it was since there is a history; it never comes again.
    pub number: u64,
    /// How it came into force.
    pub how: How,
    /// By whom and when; the last line of a session.
    pub author: Author,
    /// Why.
    pub comment: Option<String>,
}

/// A configuration to be written into the history's folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keeping {
    /// What is known of it.
    pub applied: Applied,
    /// What it says.
    pub config: Arc<Config>,
}

/// The text of a configuration.
#[must_use]
pub fn text(config: &Arc<Config>) -> String {
    Running::new(Arc::clone(config)).collect()
}

/// An applied configuration's text, as something that can be made elsewhere.
#[derive(Clone, Debug)]
pub enum Told {
    /// The text of this.
    Config(Arc<Config>),
    /// This text, with these patches one after the other.
    Earlier(Arc<str>, Vec<Arc<Patch>>),
}

impl Told {
    /// The text.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Told::Config(config) => text(config),
            Told::Earlier(newest, patches) => {
                let patched = |text: String, patch: &Arc<Patch>| patch.apply(&text).unwrap_or(text);
                patches.iter().fold(newest.to_string(), patched)
            }
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Earlier {
    applied: Applied,
    /// What makes its text of the text of the one after it; nothing in the newest.
    patch: Patch,
}

/// The history.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    current: Applied,
    /// The client whose lines belong to the one in force.
    open: Option<u64>,
    /// When the one in force is to be written.
    due: Option<u64>,
    /// The text of the first of those that were.
    newest: String,
    earlier: VecDeque<Earlier>,
}

impl History {
    /// The one in force.
    #[must_use]
    pub fn current(&self) -> &Applied {
        &self.current
    }

    /// Those before it, the newest first.
    pub fn earlier(&self) -> impl Iterator<Item = &Applied> {
        self.earlier.iter().map(|earlier| &earlier.applied)
    }

    /// Whose lines belong to the one in force.
    #[must_use]
    pub fn open(&self) -> Option<u64> {
        self.open
    }

    /// When something is to be done.
    pub(super) fn deadline(&self) -> Option<Time> {
        self.due.map(Time)
    }

    /// What one that was in force said, the last before the present one being 1.
    #[must_use]
    pub fn told(&self, number: usize) -> Option<Told> {
        if number == 0 || number > self.earlier.len() {
            return None;
        }
        let patches = self.earlier.iter().take(number).skip(1);
        let patches = patches.map(|earlier| Arc::new(earlier.patch.clone())).collect();
        Some(Told::Earlier(Arc::from(self.newest.as_str()), patches))
    }

    /// Another configuration is in force in the place of `old`. What is to be written of `old`.
    pub(super) fn apply(
        &mut self,
        old: &Arc<Config>,
        how: How,
        author: Author,
        comment: Option<String>,
    ) -> Option<Keeping> {
        let unkept = self.close(old);
        if self.current.number > 0 {
            let applied = std::mem::take(&mut self.current);
            self.push(applied, text(old));
        }
        let number = self.last_number() + 1;
        self.current = Applied { number, how, author, comment };
        unkept
    }

    /// A line of a client's has changed `old`, at once. What is to be written of `old`.
    pub(super) fn add_line(
        &mut self,
        old: &Arc<Config>,
        client: u64,
        author: Author,
        now: Time,
    ) -> Option<Keeping> {
        let unkept = if self.open == Some(client) {
            self.current.author = author;
            None
        } else {
            let unkept = self.apply(old, How::Terminal, author, None);
            self.open = Some(client);
            unkept
        };
        self.due.get_or_insert(now.0 + CALM_US);
        unkept
    }

    /// What is to be written of the one in force, if it is time.
    pub(super) fn expire(&mut self, now: Time, config: &Arc<Config>) -> Option<Keeping> {
        self.due.take_if(|due| *due <= now.0)?;
        Some(Keeping { applied: self.current.clone(), config: Arc::clone(config) })
    }

    /// No more lines belong to the one in force. What is to be written of it.
    pub(super) fn close(&mut self, config: &Arc<Config>) -> Option<Keeping> {
        self.open = None;
        self.due.take()?;
        Some(Keeping { applied: self.current.clone(), config: Arc::clone(config) })
    }

    /// Takes one that a history of before has, the oldest first. There is no configuration yet.
    pub(super) fn remember(&mut self, applied: Applied, text: String) {
        if self.current.number == 0 && applied.number > self.last_number() {
            self.push(applied, text);
        }
    }

    /// The first configuration of this process's life is in force; where it says what the last one of the history
    /// does, it is that one.
    pub(super) fn begin(&mut self, config: &Arc<Config>, author: Author) {
        if !self.earlier.is_empty() && self.newest == text(config) {
            self.current = self.pop_newest().unwrap_or_default();
        } else {
            let number = self.last_number() + 1;
            self.current = Applied { number, how: How::File, author, comment: None };
        }
    }

    fn last_number(&self) -> u64 {
        let earlier = self.earlier.front().map_or(0, |earlier| earlier.applied.number);
        self.current.number.max(earlier)
    }

    fn push(&mut self, applied: Applied, text: String) {
        if let Some(first) = self.earlier.front_mut() {
            first.patch = Patch::between(&text, &self.newest);
        }
        self.newest = text;
        self.earlier.push_front(Earlier { applied, patch: Patch::default() });
        self.earlier.truncate(REMEMBERED - 1);
        let mut octets: usize = self.earlier.iter().map(|earlier| earlier.patch.octets()).sum();
        while octets > MOST_OCTETS {
            octets -= self.earlier.pop_back().map_or(octets, |earlier| earlier.patch.octets());
        }
    }

    fn pop_newest(&mut self) -> Option<Applied> {
        let newest = self.earlier.pop_front()?;
        if let Some(next) = self.earlier.front_mut() {
            let patch = std::mem::take(&mut next.patch);
            self.newest = patch.apply(&self.newest).unwrap_or_default();
        } else {
            self.newest.clear();
        }
        Some(newest.applied)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Strictness, parse_str};

    fn config(name: &str) -> Arc<Config> {
        Arc::new(parse_str("test", &format!("hostname {name}\n"), Strictness::Strict).unwrap().0)
    }

    fn said(history: &History, number: usize) -> Option<String> {
        history
            .told(number)
            .map(|told| told.text().lines().find(|line| line.starts_with('h')).unwrap().to_owned())
    }

    #[test]
    fn each_that_was_in_force_can_be_told_and_the_oldest_are_forgotten() {
        let mut history = History::default();
        history.begin(&config("h0"), Author::default());
        for n in 0..70 {
            history.apply(&config(&format!("h{n}")), How::Commit, Author::default(), None);
        }
        assert_eq!((history.earlier().count(), history.current().number), (49, 71));
        for number in 1..50 {
            assert_eq!(said(&history, number).unwrap().trim(), format!("hostname h{}", 70 - number));
        }
        assert_eq!((said(&history, 0), said(&history, 50)), (None, None));
    }

    #[test]
    fn lines_of_one_client_are_one_until_another_one_comes() {
        let mut history = History::default();
        history.begin(&config("a"), Author::default());
        let mut line = |old: &str, client, at| {
            history
                .add_line(&config(old), client, Author::default(), Time(at))
                .map(|kept| kept.applied.number)
        };
        assert_eq!((line("a", 1, 0), line("b", 1, 1000), line("c", 2, 2000)), (None, None, Some(2)));
        assert_eq!(history.expire(Time(CALM_US), &config("d")), None, "it is two milliseconds too early");
        assert_eq!(history.expire(Time(CALM_US + 2000), &config("d")).unwrap().applied.number, 3);
        assert_eq!(history.close(&config("d")), None);
        history.add_line(&config("d"), 2, Author::default(), Time(9));
        assert_eq!(history.current().number, 4, "the session before is over");
        assert_eq!(said(&history, 3).unwrap().trim(), "hostname a");
        assert_eq!(said(&history, 2).unwrap().trim(), "hostname c");
    }

    #[test]
    fn a_start_with_what_was_there_goes_on_with_it() {
        let remembered = || {
            let mut history = History::default();
            for (number, name) in [(3, "a"), (4, "b"), (7, "c")] {
                history.remember(Applied { number, ..Applied::default() }, text(&config(name)));
            }
            history
        };
        let mut same = remembered();
        same.begin(&config("c"), Author::default());
        assert_eq!((same.current().number, said(&same, 1).unwrap().trim()), (7, "hostname b"));
        let mut other = remembered();
        other.begin(&config("d"), Author::default());
        assert_eq!((other.current().number, said(&other, 1).unwrap().trim()), (8, "hostname c"));
        assert_eq!(said(&other, 3).unwrap().trim(), "hostname a");
    }
}
