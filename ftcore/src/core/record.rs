//! What this crate's own entries say: digests, takeovers, verdicts.

use serde::{Deserialize, Serialize};

use super::entry::{EntryNumber, Epoch};
use super::input::{Time, Treatment};

/// What a state comes to after the entry before this one. The twin computes its own and compares (I6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    /// The machine's.
    pub machine: u64,
    /// The connections': offsets, phases and every octet that was generated.
    pub streams: u64,
}

impl Digest {
    /// Both in one number, for the eye.
    #[must_use]
    pub fn value(&self) -> u64 {
        self.machine ^ self.streams.rotate_left(32)
    }

    pub(super) fn emit(self, to: &mut Vec<u8>) {
        to.extend(self.machine.to_le_bytes());
        to.extend(self.streams.to_le_bytes());
    }

    pub(super) fn parse(octets: &[u8]) -> Option<Self> {
        let (machine, streams) = octets.split_at_checked(8)?;
        Some(Digest {
            machine: u64::from_le_bytes(machine.try_into().ok()?),
            streams: u64::from_le_bytes(streams.try_into().ok()?),
        })
    }
}

/// Why there is a new primary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Cause {
    /// The first one of all, or one after a cold start. Not a takeover in the operator's sense.
    Start,
    /// It died: killed, aborted, panicked, a fatal signal, an unexpected exit.
    Crash,
    /// It made no progress.
    Hang,
    /// It died of an input.
    Poison,
    /// It had no memory.
    OutOfMemory,
    /// It was told to stop (SIGTERM to the primary).
    Stop,
    /// An operator wanted it.
    Switchover,
    /// Another binary.
    Upgrade,
}

impl Cause {
    /// The operator's word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Cause::Start => "start",
            Cause::Crash => "crash",
            Cause::Hang => "hang",
            Cause::Poison => "poison",
            Cause::OutOfMemory => "oom",
            Cause::Stop => "stop",
            Cause::Switchover => "switchover",
            Cause::Upgrade => "upgrade",
        }
    }

    /// Whether the old primary has handed over by itself.
    #[must_use]
    pub fn is_planned(self) -> bool {
        matches!(self, Cause::Start | Cause::Stop | Cause::Switchover | Cause::Upgrade)
    }
}

/// The entry of a new primary: its first, after what it had to bring in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Takeover {
    /// What it writes in.
    pub epoch: Epoch,
    /// Why.
    pub cause: Cause,
    /// The signal's number that the old one died of.
    pub signal: Option<i32>,
    /// When, in milliseconds since 1970, by the wall clock. Only for display.
    pub unix_ms: u64,
    /// From death, or the last progress, to detection; in microseconds.
    pub detect_us: u64,
    /// From detection to being ready to write; in microseconds.
    pub takeover_us: u64,
    /// Connections that go on.
    pub kept: u32,
    /// Connections that were lost.
    pub lost: u32,
}

impl Takeover {
    pub(super) fn emit(&self, to: &mut Vec<u8>) {
        emit(self, to);
    }

    pub(super) fn parse(octets: &[u8]) -> Option<Self> {
        rmp_serde::from_slice(octets).ok()
    }
}

/// What stands for an entry that killed a process. It stands behind that entry, and whoever follows the log
/// looks for it before he applies that one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The suspect.
    pub number: EntryNumber,
    /// When it was written, in the log's time: the machine is stepped with this time, as it would have been.
    pub time: Time,
    /// What is done in its place.
    pub fate: Fate,
}

/// What is done in an entry's place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fate {
    /// Its octets are given to the machine in these pieces, in order; what a piece made superfluous is left out.
    Pieces(Vec<Piece>),
    /// The machine is not given it. Where a connection's state hangs on it the connection is aborted, and the
    /// machine is told that it was closed.
    Abort,
    /// The same, but the machine is told nothing at all.
    Skip,
}

/// A part of a received entry's octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// Where it ends, as an offset into the octets; it begins where the one before ends.
    pub end: u32,
    /// How it is given to the machine.
    pub how: Given,
}

/// How octets are given to the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Given {
    /// As they came.
    Plain,
    /// As poison.
    Poison(Treatment),
}

impl Verdict {
    pub(super) fn emit(&self, to: &mut Vec<u8>) {
        emit(self, to);
    }

    pub(super) fn parse(octets: &[u8]) -> Option<Self> {
        rmp_serde::from_slice(octets).ok()
    }
}

fn emit(what: &impl Serialize, to: &mut Vec<u8>) {
    rmp_serde::encode::write_named(to, what).expect("plain values can be written into memory");
}
