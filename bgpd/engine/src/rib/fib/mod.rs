//! The kernel's forwarding table as this router wants it, and as the kernel was told.
//!
//! The kernel is one more follower of the tables' change logs: what it was told of each route ([`Told`]) lies in four
//! octets by the route's place, and a cursor says how far it has come. There is no queue: while the kernel is slow,
//! what changes twice is told once. A route names a group of next hops ([`Groups`]), so that a next hop that moves
//! is one change however many routes have it.
//!
//! What there is to tell goes out in batches, a few at a time; the kernel's answer makes room for the next
//! ([`Rib::work_on_fib`](super::Rib::work_on_fib)). A route is in at most one batch that is not answered yet. What
//! the kernel refuses is tried again later. Nothing is taken for granted: what the kernel lost, and what it has
//! too much, is reported, and put right in the same way.

mod groups;
mod look;
mod multipath;
mod reports;
mod save;
mod told;
mod work;

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

pub use groups::{Group, Groups, Member};
pub use look::{eligible, is_taken};
pub use multipath::{members, shares};
pub use save::{SavedFib, SavedGroups, SavedTold};
pub use told::{Counts, Slot, Standing, Told};
pub use work::Strays;

use crate::value::{Duration, Family, FibBatch, FibChange, GroupId, Instant};

/// Batches that may wait for the kernel's answer.
const MOST_BATCHES: usize = 4;
/// Batches that may be given beyond those, of nothing but groups: a next hop that is lost does not wait.
const MORE_FOR_GROUPS: usize = 4;
/// The longest time to the next attempt with what the kernel refused, in seconds.
const LONGEST_RETRY_S: u64 = 60;
/// The errno where there are more groups than numbers (ENOSPC).
const NO_GROUP: i32 = 28;

/// The kernel's answer to something: no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The kernel's reason.
    pub errno: i32,
    /// How often it was refused.
    pub attempts: u8,
    /// When it is tried again.
    pub due: Instant,
}

impl Refusal {
    /// The next one after `former`: the time to the next attempt doubles.
    fn after(former: Option<Refusal>, errno: i32, now: Instant) -> Refusal {
        let attempts = former.map_or(0, |former| former.attempts).saturating_add(1);
        let seconds = 1u64.checked_shl(u32::from(attempts) - 1).unwrap_or(LONGEST_RETRY_S);
        Refusal { errno, attempts, due: now + Duration::from_secs(seconds.min(LONGEST_RETRY_S)) }
    }
}

/// What a change of a batch was about, to match the answer to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Subject {
    /// A route that the table knows, by its place.
    Route(Family, u32),
    /// The same, where the kernel has the route and it moves.
    Move(Family, u32),
    /// A group.
    Group(u32),
    /// Something that is not wanted and not known: what becomes of it shows when it is reported again.
    Stray,
}

/// A batch that the kernel has not answered.
#[derive(Debug)]
struct Given {
    number: u64,
    /// Of each change, in order.
    subjects: Vec<Subject>,
}

/// What is to become of the kernel's routes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ending {
    /// The router runs.
    #[default]
    No,
    /// The router stops: they are all removed.
    Remove,
    /// The router stops and starts again: they stay as they are (`preserve-fw-state`).
    Keep,
}

/// Who writes the kernel's forwarding table, as far as the router knows.
#[derive(Debug, Default)]
pub struct Fib {
    writer: Writer,
    ending: Ending,
    /// The last batch's number.
    number: u64,
    given: VecDeque<Given>,
    /// What was given to a former writer and never answered.
    unknown: Vec<Subject>,
}

/// How things stand with who writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Writer {
    /// There never was one: nothing is told.
    #[default]
    None,
    /// There is one. It looks at what the kernel has; nothing is given to it meanwhile.
    Comparing,
    /// There is one.
    Ready,
}

/// Reading.
impl Fib {
    /// Who writes.
    #[must_use]
    pub const fn writer(&self) -> Writer {
        self.writer
    }

    /// What is to become of the kernel's routes.
    #[must_use]
    pub const fn ending(&self) -> Ending {
        self.ending
    }

    /// The number of the last batch, 0 before the first.
    #[must_use]
    pub const fn last_batch(&self) -> u64 {
        self.number
    }

    /// Batches that the kernel has not answered.
    #[must_use]
    pub fn outstanding(&self) -> usize {
        self.given.len()
    }
}

/// A batch in the making.
#[derive(Debug)]
struct Draft {
    number: u64,
    changes: Vec<FibChange>,
    subjects: Vec<Subject>,
}

impl Draft {
    fn new(number: u64) -> Draft {
        Draft { number, changes: Vec::new(), subjects: Vec::new() }
    }

    /// Whether one more route fits, with its group before it.
    fn has_room(&self) -> bool {
        self.changes.len() + 2 <= FibBatch::MOST
    }

    fn push(&mut self, change: FibChange, subject: Subject) {
        self.changes.push(change);
        self.subjects.push(subject);
    }

    /// Tells where a group leads.
    fn push_group(&mut self, id: GroupId, groups: &mut Groups) {
        let ways = groups.tell(id, self.number);
        self.push(FibChange::Group(id, ways), Subject::Group(id.0));
    }
}
