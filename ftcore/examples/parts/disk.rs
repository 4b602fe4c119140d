//! What a machine asks of the disk, and what it is told.
//!
//! A machine opens no file, as it opens no socket. It places an order, which is an effect; the program carries it
//! out and gives the answer as an input. So the answer is in the log: the twin sees the octets that the primary
//! saw, also when the file has changed since. An order that is not answered when the primary dies is carried out
//! again by the next one, so each is made to be done twice without harm: files are written under a name that is
//! used for nothing else, always the same octets at the same place, and then renamed.

use std::collections::BTreeMap;

use bytes::Bytes;
use ftcore::core::effect::{Effect, Effects};
use ftcore::core::input::ConnId;
use serde::{Deserialize, Serialize};

/// Something to be done below the program's folder. Paths are relative to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Work {
    /// Say what is there. Answers: `File`, `Folder`, `Missing`.
    Look { path: String },
    /// Read so many octets, or fewer at the file's end. Answers: `Octets`; `Missing` when it is not that version.
    Read { path: String, version: u64, offset: u64, length: u32 },
    /// Write at an offset; the file is made where it is not there. Answer: `Done`.
    Write { path: String, offset: u64, octets: Bytes },
    /// Make a written file of this length durable under its last name. Answers: `Done`; `Taken` for the name.
    Finish { from: String, to: String, length: u64 },
    /// Remove a file that shall not be finished. Answer: `Done`.
    Discard { path: String },
}

/// The programs' own kind of effect: work, and the number that its answer bears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    pub number: u64,
    pub work: Work,
}

/// How an order came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer<'a> {
    /// A file: its length in octets, when it was changed, in seconds of Unix time, and a number that is another
    /// one when it changes.
    File { length: u64, changed_s: u64, version: u64 },
    /// A folder.
    Folder,
    /// What was read.
    Octets(&'a [u8]),
    /// It is done.
    Done,
    /// It is not there, or not what it was.
    Missing,
    /// There is something else of this name.
    Taken,
    /// The disk refused.
    Failed,
}

/// What the programs give as `Input::Other`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told<'a> {
    /// An order's outcome.
    Answered { number: u64, answer: Answer<'a> },
    /// The time of day: microseconds of Unix time.
    TimeOfDay { unix_us: u64 },
}

impl<'a> Told<'a> {
    /// The byte form: a kind and two numbers, then what was read.
    pub fn emit(&self) -> Vec<u8> {
        let (kind, numbers, octets): (u8, [u64; 4], &[u8]) = match *self {
            Told::TimeOfDay { unix_us } => (0, [unix_us, 0, 0, 0], &[]),
            Told::Answered { number, answer } => match answer {
                Answer::File { length, changed_s, version } => (1, [number, length, changed_s, version], &[]),
                Answer::Folder => (2, [number, 0, 0, 0], &[]),
                Answer::Octets(octets) => (3, [number, 0, 0, 0], octets),
                Answer::Done => (4, [number, 0, 0, 0], &[]),
                Answer::Missing => (5, [number, 0, 0, 0], &[]),
                Answer::Taken => (6, [number, 0, 0, 0], &[]),
                Answer::Failed => (7, [number, 0, 0, 0], &[]),
            },
        };
        let mut form = vec![kind];
        numbers.iter().for_each(|number| form.extend(number.to_le_bytes()));
        form.extend(octets);
        form
    }

    /// Reads the byte form; `None` for anything else.
    pub fn parse(form: &'a [u8]) -> Option<Told<'a>> {
        let (kind, rest) = form.split_first()?;
        let (numbers, octets) = rest.split_at_checked(32)?;
        let mut numbers =
            numbers.chunks_exact(8).map(|number| u64::from_le_bytes(number.try_into().unwrap()));
        let mut next = || numbers.next().unwrap_or_default();
        let number = next();
        let answer = match kind {
            0 => return Some(Told::TimeOfDay { unix_us: number }),
            1 => Answer::File { length: next(), changed_s: next(), version: next() },
            2 => Answer::Folder,
            3 => Answer::Octets(octets),
            4 => Answer::Done,
            5 => Answer::Missing,
            6 => Answer::Taken,
            7 => Answer::Failed,
            _ => return None,
        };
        Some(Told::Answered { number, answer })
    }
}

/// The orders that are not answered, and for which connection each was placed.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Orders {
    placed: u64,
    open: BTreeMap<u64, (ConnId, Work)>,
}

impl Orders {
    /// Places one.
    pub fn place(&mut self, conn: ConnId, work: Work, effects: &mut Effects<Order>) {
        self.placed += 1;
        self.open.insert(self.placed, (conn, work.clone()));
        effects.list.push(Effect::Other(Order { number: self.placed, work }));
    }

    /// Takes an answered one off the list. `None` when it was answered before.
    pub fn answered(&mut self, number: u64) -> Option<(ConnId, Work)> {
        self.open.remove(&number)
    }

    /// Those that are open, in the order in which they were placed.
    pub fn unfinished(&self) -> Vec<Order> {
        self.open.iter().map(|(number, (_, work))| Order { number: *number, work: work.clone() }).collect()
    }
}
