//! A process that follows the log: the twin, a new twin, one that was started after both had died.

use super::entry::{Content, EntryNumber};
use super::kernel::Kernel;
use super::log::{self, Cursor, LogError};
use super::machine::Machine;
use super::memory::{Memory, Word};
use super::record::{Digest, Verdict};
use super::snapshot::SnapshotError;
use super::state::{Disorder, State};

/// How a twin stands: the values of [`Word::TwinState`](super::memory::Word).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u64)]
pub enum TwinState {
    /// There is none. The keeper stores it when a twin is gone.
    #[default]
    Absent = 0,
    /// It follows and is behind.
    Syncing = 1,
    /// It has applied what the primary has, or is about to.
    InStep = 2,
    /// Its state is another one than the primary's.
    Diverged = 3,
    /// It was left behind (I8).
    Suspended = 4,
    /// Warm: it holds a checkpoint and the log, and applies neither. Stored by the program that holds.
    Holding = 5,
}

impl TwinState {
    /// The state that a word says; [`TwinState::Absent`] for what no twin says.
    #[must_use]
    pub fn of(word: u64) -> Self {
        let all = [Self::Syncing, Self::InStep, Self::Diverged, Self::Suspended, Self::Holding];
        all.into_iter().find(|state| *state as u64 == word).unwrap_or_default()
    }
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
    #[error("the twin has diverged before entry {}: the primary's digest is {:016x}, the twin's {:016x}",
        .entry.0, .theirs.value(), .own.value())]
    Diverged {
        /// The digest's entry.
        entry: EntryNumber,
        /// The primary's.
        theirs: Digest,
        /// This one's.
        own: Digest,
    },
    /// What it has come to is something else, which was found out only when the primary was gone (I6).
    #[error("the twin has diverged: behind entry {} it has come to {own:016x}, the primary had to {theirs:016x}",
        .entry.0)]
    Astray {
        /// The last entry that the primary had applied.
        entry: EntryNumber,
        /// What it had come to.
        theirs: u64,
        /// What this one has.
        own: u64,
    },
}

/// A standby.
pub struct Standby<M: Machine> {
    pub(super) state: State<M>,
    /// The entry that is being applied, and a verdict on it.
    buffers: [Vec<u8>; 2],
    others: Vec<M::Effect>,
    standing: TwinState,
    compared: Option<(EntryNumber, u64)>,
    turns: u64,
}

impl<M: Machine> Standby<M> {
    /// From the very beginning of the log.
    pub fn genesis(machine: M) -> Self {
        Standby::of(State::genesis(machine))
    }

    /// From a snapshot.
    ///
    /// # Errors
    /// Where it cannot be restored.
    pub fn restore(snapshot: &[u8]) -> Result<Self, SnapshotError> {
        Ok(Standby::of(State::restore(snapshot)?))
    }

    fn of(state: State<M>) -> Self {
        let standing = TwinState::Syncing;
        Standby { state, buffers: Default::default(), others: Vec::new(), standing, compared: None, turns: 0 }
    }

    /// The state, as far as it has been followed.
    pub fn state(&self) -> &State<M> {
        &self.state
    }

    /// How it stands.
    pub fn standing(&self) -> TwinState {
        self.standing
    }

    /// The last digest that was compared: its entry, and the value that this standby came to.
    pub fn compared(&self) -> Option<(EntryNumber, u64)> {
        self.compared
    }

    /// Applies what the primary has applied, at most so many octets of the log (at least an entry), and lets go of
    /// the sockets that are needed no more. Says in the twin's words how far it is; so a call with nothing to apply
    /// is what a new twin begins with.
    ///
    /// # Errors
    /// Where it can follow no more; the twin's words say that, too.
    pub fn follow(
        &mut self,
        memory: &mut impl Memory,
        kernel: &mut impl Kernel,
        budget: u64,
    ) -> Result<Followed, FollowError> {
        let limit = memory.load(Word::Applied);
        let followed = self.follow_to(memory, kernel, limit, budget);
        match &followed {
            Ok(_) if self.state.cursor().position == limit => self.standing = TwinState::InStep,
            Ok(_) => {}
            Err(FollowError::Log(LogError::Overrun { .. })) => self.standing = TwinState::Suspended,
            Err(_) => self.standing = TwinState::Diverged,
        }
        self.tell(memory);
        let entries = followed?;
        Ok(Followed { entries, behind: limit.saturating_sub(self.state.cursor().position) })
    }

