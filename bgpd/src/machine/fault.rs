//! Failures on demand, in builds for tests only.
//!
//! A fault is a process's own: it is armed in one process, strikes inside the step of a later entry, and is in no
//! log; the other process takes the same entry and lives.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use ftcore::core::input::Input;

use crate::daemon::sys;

/// Which process fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Victim {
    /// The one that answers.
    Primary,
    /// The one that stands by.
    Twin,
}

/// How a process fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A panic.
    Panic,
    /// SIGABRT.
    Abort,
    /// An access to memory that is not there.
    Segv,
    /// No more memory.
    Oom,
    /// A lock that is never free.
    Deadlock,
    /// A loop without end.
    Loop,
    /// An exit that nobody ordered.
    Exit,
    /// An entry with octets of a peer that is passed over, as if it had brought nothing.
    Diverge,
    /// An input of the program's own that kills whoever takes it, the one that takes over as well.
    Input,
}

impl Fault {
    /// Every fault, in the order of their numbers.
    pub const ALL: [Fault; 9] = [
        Fault::Panic,
        Fault::Abort,
        Fault::Segv,
        Fault::Oom,
        Fault::Deadlock,
        Fault::Loop,
        Fault::Exit,
        Fault::Diverge,
        Fault::Input,
    ];

    /// Its word in the command.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Fault::Panic => "panic",
            Fault::Abort => "abort",
            Fault::Segv => "segv",
            Fault::Oom => "oom",
            Fault::Deadlock => "deadlock",
            Fault::Loop => "loop",
            Fault::Exit => "exit",
            Fault::Diverge => "diverge",
            Fault::Input => "input",
        }
    }
}

/// What is armed: 0 for nothing, else the fault's place plus 1 in the low octet, above it the entries to come.
static ARMED: AtomicU64 = AtomicU64::new(0);

/// Memory that a process without memory may still have, in octets.
const LAST_MEMORY: u64 = 64 << 20;

/// A fault and its moment as one number, which can be sent to another process.
#[must_use]
pub fn number(fault: Fault, after: u32) -> u64 {
    u64::from(after) << 8 | (fault as u64 + 1)
}

/// Arms what [`number`] made: it strikes inside the step after so many others. Safe in a signal handler.
pub fn arm(number: u64) {
    ARMED.store(number, Ordering::SeqCst);
}

/// What is done with an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Course {
    /// It is taken.
    Take,
    /// It is passed over.
    PassOver,
}

/// An entry with fewer octets than this may be a KEEPALIVE, of which little is seen when it is missing.
const TELLING: usize = 64;

/// The input that kills whoever takes it.
pub const DEADLY: &[u8] = b"an input that kills whoever takes it";

/// Counts an entry, and fails if it is the one.
pub(super) fn strike_if_due(input: &Input<'_>) -> Course {
    assert!(*input != Input::Other(DEADLY), "an input asks for a panic (a build with the feature 'fault')");
    let armed = ARMED.load(Ordering::Relaxed);
    if armed == 0 {
        return Course::Take;
    }
    if armed >> 8 > 0 {
        ARMED.store(armed - (1 << 8), Ordering::Relaxed);
        return Course::Take;
    }
    let Some(fault) = Fault::ALL.get((armed & 0xff) as usize - 1) else { return Course::Take };
    let tells = matches!(input, Input::Received { octets, .. } if octets.len() >= TELLING);
    if *fault == Fault::Diverge && !tells {
        return Course::Take;
    }
    ARMED.store(0, Ordering::Relaxed);
    if *fault == Fault::Diverge {
        return Course::PassOver;
    }
    strike(*fault);
    Course::Take
}

fn strike(fault: Fault) {
    match fault {
        Fault::Panic => panic!("a fault was ordered"),
        Fault::Abort => std::process::abort(),
        Fault::Segv => sys::touch_nothing(),
        Fault::Oom => exhaust(),
        Fault::Deadlock => {
            let lock = Mutex::new(());
            let _held = lock.lock();
            let _never = lock.lock();
        }
        Fault::Loop => {
            let mut count = 0_u64;
            loop {
                count = std::hint::black_box(count.wrapping_add(1));
            }
        }
        Fault::Exit => std::process::exit(0),
        Fault::Diverge | Fault::Input => {
            unreachable!("what is passed over, or in the log, fails nobody here")
        }
    }
}

/// Asks for memory until there is none.
fn exhaust() {
    if let Err(error) = sys::limit_memory(LAST_MEMORY) {
        panic!("the memory cannot be limited: {error}");
    }
    let mut all = Vec::new();
    loop {
        all.push(std::hint::black_box(vec![1_u8; 1 << 20]));
    }
}
