//! What a takeover starts from, and what it came to. [`take_over`](super::succession::take_over) does it.

use super::entry::{EntryNumber, Epoch};
use super::input::{ConnId, Ends, Time};
use super::kernel::Accepted;
use super::primary::Settings;
use super::record::{Cause, Takeover, Verdict};
use super::standby::FollowError;

/// What is known of the old primary's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Why it is gone, as far as that can be seen from outside. An entry that is found guilty makes it
    /// [`Cause::Poison`].
    pub cause: Cause,
    /// The signal's number.
    pub signal: Option<i32>,
    /// Whether the blame can be on an entry.
    pub origin: Origin,
    /// From death, or the last progress, to detection; in microseconds.
    pub detect_us: u64,
    /// When it was detected.
    pub detected: Time,
}

/// Where a death came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// From outside for certain: SIGKILL without a note of the dying process, and memory was not short.
    Outside,
    /// From inside, or nobody knows: an entry whose step had begun is a suspect.
    Inside,
}

/// All that a takeover starts from, besides the state and the log.
#[derive(Clone, Debug)]
pub struct Circumstances {
    /// Of the old primary's end.
    pub evidence: Evidence,
    /// Connections that were accepted for the program, and that the log may not know.
    pub accepted: Vec<Accepted>,
    /// The wall clock, in milliseconds since 1970, for display.
    pub unix_ms: u64,
    /// Whether the listening sockets are those that the old primary had set its keys on.
    pub listeners: Listeners,
    /// The new primary's.
    pub settings: Settings,
}

/// Which listening sockets there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listeners {
    /// Those of before.
    Same,
    /// New ones: every key is set again.
    New,
}

/// What a takeover came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// What its entry says.
    pub takeover: Takeover,
    /// Connections that were lost.
    pub lost: Vec<Lost>,
    /// Octets that the old primary had read and not logged.
    pub torn_receive: u64,
    /// Octets that the old primary had sent and not logged as sent.
    pub torn_sends: u64,
    /// The entry that was tried, and what became of it.
    pub suspect: Option<Suspect>,
}

/// A connection that does not go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// Which.
    pub conn: ConnId,
    /// Its ends, where they are known.
    pub ends: Option<Ends>,
    /// Why.
    pub why: Loss,
}

/// Why a connection does not go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Loss {
    /// This process does not hold the socket.
    #[error("its socket is not held here (error {0})")]
    NotHeld(i32),
    /// More was read than the log has, and the intent does not explain it.
    #[error("the kernel says that {consumed} octets were read, the log has {received}")]
    Received {
        /// The kernel's count.
        consumed: u64,
        /// The log's.
        received: u64,
    },
    /// More or less was sent than can have been.
    #[error("the kernel says that {written} octets were sent, of {generated} of which {drained} are logged")]
    Sent {
        /// The kernel's count.
        written: u64,
        /// What the machine has made.
        generated: u64,
        /// What the log says of the kernel's count.
        drained: u64,
    },
    /// The entry that brought its octets was damaged by the dying process.
    #[error("its last octets were damaged by the dying process")]
    Damaged,
    /// The verdict on its octets.
    #[error("its octets killed the process, however they were treated")]
    Verdict,
}

/// An entry that was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspect {
    /// Its number.
    pub number: EntryNumber,
    /// The epoch that it was written in.
    pub epoch: Epoch,
    /// Its time.
    pub time: Time,
    /// The connection, for octets of one.
    pub conn: Option<ConnId>,
    /// That one's ends.
    pub ends: Option<Ends>,
    /// What it brought: a connection's octets, a datagram's, or an input of the program's own.
    pub octets: Vec<u8>,
    /// The octets that are to blame, unit by unit; empty where no unit is.
    pub guilty: Vec<Vec<u8>>,
    /// What stands for it; `None` where it was lived through as it is.
    pub verdict: Option<Verdict>,
}

/// Why this process cannot become primary.
#[derive(Debug, thiserror::Error)]
pub enum TakeoverError {
    /// It cannot follow to where the old primary was.
    #[error(transparent)]
    Follow(#[from] FollowError),
    /// Whatever is done about it, the entry kills.
    #[error("entry {} kills however it is treated", .0.0)]
    Deadly(EntryNumber),
}
