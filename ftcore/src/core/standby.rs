//! A process that follows the log: the twin, a new twin, one that was started after both had died.

use super::input::Time;
use super::kernel::Kernel;
use super::log::LogError;
use super::machine::Machine;
use super::memory::Memory;
use super::record::Digest;
use super::state::{Disorder, SnapshotError, State};

/// How a twin stands: the values of [`Word::TwinState`](super::memory::Word).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u64)]
pub enum TwinState {
    /// There is none. The keeper stores it when a twin is gone.
    #[default]
    Absent = 0,
    /// It follows and is behind.
    Syncing = 1,
    /// It has applied what the primary has.
    InStep = 2,
    /// Its state is another one than the primary's.
    Diverged = 3,
    /// It was left behind (I8).
    Suspended = 4,
    /// Warm: it holds a checkpoint and the log, and applies neither.
    Holding = 5,
}

/// What one call of [`Standby::follow`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Followed {
    /// Entries applied.
    pub entries: u32,
    /// Octets of the log that are applied by the primary and not here.
    pub behind: u64,
}

/// Why a standby can follow no more. It must never take over then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FollowError {
    /// The log cannot be read on.
    #[error(transparent)]
    Log(#[from] LogError),
    /// An entry does not fit.
    #[error(transparent)]
    Disorder(#[from] Disorder),
    /// The digests differ (I6).
    #[error(
        "the twin has diverged: before entry {entry} the primary's digest is {theirs:?}, the twin's {own:?}"
    )]
    Diverged {
        /// The digest's entry.
        entry: u64,
        /// The primary's.
        theirs: Digest,
        /// This one's.
        own: Digest,
    },
}

/// How far behind a twin is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lag {
    /// In octets of the log.
    pub octets: u64,
    /// Since when, in the log's time, it has not been in step; `None` where it is.
    pub since: Option<Time>,
}

/// A standby.
pub struct Standby<M: Machine> {
    state: State<M>,
}

impl<M: Machine> Standby<M> {
    /// From the very beginning of the log.
    pub fn genesis(machine: M) -> Self {
        Standby { state: State::genesis(machine) }
    }

    /// From a snapshot.
    ///
    /// # Errors
    /// Where it cannot be restored.
    pub fn restore(snapshot: &[u8]) -> Result<Self, SnapshotError> {
        Ok(Standby { state: State::restore(snapshot)? })
    }

    /// The state, as far as it has been followed.
    pub fn state(&self) -> &State<M> {
        &self.state
    }

    /// Applies what the primary has applied, at most so many octets of the log (at least an entry), and lets go of the sockets
    /// that are needed no more. Says in the twin's words how far it is.
    ///
    /// # Errors
    /// Where it can follow no more; the twin's words say that, too.
    pub fn follow(
        &mut self,
        memory: &mut impl Memory,
        kernel: &mut impl Kernel,
        budget: u64,
    ) -> Result<Followed, FollowError> {
        let _ = (memory, kernel, budget);
        todo!("the next commit")
    }

    /// Whether there is anything to follow.
    pub fn is_behind(&self, memory: &impl Memory) -> bool {
        let _ = memory;
        todo!("the next commit")
    }
}
