//! How the redundancy stands, for whoever wants to see it.

use super::entry::{EntryNumber, Epoch};
use super::log::Cursor;
use super::machine::Machine;
use super::memory::{Memory, Word};
use super::primary::{Mode, Primary};
use super::record::{Cause, Takeover};
use super::standby::TwinState;

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

impl<M: Machine, L: Memory> Primary<M, L> {
    /// How the redundancy stands.
    pub fn status(&self) -> Status {
        let (state, memory) = (&self.state, &self.memory);
        let (cursor, tail) = (state.cursor(), self.writer.tail());
        let mode = self.settings.mode;
        let twin = self.twin(cursor);
        let checkpoint = Some(memory.load(Word::Checkpoint)).filter(|checkpoint| *checkpoint >= tail);
        let protection = match (mode, twin.state) {
            (Mode::None, _) => Protection::Unprotected,
            (Mode::Hot, TwinState::InStep) => Protection::Protected,
            (Mode::Hot, TwinState::Syncing) => Protection::Syncing,
            // The first one is still on its way.
            (Mode::Hot, TwinState::Absent) if memory.load(Word::TwinTick) == 0 => Protection::Syncing,
            (Mode::Hot, _) => Protection::Unprotected,
            (Mode::Warm, TwinState::Holding) if checkpoint.is_some() => Protection::Protected,
            (Mode::Warm, TwinState::Holding) => Protection::Syncing,
            (Mode::Warm, _) => Protection::Unprotected,
            (Mode::Cold, _) if checkpoint.is_some() => Protection::Protected,
            (Mode::Cold, _) => Protection::Syncing,
        };
        Status {
            mode,
            protection,
            epoch: state.epoch(),
            entry: cursor.number,
            twin,
            digest: self.compared(),
            takeovers: state.takeovers().filter(|takeover| takeover.cause != Cause::Start).cloned().collect(),
            log_octets: cursor.position - tail,
            log_capacity: memory.capacity(),
            checkpoint,
        }
    }

    fn twin(&self, cursor: Cursor) -> Twin {
        let load = |word| self.memory.load(word);
        let state = TwinState::of(load(Word::TwinState));
        if matches!(state, TwinState::Absent | TwinState::Holding) {
            return Twin { state, ..Twin::default() };
        }
        let applied = EntryNumber(load(Word::TwinEntry).min(cursor.number.0));
        let lag_octets = cursor.position.saturating_sub(load(Word::TwinApplied));
        let behind_us = self.now.0.saturating_sub(load(Word::TwinTime));
        Twin {
            state,
            applied,
            lag_entries: cursor.number.0 - applied.0,
            lag_octets,
            lag_us: if lag_octets == 0 { 0 } else { behind_us },
        }
    }

    /// The newest digest that the twin has compared, where it is remembered here.
    fn compared(&self) -> Option<Compared> {
        let (entry, twin) =
            (EntryNumber(self.memory.load(Word::TwinDigestEntry)), self.memory.load(Word::TwinDigest));
        let (_, primary) = self.digests.iter().find(|(number, _)| *number == entry)?;
        Some(Compared { entry, primary: *primary, twin })
    }
}
