//! How the redundancy stands, for whoever wants to see it.

use super::entry::{EntryNumber, Epoch};
use super::machine::Machine;
use super::memory::{Memory, Word};
use super::primary::Mode;
use super::record::Takeover;
use super::standby::TwinState;
use super::state::State;

/// All that the log and the words tell. Processes, their versions and start times are the keeper's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Who follows, and when.
    pub mode: Mode,
    /// What that comes to now.
    pub protection: Protection,
    /// The epoch.
    pub epoch: Epoch,
    /// The last entry.
    pub entry: EntryNumber,
    /// The twin.
    pub twin: Twin,
    /// The newest digest that the twin has compared.
    pub digest: Option<Compared>,
    /// The newest first.
    pub takeovers: Vec<Takeover>,
    /// Octets in the log that are still whole.
    pub log_octets: u64,
    /// Octets that it can hold.
    pub log_capacity: u64,
    /// The end of the log that the newest checkpoint holds; `None` without one, or where the log has gone past it.
    pub checkpoint: Option<u64>,
}

/// What a crash would meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protection {
    /// Nothing would be lost.
    Protected,
    /// It is being built.
    Syncing,
    /// Sessions would be lost.
    Unprotected,
}

/// A twin as the words tell of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Twin {
    /// How it stands.
    pub state: TwinState,
    /// The last entry that it has applied.
    pub applied: EntryNumber,
    /// Entries that it is behind.
    pub lag_entries: u64,
    /// Octets of the log that it is behind.
    pub lag_octets: u64,
    /// How long it has been behind, in microseconds of the log's time.
    pub lag_us: u64,
}

/// A digest that two have computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compared {
    /// The entry.
    pub entry: EntryNumber,
    /// The primary's.
    pub primary: u64,
    /// The twin's.
    pub twin: u64,
}

impl Status {
    /// Reads it off.
    pub fn read<M: Machine>(state: &State<M>, memory: &impl Memory, mode: Mode) -> Self {
        let _ = (state, memory.load(Word::Applied), mode);
        todo!("the next commit")
    }
}