    /// Holds this state against what the primary has left word of; to be called by who has followed to the end of a
    /// primary that is gone, before it leads. Digests tell the same of the state some tenths of a second ago, and more
    /// of it. Where no word is of this entry, as with an older version or a primary that went wild, nothing is known.
    ///
    /// # Errors
    /// [`FollowError::Astray`]; the twin's words say it, too.
    pub fn hold_against(&mut self, memory: &mut impl Memory) -> Result<(), FollowError> {
        let Cursor { position, number, .. } = self.state.cursor();
        let left = [(Word::TrailEnd, Word::Trail), (Word::OtherTrailEnd, Word::OtherTrail)];
        let theirs = left.into_iter().find(|(end, _)| memory.load(*end) == position && position > 0);
        let Some(theirs) = theirs.map(|(_, trail)| memory.load(trail)) else { return Ok(()) };
        let own = self.state.trail();
        if theirs == own {
            return Ok(());
        }
        self.standing = TwinState::Diverged;
        self.tell(memory);
        Err(FollowError::Astray { entry: number, theirs, own })
    }

    /// Whether there is anything to follow.
    pub fn is_behind(&self, memory: &impl Memory) -> bool {
        memory.load(Word::Applied) != self.state.cursor().position
    }

    fn tell(&mut self, memory: &mut impl Memory) {
        let cursor = self.state.cursor();
        self.turns = self.turns.wrapping_add(1);
        if let Some((entry, value)) = self.compared {
            memory.store(Word::TwinDigest, value);
            memory.store(Word::TwinDigestEntry, entry.0);
        }
        memory.store(Word::TwinEntry, cursor.number.0);
        memory.store(Word::TwinTime, cursor.time.0);
        memory.store(Word::TwinApplied, cursor.position);
        memory.store(Word::TwinState, self.standing as u64);
        memory.store(Word::TwinTick, self.turns);
    }

    /// Applies what lies before `limit`; the answer is how many entries that was.
    pub(super) fn follow_to(
        &mut self,
        memory: &impl Memory,
        kernel: &mut impl Kernel,
        limit: u64,
        budget: u64,
    ) -> Result<u32, FollowError> {
        let start = self.state.cursor().position;
        let mut entries = 0;
        while self.state.cursor().position.wrapping_sub(start) < budget && self.next(memory, limit)? {
            entries += 1;
            for socket in &self.state.changes().forgotten {
                kernel.forget(*socket);
            }
        }
        Ok(entries)
    }

    /// Applies the next entry, or what stands for it.
    fn next(&mut self, memory: &impl Memory, limit: u64) -> Result<bool, FollowError> {
        let [buffer, behind] = &mut self.buffers;
        let cursor = self.state.cursor();
        let Some((entry, end)) = log::read(memory, &cursor, limit, buffer)? else { return Ok(false) };
        self.others.clear();
        if let Some((verdict, after)) = verdict_behind(memory, Cursor::behind(&entry, end), limit, behind)? {
            self.state.apply_verdict(&entry, (&verdict, after), &mut self.others, &mut |_| {})?;
            return Ok(true);
        }
        if let Content::Digest(theirs) = entry.content {
            let own = self.state.digest();
            self.compared = Some((entry.number, own.value()));
            if own != theirs {
                return Err(FollowError::Diverged { entry: entry.number, theirs, own });
            }
        }
        self.state.apply(&entry, end, &mut self.others)?;
        Ok(true)
    }
}

/// The last of the verdicts that stand right behind the entry before `cursor`, and the cursor behind it.
pub(super) fn verdict_behind(
    memory: &impl Memory,
    cursor: Cursor,
    limit: u64,
    buffer: &mut Vec<u8>,
) -> Result<Option<(Verdict, Cursor)>, LogError> {
    let (suspect, mut last, mut found) = (cursor.number, cursor, None);
    while log::looks_like_verdict(memory, last.position, limit) {
        let Some((entry, end)) = log::read(memory, &last, limit, buffer)? else { break };
        last = Cursor::behind(&entry, end);
        match entry.content {
            Content::Verdict(verdict) if verdict.number == suspect => found = Some((verdict, last)),
            _ => break,
        }
    }
    Ok(found)
}
