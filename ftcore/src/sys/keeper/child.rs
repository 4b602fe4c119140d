//! A child as its keeper sees it: how it is started, told and ended.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::process::Signal;

use crate::core::role::End;
use crate::sys::channel::Channel;
use crate::sys::link::Link;
use crate::sys::message::ToChild;
use crate::sys::process::{Exit, Pidfd};
use crate::sys::title::Part;

/// Set in a child's environment; its standard input is its end of the channel.
pub const CHILD: &str = "FTCORE_CHILD";

/// A child.
#[derive(Debug)]
pub struct Child {
    /// Its process.
    pub pid: u32,
    /// Its process, by a name that is never another one's.
    pub pidfd: Pidfd,
    /// The way to it; none where it was lost.
    pub link: Option<Link>,
}

impl Child {
    /// Starts one from this binary, the own one where there is none, with the arguments of this process.
    ///
    /// # Errors
    /// Where it cannot be started.
    pub fn start(program: &str, binary: Option<&Path>) -> io::Result<Child> {
        let (here, there) = Channel::pair()?;
        let mut command = Command::new(binary.unwrap_or(Path::new("/proc/self/exe")));
        command
            .arg0(Part::Twin.roomy_title(program))
            .args(std::env::args_os().skip(1))
            .env(CHILD, "1")
            .env_remove(super::LOCK)
            .env_remove(super::SCORE)
            // What is typed at the keeper's terminal is the keeper's.
            .process_group(0)
            .stdin(Stdio::from(there.as_fd().try_clone_to_owned()?));
        let pid = command.spawn()?.id();
        Ok(Child { pid, pidfd: Pidfd::open(pid)?, link: Some(Link::new(here)) })
    }

    /// One that came by itself.
    ///
    /// # Errors
    /// Where it is gone already.
    pub fn adopt(pid: u32, link: Link) -> io::Result<Child> {
        Ok(Child { pid, pidfd: Pidfd::open(pid)?, link: Some(link) })
    }

    /// Tells it something. Where it cannot be told its link is gone, and its end will be heard of, or it comes
    /// back by itself.
    pub fn tell(&mut self, message: &ToChild, descriptors: &[BorrowedFd<'_>]) {
        let Some(link) = &mut self.link else { return };
        if let Err(error) = link.send(message, descriptors) {
            tracing::debug!("process {} cannot be told: {error}", self.pid);
            self.link = None;
        }
    }

    /// Whether something waits to be told.
    #[must_use]
    pub fn has_waiting(&self) -> bool {
        self.link.as_ref().is_some_and(|link| link.waiting() > 0)
    }

    /// Tells what waits, as far as there is room.
    pub fn flush(&mut self) {
        if self.link.as_mut().is_some_and(|link| link.flush().is_err()) {
            self.link = None;
        }
    }

    /// Ends it.
    pub fn end(&self, how: End) {
        let signal = match how {
            End::Asked => Signal::TERM,
            End::Killed => Signal::KILL,
        };
        // It fails only for a process that is over.
        let _ = self.pidfd.signal(signal);
        if how == End::Asked {
            // One that is stopped would not hear the other.
            let _ = self.pidfd.signal(Signal::CONT);
        }
    }

    /// How it ended, where it is over; nothing is known of the end of a process that another keeper started.
    #[must_use]
    pub fn exit(&self) -> Option<Exit> {
        self.pidfd.reap().ok().flatten()
    }

    /// Makes it as likely to be killed for lack of memory as a usual process: the keeper is less so.
    pub fn expose_to_shortage(&self, score: &str) {
        // Where it is gone already nothing is lost.
        let _ = std::fs::write(format!("/proc/{}/oom_score_adj", self.pid), score);
    }

    /// A duplicate of its pidfd.
    ///
    /// # Errors
    /// Where there is no descriptor left.
    pub fn pidfd_for_another(&self) -> io::Result<OwnedFd> {
        self.pidfd.as_fd().try_clone_to_owned()
    }
}
