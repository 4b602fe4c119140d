//! The holder is a forked child each time, and the waiter maps the word read-only as a twin does.

use std::sync::mpsc;
use std::time::Instant;

use super::super::fork::{Forked, fork};
use super::super::memory::{SharedLog, Side, create};
use super::super::process::{self, is_past};
use super::*;

const LONG: Duration = Duration::from_secs(20);

struct Watched {
    child: Forked,
    word: LifeWord,
    thread: process::Watched,
}

impl Watched {
    /// A child that holds the word, fills so much memory, and then does `then`.
    fn new(octets: usize, then: impl FnOnce(Life)) -> Self {
        let file = create(0, 0).unwrap();
        let word = SharedLog::map(file.try_clone().unwrap(), Side::Twin).unwrap().life_word().unwrap();
        let child = fork(&[std::os::fd::AsFd::as_fd(&file)], || {
            let memory = vec![1_u8; octets];
            std::hint::black_box(&memory);
            let log = SharedLog::map(file.try_clone().unwrap(), Side::Primary).unwrap();
            then(Life::hold(log.life_word().unwrap()).unwrap());
            0
        });
        let child = child.unwrap();
        let thread = process::Watched::open(child.pid(), child.pid()).unwrap();
        let watched = Watched { child, word, thread };
        let until = Instant::now() + LONG;
        while watched.word.futex().load(Ordering::Acquire) == 0 {
            assert!(Instant::now() < until, "the child never held the word");
            std::thread::yield_now();
        }
        watched
    }

    fn wait(&self, at_most: Duration) -> Standing {
        self.word.wait(self.child.pid(), at_most)
    }

    fn is_past(&self) -> bool {
        is_past(self.child.pidfd(), &self.thread)
    }
}

fn stay(_life: Life) {
    loop {
        std::thread::sleep(LONG);
    }
}

#[test]
fn a_killed_holder_is_heard_of_and_confirmed() {
    let watched = Watched::new(0, stay);
    assert_eq!(watched.wait(Duration::from_millis(5)), Standing::Lives);
    assert_eq!(watched.word.standing(1), Standing::NotHeld);
    assert!(!watched.is_past());
    watched.child.pidfd().kill();
    assert_eq!(watched.wait(LONG), Standing::Died);
    assert!(watched.is_past());
    // A death that lies before the waiting is heard of as well.
    assert_eq!(watched.wait(LONG), Standing::Died);
}

#[test]
fn a_stopped_holder_lives() {
    let watched = Watched::new(0, stay);
    watched.child.pidfd().signal(rustix::process::Signal::STOP).unwrap();
    assert_eq!(watched.wait(Duration::from_millis(120)), Standing::Lives);
    assert!(!watched.is_past());
}

#[test]
fn a_release_is_no_death() {
    let watched = Watched::new(0, |life| {
        std::thread::sleep(Duration::from_millis(20));
        life.release();
    });
    assert_eq!(watched.wait(LONG), Standing::Released);
    assert!(watched.child.pidfd().wait(LONG));
    assert_eq!(watched.word.standing(watched.child.pid()), Standing::Released);
}

#[test]
fn a_value_that_is_dropped_and_a_thread_that_exits_are_deaths() {
    assert_eq!(Watched::new(0, drop).wait(LONG), Standing::Died);
    let exits = Watched::new(0, |life| {
        std::mem::forget(life);
        std::process::abort();
    });
    assert_eq!(exits.wait(LONG), Standing::Died);
}

#[test]
fn a_faked_death_is_not_confirmed() {
    let watched = Watched::new(0, |life| {
        life.store(WAITERS | OWNER_DIED);
        stay(life);
    });
    assert_eq!(watched.wait(LONG), Standing::Died);
    assert!(!watched.is_past());
}

#[test]
fn a_later_holder_is_told_from_the_one_before() {
    let file = create(0, 0).unwrap();
    let log = SharedLog::map(file, Side::Primary).unwrap();
    log.life_word().unwrap().futex().store(WAITERS | OWNER_DIED, Ordering::Release);
    let life = Life::hold(log.life_word().unwrap()).unwrap();
    let tid = rustix::thread::gettid().as_raw_nonzero().get().cast_unsigned();
    assert_eq!(log.life_word().unwrap().standing(tid), Standing::Lives);
    assert_eq!(log.life_word().unwrap().standing(tid + 1), Standing::NotHeld);
    drop(life);
}

#[derive(Clone, Copy, Debug)]
enum Waiter {
    Ordinary,
    RealTime,
}

/// Microseconds from kill(2) to the waiter's wake-up and to the confirmation, at so much memory.
fn measure(octets: usize, waiter: Waiter) -> [u128; 3] {
    let watched = Watched::new(octets, stay);
    std::thread::scope(|scope| {
        let (tell, heard) = mpsc::channel();
        let watched = &watched;
        scope.spawn(move || {
            // Where it is not allowed both rows are the same.
            let _ = match waiter {
                Waiter::RealTime => super::super::own::run_first(0),
                Waiter::Ordinary => Ok(()),
            };
            assert_eq!(watched.wait(LONG), Standing::Died);
            let woken = Instant::now();
            assert!(watched.is_past());
            tell.send((woken, Instant::now())).unwrap();
        });
        std::thread::sleep(Duration::from_millis(10));
        let killed = Instant::now();
        watched.child.pidfd().kill();
        let (woken, confirmed) = heard.recv().unwrap();
        assert!(watched.child.pidfd().wait(LONG));
        [woken, confirmed, Instant::now()].map(|moment| (moment - killed).as_micros())
    })
}

/// Prints figures: `FTCORE_MEASURE=1 cargo test -p ftcore --lib -- --nocapture --test-threads=1 measured`
#[test]
fn detection_measured() {
    if std::env::var_os("FTCORE_MEASURE").is_none() {
        return;
    }
    use Waiter::{Ordinary, RealTime};
    for (megabytes, waiter) in [(0, Ordinary), (0, RealTime), (300, Ordinary), (300, RealTime)] {
        let mut rows: Vec<_> = (0..25).map(|_| measure(megabytes << 20, waiter)).collect();
        for (column, name) in ["woken", "confirmed", "pidfd"].iter().enumerate() {
            rows.sort_by_key(|row| row[column]);
            let (median, most) = (rows[12][column], rows[24][column]);
            println!("{megabytes} MB, {waiter:?} waiter: {name} after µs: p50 {median}, max {most}");
        }
    }
}
