//! What wakes a sleeping twin: an eventfd that all processes of a program share, so that it can be waited for
//! together with descriptors.
//!
//! A futex would need a word that the one who wakes can change and the one who sleeps can wait on beside its
//! sockets; an eventfd remembers a ring that nobody waited for, and costs the same system call.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::event::EventfdFlags;

/// The bell.
#[derive(Debug)]
pub struct Bell(OwnedFd);

impl Bell {
    /// A new one.
    ///
    /// # Errors
    /// The kernel's.
    pub fn new() -> io::Result<Self> {
        Ok(Bell(rustix::event::eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?))
    }

    /// The one behind a descriptor that came from another process.
    #[must_use]
    pub fn from_descriptor(descriptor: OwnedFd) -> Self {
        Bell(descriptor)
    }

    /// Makes it readable.
    pub fn ring(&self) {
        // It fails only where it was rung 2^64 times and never heard.
        let _ = rustix::io::write(&self.0, &1_u64.to_ne_bytes());
    }

    /// Makes it unreadable again; true where it was rung.
    #[must_use]
    pub fn hear(&self) -> bool {
        rustix::io::read(&self.0, &mut [0_u8; 8]).is_ok()
    }
}

impl AsFd for Bell {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_is_heard_once_however_often() {
        let bell = Bell::new().unwrap();
        assert!(!bell.hear());
        bell.ring();
        bell.ring();
        assert!(bell.hear());
        assert!(!bell.hear());
    }
}
