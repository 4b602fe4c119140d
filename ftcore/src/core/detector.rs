//! Tells a primary that hangs from one that has nothing to do, and from one that is not let run.
//!
//! It is fed with observations, some ten of them in the time after which no progress is a hang, and it does
//! nothing else. No progress while something waits is not enough: the primary must have burnt that much
//! processor time, or have slept or stood still for that long. One that could run and was not let is starved, and
//! so is a machine on which the observer itself was not let run.

use std::time::Duration;

use super::input::Time;
use super::primary::Work;

/// What is seen at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Observation {
    /// When.
    pub now: Time,
    /// [`Word::Tick`](super::memory::Word).
    pub tick: u64,
    /// [`Word::Deadline`](super::memory::Word); `None` for never.
    pub deadline: Option<Time>,
    /// [`Word::Working`](super::memory::Word), or something that can be seen to wait at a socket.
    pub work: Work,
    /// The primary's main thread.
    pub primary: Thread,
}

/// A thread as the kernel accounts for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thread {
    /// What it does.
    pub state: ThreadState,
    /// Processor time that it has had.
    pub ran: Duration,
    /// Time that it waited for a processor, as far as that wait is over.
    pub waited: Duration,
}

/// What a thread does, as `/proc` says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ThreadState {
    /// R: it runs, or could.
    Running,
    /// S.
    Sleeping,
    /// D.
    Uninterruptible,
    /// T: stopped by a signal.
    Stopped,
    /// t: stopped by a debugger.
    Traced,
    /// It is no more.
    Gone,
}

/// What it comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// It makes progress, or nothing waits, or it is too early to say.
    Fine,
    /// It hangs.
    Hung {
        /// How.
        how: Hang,
        /// Since when it has made no progress.
        since: Time,
    },
    /// Something has waited for too long, and the machine is to blame: it is left alone.
    Starved {
        /// Since when it has made no progress.
        since: Time,
    },
}

/// How a primary hangs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hang {
    /// It is stopped, by a signal.
    Stopped,
    /// It is stopped, by a debugger.
    Traced,
    /// It runs and gets nowhere.
    Loop,
    /// It sleeps while something waits.
    Asleep,
    /// It sleeps in the kernel and cannot be woken.
    Uninterruptible,
}

/// The detector.
#[derive(Clone, Debug)]
pub struct Detector {
    limit: Duration,
}

impl Detector {
    /// One that calls no progress for `limit` a hang.
    #[must_use]
    pub fn new(limit: Duration) -> Self {
        Detector { limit }
    }

    /// Another limit from now on.
    pub fn set_limit(&mut self, limit: Duration) {
        self.limit = limit;
    }

    /// How long after one observation the next is to be made.
    #[must_use]
    pub fn interval(&self) -> Duration {
        self.limit / 10
    }

    /// Forgets all: another process is primary.
    pub fn restart(&mut self) {
        todo!("the next commit")
    }

    /// Takes an observation.
    pub fn observe(&mut self, observation: &Observation) -> Judgement {
        let _ = observation;
        todo!("the next commit")
    }
}
