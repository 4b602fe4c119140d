//! Trying something in a forked child that may die, hang or eat memory, and hearing what became of it.
//!
//! The child has a copy of this process's memory, and else nothing: see [`fork`](super::fork). The shared ring
//! is not in it. It is dead when [`run`] returns.

use std::io;
use std::ptr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::fork::fork;
use super::mapping::Mapping;
use super::process::Exit;

/// The longest answer that a trial can give.
pub const ANSWER_OCTETS: usize = 1 << 16;
const NO_ANSWER: u64 = u64::MAX;
/// The two numbers at the beginning of the shared memory.
const NUMBERS: usize = 2 * size_of::<u64>();

/// What a trial may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Time.
    pub within: Duration,
    /// Memory, in octets beyond what this process has.
    pub memory_octets: u64,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It came to its end and answered.
    Survived(Vec<u8>),
    /// It died.
    Died {
        /// How. Where memory was refused it is an abort.
        exit: Exit,
        /// How far it had come, as it said last.
        progress: u64,
    },
    /// It was killed for lack of an end.
    TookTooLong {
        /// How far it had come, as it said last.
        progress: u64,
    },
}

/// Where a trial says how far it has come, and answers.
#[derive(Debug)]
pub struct Progress(Mapping);

impl Progress {
    fn new() -> io::Result<Self> {
        let progress = Progress(Mapping::shared_with_children(NUMBERS + ANSWER_OCTETS)?);
        progress.number(1).store(NO_ANSWER, Ordering::Release);
        Ok(progress)
    }

    /// Says how far it has come. What was said last is known whatever happens then.
    pub fn say(&self, progress: u64) {
        self.number(0).store(progress, Ordering::Release);
    }

    fn number(&self, n: usize) -> &AtomicU64 {
        let address = self.0.at(n * size_of::<u64>()).cast::<u64>();
        // SAFETY: the address is aligned and inside of a mapping that lives as long as `self`; both processes
        // use it as an atomic alone.
        unsafe { AtomicU64::from_ptr(address.as_ptr()) }
    }

    fn answer(&self, answer: &[u8]) -> i32 {
        if answer.len() > ANSWER_OCTETS {
            return libc::EMSGSIZE;
        }
        // SAFETY: there is room for so many octets behind the numbers, and nobody reads them before the length
        // is stored.
        unsafe { ptr::copy_nonoverlapping(answer.as_ptr(), self.0.at(NUMBERS).as_ptr(), answer.len()) };
        self.number(1).store(answer.len() as u64, Ordering::Release);
        0
    }

    fn answered(&self) -> Option<Vec<u8>> {
        let length = usize::try_from(self.number(1).load(Ordering::Acquire)).ok()?;
        if length > ANSWER_OCTETS {
            return None;
        }
        let mut answer = vec![0; length];
        // SAFETY: so many octets are mapped behind the numbers, and the child that wrote them is dead.
        unsafe { ptr::copy_nonoverlapping(self.0.at(NUMBERS).as_ptr(), answer.as_mut_ptr(), length) };
        Some(answer)
    }
}

/// Tries `work`, and waits for the outcome. It must take no lock that another thread may hold, and not log.
///
/// # Errors
/// The kernel's, where nothing could be tried at all.
pub fn run(limits: Limits, work: impl FnOnce(&Progress) -> Vec<u8>) -> io::Result<Outcome> {
    let progress = Progress::new()?;
    let mut child = fork(&[], || {
        if let Err(error) = limit_memory(limits.memory_octets) {
            return error.raw_os_error().unwrap_or(libc::EIO);
        }
        progress.answer(&work(&progress))
    })?;
    let ended = child.pidfd().wait(limits.within);
    let exit = if ended { child.end() } else { None };
    // Dead, whatever it did, before anybody acts on the answer.
    drop(child);
    let said = progress.number(0).load(Ordering::Acquire);
    Ok(match (exit, progress.answered()) {
        (Some(Exit::Status(0)), Some(answer)) => Outcome::Survived(answer),
        (Some(exit), _) => Outcome::Died { exit, progress: said },
        (None, _) => Outcome::TookTooLong { progress: said },
    })
}

/// Lets this process have so much more memory than it has now.
fn limit_memory(octets: u64) -> io::Result<()> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    // The sixth number is what is writable and private, in pages (proc(5)).
    let present = std::fs::read_to_string("/proc/self/statm")?;
    let pages: Option<u64> = present.split_ascii_whitespace().nth(5).and_then(|pages| pages.parse().ok());
    let present = pages.ok_or(io::ErrorKind::InvalidData)? * rustix::param::page_size() as u64;
    let limit = present.saturating_add(octets);
    let allowed = getrlimit(Resource::Data).maximum.map_or(limit, |most| most.min(limit));
    Ok(setrlimit(Resource::Data, Rlimit { current: Some(allowed), maximum: Some(allowed) })?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { within: Duration::from_secs(20), memory_octets: 64 << 20 };

    #[test]
    fn a_trial_answers_and_changes_nothing_here() {
        let mut value = 1;
        let outcome = run(LIMITS, |_| {
            value = 2;
            vec![7; 3]
        });
        assert_eq!(outcome.unwrap(), Outcome::Survived(vec![7; 3]));
        assert_eq!(value, 1);
    }

    #[test]
    fn a_death_is_told_with_how_far_it_came() {
        let outcome = run(LIMITS, |progress| {
            progress.say(4);
            std::process::abort()
        });
        assert_eq!(outcome.unwrap(), Outcome::Died { exit: Exit::Signal(libc::SIGABRT), progress: 4 });
        let outcome = run(LIMITS, |_| panic!("meant"));
        assert!(matches!(outcome.unwrap(), Outcome::Died { progress: 0, .. }));
        let outcome = run(LIMITS, |_| std::process::exit(0));
        assert!(matches!(outcome.unwrap(), Outcome::Died { exit: Exit::Status(0), .. }));
    }

    #[test]
    fn an_endless_loop_is_ended() {
        let limits = Limits { within: Duration::from_millis(30), ..LIMITS };
        let outcome = run(limits, |progress| {
            progress.say(9);
            loop {
                std::hint::spin_loop();
            }
        });
        assert_eq!(outcome.unwrap(), Outcome::TookTooLong { progress: 9 });
    }

    #[test]
    fn what_eats_memory_dies_of_it() {
        let outcome = run(LIMITS, |progress| {
            let mut eaten = Vec::new();
            loop {
                eaten.push(vec![1_u8; 1 << 20]);
                progress.say(eaten.len() as u64);
            }
        });
        let Ok(Outcome::Died { exit: Exit::Signal(libc::SIGABRT), progress }) = outcome else {
            panic!("{outcome:?}")
        };
        assert!((40..=80).contains(&progress), "{progress} MB were given");
    }

    #[test]
    fn an_answer_that_is_too_long_is_no_answer() {
        let outcome = run(LIMITS, |_| vec![0; ANSWER_OCTETS + 1]);
        assert!(matches!(outcome.unwrap(), Outcome::Died { exit: Exit::Status(libc::EMSGSIZE), .. }));
        assert_eq!(
            run(LIMITS, |_| vec![1; ANSWER_OCTETS]).unwrap(),
            Outcome::Survived(vec![1; ANSWER_OCTETS])
        );
    }
}
