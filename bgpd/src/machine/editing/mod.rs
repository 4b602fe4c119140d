//! Changes that come into force as a whole: candidates, the lock, the history, and what is to be confirmed.
//!
//! All of it is in the machine, so it follows from the log and outlives a process. A candidate is no part of the
//! shell that edits it, since the lock must be known to everybody and its lines must be judged by the daemon's own
//! grammar; it is known by its client's name, which a shell keeps when it connects again.

mod candidate;
mod history;

use std::sync::Arc;

use ftcore::core::input::Time;
use serde::{Deserialize, Serialize};

pub use candidate::Candidate;
pub use history::{Applied, Author, History, How, Keeping, REMEMBERED, Told, text};

use crate::command::Hold;
use crate::config::{Config, ConfigError, Strictness, merge, parse_str};

/// How many candidates there may be.
pub(super) const MOST_CANDIDATES: usize = 16;
const MINUTE_US: u64 = 60_000_000;

/// A configuration that is in force until it is confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unconfirmed {
    /// What comes again.
    before: Arc<Config>,
    /// What is to be confirmed.
    after: Arc<Config>,
    /// The number that it has in the history.
    number: u64,
    /// When nobody can confirm it any more.
    pub until: Time,
    minutes: u32,
}

/// The state of it all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Editing {
    candidates: Vec<Candidate>,
    /// How many sessions there have been.
    opened: u32,
    history: History,
    unconfirmed: Option<Unconfirmed>,
    /// Configurations that are to be written to the history's folder and are not known to be.
    keeping: Vec<Keeping>,
    /// Those that nobody was asked to write yet. Empty between two steps.
    unasked: Vec<Keeping>,
    /// What the wall clock is ahead of the log's, in milliseconds.
    wall_ahead_ms: i64,
}

/// What comes into force because nobody confirmed the one after it.
pub(super) struct Returning {
    pub(super) config: Arc<Config>,
    pub(super) text: String,
}

impl Editing {
    /// Those who are at work.
    #[must_use]
    pub fn candidates(&self) -> &[Candidate] {
        &self.candidates
    }

    /// A client's candidate.
    #[must_use]
    pub fn candidate(&self, client: u64) -> Option<&Candidate> {
        self.candidates.iter().find(|candidate| candidate.client == client)
    }

    pub(super) fn candidate_mut(&mut self, client: u64) -> Option<&mut Candidate> {
        self.candidates.iter_mut().find(|candidate| candidate.client == client)
    }

    /// What was in force.
    #[must_use]
    pub fn history(&self) -> &History {
        &self.history
    }

    /// What is to be confirmed.
    #[must_use]
    pub fn unconfirmed(&self) -> Option<&Unconfirmed> {
        self.unconfirmed.as_ref()
    }

    /// What is to be written to the history's folder and is not known to be.
    pub(super) fn keeping(&self) -> &[Keeping] {
        &self.keeping
    }

    /// What is to be asked for: all that came since the last time.
    pub(super) fn ask_to_keep(&mut self) -> Vec<Keeping> {
        self.keeping.extend(self.unasked.iter().cloned());
        std::mem::take(&mut self.unasked)
    }

    /// Who keeps this client from changing the configuration.
    #[must_use]
    pub fn lock_against(&self, client: u64) -> Option<&Candidate> {
        self.candidates
            .iter()
            .find(|candidate| candidate.hold == Hold::Exclusive && candidate.client != client)
    }

    /// Takes note of what the wall clock shows.
    pub(super) fn see_wall_clock(&mut self, now: Time, unix_ms: u64) {
        if unix_ms > 0 {
            self.wall_ahead_ms = unix_ms.cast_signed() - (now.0 / 1000).cast_signed();
        }
    }

    /// What the wall clock shows, as far as is known.
    pub(super) fn unix_ms(&self, now: Time) -> u64 {
        u64::try_from((now.0 / 1000).cast_signed() + self.wall_ahead_ms).unwrap_or_default()
    }

