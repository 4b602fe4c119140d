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
///
/// What counts is the time since the last progress or since something began to wait, whichever is later. Of that
/// time the kernel says how much of it the primary ran and how much it waited for a processor; in the rest it slept
/// or stood still, by its own doing.
#[derive(Clone, Debug)]
pub struct Detector {
    limit: Duration,
    /// Where the time that counts begins; `None` while nothing waits.
    start: Option<Observation>,
    last: Option<Observation>,
    /// Since when the tick has been what it is.
    progress: Time,
}

impl Detector {
    /// One that calls no progress for `limit` a hang.
    #[must_use]
    pub fn new(limit: Duration) -> Self {
        Detector { limit, start: None, last: None, progress: Time(0) }
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
        self.start = None;
        self.last = None;
    }

    /// Takes an observation.
    pub fn observe(&mut self, seen: &Observation) -> Judgement {
        let last = self.last.replace(*seen);
        if last.is_none_or(|last| last.tick != seen.tick) {
            self.progress = seen.now;
            self.start = None;
        }
        if !waits(seen) {
            self.start = None;
            return Judgement::Fine;
        }
        // An observer that was not let run itself, or that stood still, knows nothing of that time.
        let gap = last.map_or(Duration::ZERO, |last| between(last.now, seen.now));
        if gap > self.limit / 2 {
            self.start = None;
        }
        let start = *self.start.get_or_insert(*seen);
        self.judge(&start, seen)
    }

    fn judge(&self, start: &Observation, seen: &Observation) -> Judgement {
        let counted = between(start.now, seen.now);
        if counted < self.limit {
            return Judgement::Fine;
        }
        let ran = seen.primary.ran.saturating_sub(start.primary.ran);
        let waited = seen.primary.waited.saturating_sub(start.primary.waited);
        let still = counted.saturating_sub(ran).saturating_sub(waited);
        let since = self.progress;
        let how = match seen.primary.state {
            // Its death is for others to detect.
            ThreadState::Gone => return Judgement::Fine,
            _ if ran >= self.limit => Hang::Loop,
            // It may be waiting for a processor since it was last let run.
            ThreadState::Running => return Judgement::Starved { since },
            _ if still < self.limit => return Judgement::Starved { since },
            ThreadState::Sleeping => Hang::Asleep,
            ThreadState::Uninterruptible => Hang::Uninterruptible,
            ThreadState::Stopped => Hang::Stopped,
            ThreadState::Traced => Hang::Traced,
        };
        Judgement::Hung { how, since }
    }
}

/// Whether the primary has something to do.
fn waits(seen: &Observation) -> bool {
    seen.work == Work::Left || seen.deadline.is_some_and(|deadline| deadline <= seen.now)
}

