//! One epoll instance for all descriptors of the hot path, itself one descriptor of the runtime.
//!
//! It is level-triggered: the kernel keeps the list of what is ready and hands it out in turn, which is the
//! fairness between connections, and nothing that was left unread can be forgotten. Who adds a descriptor
//! removes it before closing it, because a registration lives as long as the open file does.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

pub use rustix::event::epoll::EventFlags as Interest;
use rustix::event::epoll::{self, CreateFlags, Event, EventData};
use tokio::io::unix::AsyncFd;

use super::sys;

/// How many events one call brings at most.
const BATCH: usize = 256;

/// What a readiness is about, as its owner numbered it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token(pub u64);

/// The epoll instance.
pub struct Poll {
    epoll: AsyncFd<OwnedFd>,
    events: Vec<Event>,
}

impl Poll {
    /// A new one. Must be called in a tokio runtime with I/O.
    ///
    /// # Errors
    /// Where the kernel or the runtime has no room for it.
    pub fn new() -> io::Result<Self> {
        let epoll = sys::readable(epoll::create(CreateFlags::CLOEXEC)?)?;
        Ok(Poll { epoll, events: Vec::with_capacity(BATCH) })
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

    /// Asks the kernel what is ready, without waiting. The answer is in [`Poll::ready`].
    ///
    /// # Errors
    /// The kernel's.
    pub fn collect(&mut self) -> io::Result<usize> {
        collect(&self.epoll, &mut self.events)
    }

    /// Waits until something is ready. Safe to drop at any time.
    ///
    /// # Errors
    /// The kernel's.
    pub async fn wait(&mut self) -> io::Result<()> {
        loop {
            let mut guard = self.epoll.readable().await?;
            // The runtime hears edges: only an empty answer may clear what it heard.
            if collect(&self.epoll, &mut self.events)? > 0 {
                guard.retain_ready();
                return Ok(());
            }
            guard.clear_ready();
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

fn collect(epoll: &AsyncFd<OwnedFd>, events: &mut Vec<Event>) -> io::Result<usize> {
    events.clear();
    let no_time = rustix::time::Timespec { tv_sec: 0, tv_nsec: 0 };
    match epoll::wait(epoll, rustix::buffer::spare_capacity(events), Some(&no_time)) {
        Ok(count) => Ok(count),
        Err(rustix::io::Errno::INTR) => Ok(0),
        Err(error) => Err(error.into()),
    }
}
