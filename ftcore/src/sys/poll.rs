//! One epoll instance for all descriptors of a loop.
//!
//! It is level-triggered: the kernel keeps the list of what is ready and hands it out in turn, which is the
//! fairness between connections, and nothing that was left unread can be forgotten. A registration lives as
//! long as the open file does, in whatever process: so who adds a descriptor removes it before closing it, and
//! a process that takes over registers everything anew with an instance of its own.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

pub use rustix::event::epoll::EventFlags as Interest;
use rustix::event::epoll::{self, CreateFlags, Event, EventData};
use rustix::time::Timespec;

/// How many events one call brings at most.
const BATCH: usize = 256;

/// What a readiness is about, as its owner numbered it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token(pub u64);

/// The epoll instance. Its own descriptor is readable while something is ready.
pub struct Poll {
    epoll: OwnedFd,
    events: Vec<Event>,
}

impl Poll {
    /// A new one.
    ///
    /// # Errors
    /// Where the kernel has no room for it.
    pub fn new() -> io::Result<Self> {
        Ok(Poll { epoll: epoll::create(CreateFlags::CLOEXEC)?, events: Vec::with_capacity(BATCH) })
    }

    /// Watches `source`.
    ///
    /// # Errors
    /// The kernel's.
    pub fn add(&self, source: impl AsFd, token: Token, interest: Interest) -> io::Result<()> {
        Ok(epoll::add(&self.epoll, source, EventData::new_u64(token.0), interest)?)
    }

    /// Changes what `source` is watched for.
    ///
    /// # Errors
    /// The kernel's.
    pub fn change(&self, source: impl AsFd, token: Token, interest: Interest) -> io::Result<()> {
        Ok(epoll::modify(&self.epoll, source, EventData::new_u64(token.0), interest)?)
    }

    /// Watches `source` no more.
    pub fn remove(&self, source: impl AsFd) {
        // It fails only for what is not registered, and that is what is wanted.
        let _ = epoll::delete(&self.epoll, source);
    }

    /// Asks the kernel what is ready, and waits at most so long for it; for ever where `None`. The answer, how
    /// many there are, are those of [`Poll::ready`].
    ///
    /// # Errors
    /// The kernel's.
    pub fn collect(&mut self, at_most: Option<Duration>) -> io::Result<usize> {
        self.events.clear();
        // What cannot be said is longer than any wait.
        let at_most = at_most.and_then(|at_most| Timespec::try_from(at_most).ok());
        match epoll::wait(&self.epoll, rustix::buffer::spare_capacity(&mut self.events), at_most.as_ref()) {
            Ok(count) => Ok(count),
            Err(rustix::io::Errno::INTR) => Ok(0),
            Err(error) => Err(error.into()),
        }
    }

    /// How many were ready at the last asking.
    #[must_use]
    pub fn count(&self) -> usize {
        self.events.len()
    }

    /// The `n`th of those.
    #[must_use]
    pub fn ready(&self, n: usize) -> Option<(Token, Interest)> {
        self.events.get(n).map(|event| (Token(event.data.u64()), event.flags))
    }

    /// Forgets what was ready; it is asked for again.
    pub fn forget(&mut self) {
        self.events.clear();
    }
}

impl AsFd for Poll {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.epoll.as_fd()
    }
}
