//! A standby's eye on its primary: whether it lives, and what it does.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags};

use crate::core::detector::{Detector, Judgement, Observation, Thread, ThreadState};
use crate::core::input::Time;
use crate::core::memory::{Memory, Word};
use crate::core::primary::Work;
use crate::sys::bell::Bell;
use crate::sys::life::Standing;
use crate::sys::memory::SharedLog;
use crate::sys::own::{self, OomCounter};
use crate::sys::process::{self, Pidfd, Schedule, Watched};
use crate::sys::sockets::Sockets;

/// How long the thread that waits for the primary's end does so in one go.
const WAIT: Duration = Duration::from_millis(250);
/// How long it leaves alone a primary that does not hold its futex, as one does that just begins.
const NOT_YET: Duration = Duration::from_millis(5);

/// The eye.
#[derive(Debug)]
pub struct Watch {
    /// The primary's process.
    pub pid: u32,
    /// The same, by a name that is never another one's.
    pub pidfd: Arc<Pidfd>,
    thread: Option<Watched>,
    end: Arc<End>,
    detector: Detector,
    observed: Time,
    tick: u64,
    oom: Option<(OomCounter, u64)>,
}

/// What the waiting thread has seen.
#[derive(Debug)]
struct End {
    bell: Bell,
    /// When the futex was seen to be without its holder; 0 before.
    at: AtomicU64,
    enough: AtomicBool,
}

impl Watch {
    /// Begins to watch a primary. When its life has ended the calling thread runs before all others, until it calls
    /// [`own::run_as_usual`].
    ///
    /// # Errors
    /// The kernel's.
    pub fn begin(pid: u32, pidfd: Pidfd, log: &SharedLog, hang: Duration, now: Time) -> io::Result<Watch> {
        let end = Arc::new(End { bell: Bell::new()?, at: AtomicU64::new(0), enough: AtomicBool::new(false) });
        let (word, seen) = (log.life_word()?, Arc::clone(&end));
        let taker = own::thread();
        let wait = move || {
            while !seen.enough.load(Ordering::Acquire) {
                match word.wait(pid, WAIT) {
                    Standing::Lives => {}
                    Standing::NotHeld => thread::sleep(NOT_YET),
                    Standing::Died | Standing::Released => {
                        seen.at.store(micros(), Ordering::Release);
                        // The dying process frees its memory just now, which takes the longer the larger its tables are:
                        // who takes over does not share a processor with that. Where it is not allowed, it does.
                        if !seen.enough.load(Ordering::Acquire) {
                            let _ = own::run_first(taker);
                        }
                        seen.bell.ring();
                        return;
                    }
                }
            }
        };
        thread::Builder::new().name("life".to_owned()).stack_size(1 << 16).spawn(wait)?;
        let oom = OomCounter::of(pid).and_then(|counter| counter.count().map(|count| (counter, count)));
        Ok(Watch {
            pid,
            pidfd: Arc::new(pidfd),
            thread: Watched::open(pid, pid).ok(),
            end,
            detector: Detector::new(hang),
            observed: now,
            tick: 0,
            oom: oom.ok(),
        })
    }

    /// Readable when the primary's life has ended.
    #[must_use]
    pub fn descriptor(&self) -> BorrowedFd<'_> {
        self.end.bell.as_fd()
    }

    /// When the primary's life was seen to end, in the log's time.
    #[must_use]
    pub fn ended_at(&self) -> Option<Time> {
        Some(self.end.at.load(Ordering::Acquire)).filter(|at| *at != 0).map(Time)
    }

    /// Whether the primary will never again run its program's code.
    #[must_use]
    pub fn is_past(&self) -> bool {
        match &self.thread {
            Some(thread) => process::is_past(&self.pidfd, thread),
            None => self.pidfd.is_over(),
        }
    }

    /// Whether the kernel has killed processes for lack of memory since the watch began.
    #[must_use]
    pub fn memory_was_short(&self) -> bool {
        self.oom.as_ref().is_some_and(|(counter, before)| counter.count().is_ok_and(|now| now > *before))
    }

    /// When to look again.
    #[must_use]
    pub fn deadline(&self) -> Time {
        Time(self.observed.0 + self.detector.interval().as_micros() as u64)
    }

    /// Looks at what the primary does, if it is time to.
    pub fn look(&mut self, now: Time, log: &SharedLog, sockets: &Sockets) -> Judgement {
        if now < self.deadline() {
            return Judgement::Fine;
        }
        self.observed = now;
        let tick = log.load(Word::Tick);
        let moved = std::mem::replace(&mut self.tick, tick) != tick;
        let waits = log.load(Word::Working) != 0 || (!moved && anything_waits(sockets));
        let deadline = Some(log.load(Word::Deadline)).filter(|deadline| *deadline != u64::MAX).map(Time);
        self.detector.observe(&Observation {
            now,
            tick,
            deadline,
            work: if waits { Work::Left } else { Work::Done },
            primary: self.thread(),
        })
    }

    fn thread(&self) -> Thread {
        let task = self.thread.as_ref().and_then(|thread| thread.look().ok());
        let state = match task.map(|task| task.state) {
            Some('R') => ThreadState::Running,
            Some('D') => ThreadState::Uninterruptible,
            Some('T') => ThreadState::Stopped,
            Some('t') => ThreadState::Traced,
            Some('Z' | 'X') | None => ThreadState::Gone,
            Some(_) => ThreadState::Sleeping,
        };
        let schedule = Schedule::of(self.pid, self.pid).unwrap_or_default();
        Thread { state, ran: schedule.ran, waited: schedule.waited }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.end.enough.store(true, Ordering::Release);
    }
}

/// Whether octets wait to be read on any socket.
fn anything_waits(sockets: &Sockets) -> bool {
    let mut polled: Vec<_> = sockets.iter().map(|(_, _, socket)| socket).collect();
    let mut polled: Vec<_> =
        polled.iter_mut().map(|socket| PollFd::from_borrowed_fd(*socket, PollFlags::IN)).collect();
    let at_once = rustix::time::Timespec { tv_sec: 0, tv_nsec: 0 };
    let waiting = rustix::event::poll(&mut polled, Some(&at_once)).unwrap_or_default();
    waiting > 0 && polled.iter().any(|polled| polled.revents().contains(PollFlags::IN))
}

fn micros() -> u64 {
    crate::sys::keeper::time().0
}