fn between(from: Time, to: Time) -> Duration {
    Duration::from_micros(to.0.saturating_sub(from.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: u64 = 500_000;
    const STEP: u64 = LIMIT / 10;

    /// What a primary does, and what is seen of it, in every tenth of the limit.
    struct Story {
        name: &'static str,
        state: ThreadState,
        /// Of each tenth, in percent: running, and waiting for a processor.
        ran: u64,
        waited: u64,
        work: Work,
        /// Whether it ticks.
        ticks: bool,
        /// How many tenths lie between two observations.
        every: u64,
        expected: fn(Judgement) -> bool,
    }

    const STORIES: [Story; 14] = {
        use ThreadState::{Gone, Running, Sleeping, Stopped, Traced, Uninterruptible};
        const fn story(name: &'static str, state: ThreadState, expected: fn(Judgement) -> bool) -> Story {
            Story { name, state, ran: 0, waited: 0, work: Work::Left, ticks: false, every: 1, expected }
        }
        [
            story("stopped", Stopped, |seen| hung(seen, Hang::Stopped)),
            story("stopped by a debugger", Traced, |seen| hung(seen, Hang::Traced)),
            story("deadlocked", Sleeping, |seen| hung(seen, Hang::Asleep)),
            story("stuck in the kernel", Uninterruptible, |seen| hung(seen, Hang::Uninterruptible)),
            Story { ran: 100, ..story("endless loop", Running, |seen| hung(seen, Hang::Loop)) },
            Story {
                ran: 60,
                waited: 40,
                ..story("loop on a busy machine", Running, |seen| hung(seen, Hang::Loop))
            },
            Story { work: Work::Done, ..story("nothing to do", Sleeping, |seen| seen == Judgement::Fine) },
            Story { ticks: true, ran: 100, ..story("works", Running, |seen| seen == Judgement::Fine) },
            Story { ran: 10, waited: 90, ..story("starved", Running, starved) },
            story("starved, and its wait is not accounted for yet", Running, starved),
            Story { ran: 5, waited: 70, ..story("starved, seen asleep for a moment", Sleeping, starved) },
            Story {
                every: 9,
                ..story("the twin itself is not let run", Stopped, |seen| seen == Judgement::Fine)
            },
            Story { every: 40, ..story("both were stopped", Sleeping, |seen| seen == Judgement::Fine) },
            story("dead", Gone, |seen| seen == Judgement::Fine),
        ]
    };

    fn hung(seen: Judgement, as_expected: Hang) -> bool {
        matches!(seen, Judgement::Hung { how, since } if how == as_expected && since == Time(STEP))
    }

    fn starved(seen: Judgement) -> bool {
        matches!(seen, Judgement::Starved { .. })
    }

    #[test]
    fn each_story_ends_as_it_should() {
        for story in &STORIES {
            let mut detector = Detector::new(Duration::from_micros(LIMIT));
            let mut judged = Judgement::Fine;
            for n in (1..=20).step_by(story.every as usize) {
                let thread = Thread {
                    state: story.state,
                    ran: Duration::from_micros(n * STEP * story.ran / 100),
                    waited: Duration::from_micros(n * STEP * story.waited / 100),
                };
                let tick = if story.ticks { n } else { 0 };
                let now = Time(n * STEP);
                let seen = Observation { now, tick, deadline: None, work: story.work, primary: thread };
                judged = detector.observe(&seen);
                let verdict = !matches!(judged, Judgement::Fine);
                assert!(!verdict || n * STEP >= LIMIT + STEP, "{}: too early, {n}", story.name);
            }
            assert!((story.expected)(judged), "{}: {judged:?}", story.name);
        }
    }

    #[test]
    fn a_passed_deadline_is_work() {
        let mut detector = Detector::new(Duration::from_micros(LIMIT));
        let primary = Thread { state: ThreadState::Sleeping, ran: Duration::ZERO, waited: Duration::ZERO };
        let mut first_hung = None;
        for n in 0..40 {
            let now = Time(n * STEP);
            let deadline = Some(Time(10 * STEP));
            let seen = Observation { now, tick: 7, deadline, work: Work::Done, primary };
            if matches!(detector.observe(&seen), Judgement::Hung { .. }) {
                first_hung.get_or_insert(n);
            }
        }
        assert_eq!(first_hung, Some(20));
    }

    #[test]
    fn a_new_primary_starts_anew() {
        let mut detector = Detector::new(Duration::from_micros(LIMIT));
        let primary = Thread { state: ThreadState::Stopped, ran: Duration::ZERO, waited: Duration::ZERO };
        for n in 0..9 {
            let seen =
                Observation { now: Time(n * STEP), tick: 7, deadline: None, work: Work::Left, primary };
            assert_eq!(detector.observe(&seen), Judgement::Fine);
        }
        detector.restart();
        for n in 9..18 {
            let seen =
                Observation { now: Time(n * STEP), tick: 7, deadline: None, work: Work::Left, primary };
            assert_eq!(detector.observe(&seen), Judgement::Fine);
        }
    }
}
