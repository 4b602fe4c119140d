//! Finding out which part of an entry kills, and what is done about it, at the cost of processes that do not count.

use super::entry::{Content, Entry};
use super::input::Treatment;
use super::log::Cursor;
use super::machine::Machine;
use super::record::{Fate, Given, Piece, Verdict};
use super::state::{Disorder, State};

/// How many deaths one entry's pieces may cost before the whole of it is given up.
const DEATHS: u32 = 32;

/// Tries an entry in a process that may die of it.
pub trait Trial<M: Machine> {
    /// Runs [`Attempt::run`] on a copy of `state` (in a forked child: it holds no socket and no log that can be
    /// written, and has its limits of time and memory), and says what became of it.
    fn run(&mut self, state: &mut State<M>, attempt: &Attempt<'_>) -> Tried;
}

/// For a program that has no second process to try anything in: nothing is ever found to kill.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoTrial;

impl<M: Machine> Trial<M> for NoTrial {
    fn run(&mut self, _: &mut State<M>, _: &Attempt<'_>) -> Tried {
        Tried::Survived
    }
}

/// What is tried.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// The entry, and its end.
    pub suspect: (&'a Entry<'a>, u64),
    /// What stands for it; `None` for itself.
    pub verdict: Option<&'a Verdict>,
}

impl Attempt<'_> {
    /// Applies it. `reached` is told before each piece which one it is.
    ///
    /// # Errors
    /// Where it does not fit; that is no better than dying.
    pub fn run<M: Machine>(
        &self,
        state: &mut State<M>,
        reached: &mut dyn FnMut(u32),
    ) -> Result<(), Disorder> {
        let (entry, end) = self.suspect;
        let mut others = Vec::new();
        match self.verdict {
            Some(verdict) => {
                let cursor = Cursor::behind(entry, end);
                state.apply_verdict(entry, (verdict, cursor), &mut others, reached)
            }
            None => state.apply(entry, end, &mut others),
        }
    }
}

/// How a trial ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tried {
    /// It was lived through.
    Survived,
    /// It was not, or took too long, or too much memory.
    Died {
        /// The last piece that was reached.
        reached: u32,
    },
}

/// What the trials came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// The entry is lived through as it is.
    Harmless,
    /// With this in its place.
    Verdict(Verdict),
    /// It kills however it is treated.
    Deadly,
}

/// Tries an entry, and then one treatment after the other, until one is lived through. `before` is a verdict that
/// an earlier process died with, or was about to try.
pub fn search<M: Machine>(
    state: &mut State<M>,
    trial: &mut impl Trial<M>,
    suspect: (&Entry<'_>, u64),
    before: Option<&Verdict>,
) -> Found {
    let (entry, _) = suspect;
    let verdict = |fate| Verdict { number: entry.number, time: entry.time, fate };
    if before.is_none() && trial.run(state, &Attempt { suspect, verdict: None }) == Tried::Survived {
        return Found::Harmless;
    }
    let pieces = match (before.map(|before| &before.fate), &entry.content) {
        (Some(Fate::Pieces(pieces)), _) => pieces.clone(),
        (None, Content::Received { conn, octets }) => {
            cut(&state.machine().units(*conn, octets), octets.len())
        }
        _ => Vec::new(),
    };
    if let Some(pieces) = survivable(state, trial, suspect, pieces) {
        return Found::Verdict(verdict(Fate::Pieces(pieces)));
    }
    for fate in [Fate::Abort, Fate::Skip] {
        let verdict = verdict(fate);
        if trial.run(state, &Attempt { suspect, verdict: Some(&verdict) }) == Tried::Survived {
            return Found::Verdict(verdict);
        }
    }
    Found::Deadly
}

/// The pieces with what must be done to each; `None` where it cannot be found.
fn survivable<M: Machine>(
    state: &mut State<M>,
    trial: &mut impl Trial<M>,
    suspect: (&Entry<'_>, u64),
    mut pieces: Vec<Piece>,
) -> Option<Vec<Piece>> {
    if pieces.is_empty() {
        return None;
    }
    let (entry, _) = suspect;
    let whole_units = match &entry.content {
        Content::Received { conn, octets } => state.machine().units(*conn, octets).len(),
        _ => 0,
    };
    for _ in 0..DEATHS {
        let verdict = Verdict { number: entry.number, time: entry.time, fate: Fate::Pieces(pieces.clone()) };
        match trial.run(state, &Attempt { suspect, verdict: Some(&verdict) }) {
            Tried::Survived => return Some(pieces),
            Tried::Died { reached } => {
                let reached = (reached as usize).min(pieces.len() - 1);
                let piece = &mut pieces[reached];
                piece.how = Given::Poison(match piece.how {
                    // Of a unit that is not complete nothing can be read.
                    Given::Plain if reached >= whole_units => Treatment::EndSession,
                    Given::Plain => Treatment::Withdraw,
                    Given::Poison(Treatment::Withdraw) => Treatment::EndSession,
                    Given::Poison(Treatment::EndSession) => Treatment::Drop,
                    Given::Poison(Treatment::Drop) => return None,
                });
            }
        }
    }
    None
}

/// Octets cut at the ends of units, whatever a machine says those are.
fn cut(ends: &[usize], length: usize) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::with_capacity(ends.len() + 1);
    for end in ends.iter().copied().chain([length]) {
        let start = pieces.last().map_or(0, |piece| piece.end as usize);
        if end > start && end <= length {
            pieces.push(Piece { end: end as u32, how: Given::Plain });
        }
    }
    pieces
}
