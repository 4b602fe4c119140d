//! The primary's driver: between the kernel's readiness and the machine, by way of the log.
//!
//! A turn of the program's loop calls, in this order, what it has: [`Primary::accepted`], [`Primary::ready`] for
//! each socket that is ready, [`Primary::other`] for each input of its own, then [`Primary::clock`],
//! [`Primary::flush`] and, once, [`Primary::end_turn`]; and carries out what [`Primary::take_others`] gives.
//! Every one of these writes its entry, steps the machine, and only then acts (I1, I2). None blocks.

use std::time::Duration;

use super::entry::EntryNumber;
use super::input::{Cookie, Time};
use super::kernel::{Accepted, Kernel, Readiness};
use super::machine::Machine;
use super::memory::Memory;
use super::state::State;

/// What bounds a primary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Who follows.
    pub mode: Mode,
    /// How long it may be held up by a twin or a checkpoint that is behind.
    pub twin_lag: Duration,
    /// How old a checkpoint may become while the log moves.
    pub checkpoint_interval: Duration,
    /// How often the state's digest is logged while the log moves.
    pub digest_interval: Duration,
}

/// Who follows the log, and when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Mode {
    /// A twin applies each entry at once.
    #[default]
    Hot,
    /// A twin holds a checkpoint and the log.
    Warm,
    /// Checkpoint and log lie in files.
    Cold,
    /// Nobody.
    None,
}

/// What a socket's readiness came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// There may be more: this socket is asked again in the next turn.
    Progress,
    /// Nothing, or all that there was.
    Idle,
    /// The log is full up to what is still needed; try again in the next turn.
    Held,
}

/// What waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wants {
    /// When the next turn must be at the latest.
    pub deadline: Option<Time>,
    /// Whether there is work that no event will announce.
    pub work: Work,
}

/// Whether there is work that needs no further event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// There is.
    Left,
    /// There is none.
    Done,
}

/// Whether the twin sleeps and is to be woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Wake {
    /// Wake it.
    Twin,
    /// Nobody.
    Nobody,
}

/// How far a hand-over has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum HandOver {
    /// The twin has not applied all of it yet; turns go on, and bring nothing new.
    Waiting,
    /// Released: this process writes no more and is to drop out without a word.
    Released,
}

/// The primary.
pub struct Primary<M: Machine, L> {
    state: State<M>,
    memory: L,
}

impl<M: Machine, L: Memory> Primary<M, L> {
    /// The state.
    pub fn state(&self) -> &State<M> {
        &self.state
    }

    /// The machine.
    pub fn machine(&self) -> &M {
        self.state.machine()
    }

    /// The memory.
    pub fn memory(&self) -> &L {
        &self.memory
    }

    /// The memory, for what is not the log's.
    pub fn memory_mut(&mut self) -> &mut L {
        &mut self.memory
    }

    /// Other bounds from now on.
    pub fn set(&mut self, settings: Settings) {
        let _ = settings;
        todo!("the next commit")
    }

    /// Takes a connection that was accepted.
    pub fn accepted(&mut self, kernel: &mut impl Kernel, accepted: Accepted) {
        let _ = (kernel, accepted);
        todo!("the next commit")
    }

    /// Takes what a socket is ready for; reads at most `slice` octets, once.
    pub fn ready(
        &mut self,
        kernel: &mut impl Kernel,
        socket: Cookie,
        readiness: Readiness,
        slice: usize,
    ) -> Outcome {
        let _ = (kernel, socket, readiness, slice);
        todo!("the next commit")
    }

    /// Takes an input of the program's own, at most [`Primary::largest`] octets. The answer is its entry.
    ///
    /// # Panics
    /// Where it is larger.
    pub fn other(&mut self, kernel: &mut impl Kernel, octets: &[u8]) -> EntryNumber {
        let _ = (kernel, octets);
        todo!("the next commit")
    }

    /// How many octets an input of the program's own may have.
    pub fn largest(&self) -> usize {
        todo!("the next commit")
    }

    /// Does what time wants: the machine's deadline or work, ends that take too long.
    pub fn clock(&mut self, kernel: &mut impl Kernel) {
        let _ = kernel;
        todo!("the next commit")
    }

    /// Offers to the kernel what waits to be sent, one call for each connection.
    pub fn flush(&mut self, kernel: &mut impl Kernel) {
        let _ = kernel;
        todo!("the next commit")
    }

    /// Ends a turn: the digest where it is time for one, the words that others watch.
    pub fn end_turn(&mut self, kernel: &mut impl Kernel) -> Wake {
        let _ = kernel;
        todo!("the next commit")
    }

    /// What waits.
    pub fn wants(&self) -> Wants {
        todo!("the next commit")
    }

    /// The machine's own effects since the last call, each with the entry that it is of; they are carried out
    /// now, in order.
    pub fn take_others(&mut self) -> impl Iterator<Item = (EntryNumber, M::Effect)> + '_ {
        std::iter::empty()
    }

    /// Whether a checkpoint is to be made now.
    pub fn checkpoint_due(&self, now: Time) -> bool {
        let _ = now;
        todo!("the next commit")
    }

    /// Hands over: called in each turn once it is wanted. It reads nothing more, and when the twin has applied
    /// everything it releases. The last effects of [`Primary::take_others`] must have been carried out.
    pub fn hand_over(&mut self, kernel: &mut impl Kernel) -> HandOver {
        let _ = kernel;
        todo!("the next commit")
    }

    /// Goes on as before, where a hand-over is given up before it has released.
    pub fn keep(&mut self) {
        todo!("the next commit")
    }

    /// How many connections there are, those included that are being ended.
    pub fn connections(&self) -> usize {
        todo!("the next commit")
    }
}