    /// Begins a candidate. Its number.
    pub(super) fn open(&mut self, client: u64, hold: Hold, author: Author, config: &Arc<Config>) -> u32 {
        self.opened = self.opened.wrapping_add(1);
        self.candidates.push(Candidate::new(self.opened, client, hold, author, config));
        self.opened
    }

    /// Drops a client's candidate. Whether there was one.
    pub(super) fn drop_of(&mut self, client: u64) -> bool {
        let before = self.candidates.len();
        self.candidates.retain(|candidate| candidate.client != client);
        self.candidates.len() != before
    }

    /// Drops the candidate of a session. Whether there was one.
    pub(super) fn drop_session(&mut self, number: u32) -> bool {
        let before = self.candidates.len();
        self.candidates.retain(|candidate| candidate.number != number);
        self.candidates.len() != before
    }

    /// The text of an applied configuration; 0 is the one in force.
    #[must_use]
    pub fn told(&self, number: usize, config: &Arc<Config>) -> Option<Told> {
        if number == 0 { Some(Told::Config(Arc::clone(config))) } else { self.history.told(number) }
    }

    /// An applied configuration; 0 is the one in force.
    pub(super) fn applied(&self, number: usize, config: &Arc<Config>) -> Result<Arc<Config>, String> {
        match self.told(number, config) {
            None => {
                Err(format!("There is no configuration {number}: look with 'show configuration history'"))
            }
            Some(Told::Config(config)) => Ok(config),
            Some(told) => {
                let errors = |errors: Vec<ConfigError>| {
                    let lines: String = errors.iter().map(|error| format!("{error}\n")).collect();
                    format!("The configuration cannot be read by this version:\n{lines}")
                };
                let name = format!("rollback {number}");
                let (config, _) = parse_str(&name, &told.text(), Strictness::Strict).map_err(errors)?;
                Ok(Arc::new(config))
            }
        }
    }

    /// `new` is in force in the place of `old`.
    pub(super) fn apply(
        &mut self,
        old: &Arc<Config>,
        new: &Arc<Config>,
        how: How,
        author: Author,
        comment: Option<String>,
    ) {
        self.unconfirmed = None;
        let unkept = self.history.apply(old, how, author, comment);
        self.unasked.extend(unkept);
        self.keep(new);
    }

    /// What is in force is to be confirmed within so many minutes, or `before` comes again.
    pub(super) fn await_confirmation(
        &mut self,
        before: Arc<Config>,
        after: &Arc<Config>,
        minutes: u32,
        now: Time,
    ) {
        let until = Time(now.0 + u64::from(minutes) * MINUTE_US);
        let number = self.history.current().number;
        self.unconfirmed = Some(Unconfirmed { before, after: Arc::clone(after), number, until, minutes });
    }

    /// What comes again where what is in force is not confirmed.
    pub(super) fn before_unconfirmed(&self) -> Option<Arc<Config>> {
        self.unconfirmed.as_ref().map(|unconfirmed| Arc::clone(&unconfirmed.before))
    }

    /// It is confirmed, or of no interest any more. Whether anything was to be confirmed.
    pub(super) fn confirm(&mut self) -> bool {
        self.unconfirmed.take().is_some()
    }

    /// A line of a client's has changed `old`, at once.
    pub(super) fn add_line(&mut self, old: &Arc<Config>, client: u64, author: Author, now: Time) {
        let unkept = self.history.add_line(old, client, author, now);
        self.unasked.extend(unkept);
    }

    /// A client has left `configure terminal`.
    pub(super) fn leave(&mut self, client: u64, config: &Arc<Config>) {
        if self.history.open() == Some(client) {
            let unkept = self.history.close(config);
            self.unasked.extend(unkept);
        }
    }

    pub(super) fn remember(&mut self, applied: Applied, text: String) {
        self.history.remember(applied, text);
    }

    /// The first configuration is in force.
    pub(super) fn begin(&mut self, config: &Arc<Config>, now: Time) {
        let author = self.nobody(now);
        self.history.begin(config, author);
        self.keep(config);
    }

    /// Nobody did it, now.
    pub(super) fn nobody(&self, now: Time) -> Author {
        Author { unix_ms: self.unix_ms(now), ..Author::default() }
    }

    fn keep(&mut self, config: &Arc<Config>) {
        let applied = self.history.current().clone();
        self.unasked.push(Keeping { applied, config: Arc::clone(config) });
    }

    /// The history's folder has this one, or cannot have it.
    pub(super) fn kept(&mut self, applied: &Applied) {
        self.keeping.retain(|keeping| keeping.applied != *applied);
    }

    /// When something is to be done.
    pub(super) fn deadline(&self) -> Option<Time> {
        let unconfirmed = self.unconfirmed.as_ref().map(|unconfirmed| unconfirmed.until);
        unconfirmed.into_iter().chain(self.history.deadline()).min()
    }

    /// Does what is due: the answer is what comes into force again.
    ///
    /// What others have put in force meanwhile stays, where it does not touch what goes.
    pub(super) fn expire(&mut self, now: Time, config: &Arc<Config>) -> Option<Returning> {
        let due = self.history.expire(now, config);
        self.unasked.extend(due);
        let unconfirmed = self.unconfirmed.take_if(|unconfirmed| unconfirmed.until <= now)?;
        let Unconfirmed { before, after, number, minutes, .. } = unconfirmed;
        let config =
            if after == *config { before } else { merge(&after, &before, config).map_or(before, Arc::new) };
        let text = format!("configuration {number} was not confirmed within {minutes} min");
        Some(Returning { config, text })
    }
}

/// It as it is saved.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Saved {
    candidates: Vec<candidate::Saved>,
    opened: u32,
    history: History,
    unconfirmed: Option<(String, String, u64, u64, u32)>,
    keeping: Vec<(Applied, String)>,
    wall_ahead_ms: i64,
}

pub(super) fn read(text: &str) -> Result<Arc<Config>, Vec<ConfigError>> {
    parse_str("saved configuration", text, Strictness::Strict).map(|(config, _)| Arc::new(config))
}

impl Editing {
    pub(super) fn save(&self) -> Saved {
        let unconfirmed = self
            .unconfirmed
            .as_ref()
            .map(|one| (text(&one.before), text(&one.after), one.number, one.until.0, one.minutes));
        let keeping = self.keeping.iter().map(|one| (one.applied.clone(), text(&one.config))).collect();
        Saved {
            candidates: self.candidates.iter().map(Candidate::save).collect(),
            opened: self.opened,
            history: self.history.clone(),
            unconfirmed,
            keeping,
            wall_ahead_ms: self.wall_ahead_ms,
        }
    }

    pub(super) fn restore(saved: Saved) -> Result<Editing, Vec<ConfigError>> {
        let unconfirmed = match saved.unconfirmed {
            Some((before, after, number, until, minutes)) => {
                let (before, after) = (read(&before)?, read(&after)?);
                Some(Unconfirmed { before, after, number, until: Time(until), minutes })
            }
            None => None,
        };
        let keeping = saved.keeping.into_iter();
        let keeping = keeping.map(|(applied, text)| Ok(Keeping { applied, config: read(&text)? }));
        let keeping = keeping.collect::<Result<_, Vec<ConfigError>>>()?;
        let candidates = saved.candidates.into_iter().map(Candidate::restore);
        Ok(Editing {
            candidates: candidates.collect::<Result<_, _>>()?,
            opened: saved.opened,
            history: saved.history,
            unconfirmed,
            keeping,
            unasked: Vec::new(),
            wall_ahead_ms: saved.wall_ahead_ms,
        })
    }

    /// A digest of what can differ where the configuration does not.
    pub(super) fn digest(&self) -> u64 {
        let mut digest = bgp_engine::value::Digest::default();
        digest.add(self.history.current().number);
        digest.add(self.opened.into());
        digest.add(self.deadline().map_or(0, |deadline| deadline.0));
        digest.add(self.keeping.len() as u64);
        self.candidates.iter().for_each(|candidate| digest.add(candidate.client));
        digest.value()
    }
}

#[cfg(test)]
mod tests;
