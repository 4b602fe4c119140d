//! Processes as the kernel shows them: whether one lives, what it does, how it ended.

use std::fmt;
use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags};
use rustix::process::{Pid, PidfdFlags, Signal, WaitId, WaitIdOptions};
use rustix::time::Timespec;

/// A process, by a name that is never given to another one.
#[derive(Debug)]
pub struct Pidfd(OwnedFd);

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// By itself, with this status.
    Status(i32),
    /// By this signal.
    Signal(i32),
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Exit::Status(status) => write!(f, "exit status {status}"),
            Exit::Signal(signal) => f.write_str(&signal_name(*signal)),
        }
    }
}

impl Pidfd {
    /// The process that has this number now.
    ///
    /// # Errors
    /// `ESRCH` where there is none.
    pub fn open(pid: u32) -> io::Result<Self> {
        Ok(Pidfd(rustix::process::pidfd_open(number(pid)?, PidfdFlags::empty())?))
    }

    /// The one behind a descriptor that came from another process.
    #[must_use]
    pub fn from_descriptor(descriptor: OwnedFd) -> Self {
        Pidfd(descriptor)
    }

    /// Sends a signal.
    ///
    /// # Errors
    /// `ESRCH` where it is over.
    pub fn signal(&self, signal: Signal) -> io::Result<()> {
        Ok(rustix::process::pidfd_send_signal(&self.0, signal)?)
    }

    /// Sends SIGKILL. Harmless when it is over.
    pub fn kill(&self) {
        // It fails only for a process that is over.
        let _ = self.signal(Signal::KILL);
    }

    /// Whether the process is over: its memory is freed and all its threads are gone.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.wait(Duration::ZERO)
    }

    /// Waits until it is over, at most so long; whether it is.
    #[must_use]
    pub fn wait(&self, at_most: Duration) -> bool {
        let until = std::time::Instant::now() + at_most;
        loop {
            let left = until.saturating_duration_since(std::time::Instant::now());
            let left =
                Timespec::try_from(left).unwrap_or(Timespec { tv_sec: i64::from(i32::MAX), tv_nsec: 0 });
            let mut polled = [PollFd::new(&self.0, PollFlags::IN)];
            match rustix::event::poll(&mut polled, Some(&left)) {
                Ok(count) => return count > 0,
                Err(rustix::io::Errno::INTR) => {}
                Err(_) => return false,
            }
        }
    }

    /// How a child of this process ended, which is then forgotten by the kernel; `None` while it lives.
    ///
    /// # Errors
    /// `ECHILD` where it is no child, or was asked before.
    pub fn reap(&self) -> io::Result<Option<Exit>> {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG;
        let Some(status) = rustix::process::waitid(WaitId::PidFd(self.0.as_fd()), options)? else {
            return Ok(None);
        };
        let signal = status.terminating_signal().map(Exit::Signal);
        Ok(signal.or(status.exit_status().map(Exit::Status)))
    }
}

impl AsFd for Pidfd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

fn number(pid: u32) -> io::Result<Pid> {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    pid.ok_or_else(|| io::ErrorKind::InvalidInput.into())
}

/// A signal's name, as `kill -l` has it with `SIG` before it.
#[must_use]
pub fn signal_name(signal: i32) -> String {
    match Signal::from_named_raw(signal) {
        Some(named) => format!("{named:?}").replace("Signal::", "SIG").replace('"', ""),
        None => format!("signal {signal}"),
    }
}

/// Whether a thread of the process will never again run the program's code: it has ended, or is on the way and
/// cannot turn back. A process with much memory stays on that way for long.
#[must_use]
pub fn is_past(process: &Pidfd, thread: &Watched) -> bool {
    match thread.look() {
        Ok(task) if !task.is_exiting() => process.is_over(),
        Ok(_) => true,
        Err(error) => is_gone(&error) || process.is_over(),
    }
}

/// Whether a look into /proc failed because what was looked at is there no more.
fn is_gone(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ENOENT | libc::ESRCH))
}

/// A thread at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// Its name, at most 15 octets.
    pub comm: String,
    /// The kernel's letter: `R` runs or could, `S` sleeps, `D` sleeps and cannot be woken, `T` is stopped,
    /// `t` is traced, `Z` and `X` are over.
    pub state: char,
    /// The kernel's flags.
    pub flags: u64,
    /// Clock ticks of processor time in the program and in the kernel.
    pub cpu_ticks: u64,
}

/// A thread that is looked at more than once. It stays the same thread, whoever has its number later.
#[derive(Debug)]
pub struct Watched(File);

impl Watched {
    /// The thread `tid` of the process `pid`; the main thread's number is the process's.
    ///
    /// # Errors
    /// `ENOENT` where there is none.
    pub fn open(pid: u32, tid: u32) -> io::Result<Self> {
        Ok(Watched(File::open(format!("/proc/{pid}/task/{tid}/stat"))?))
    }

    /// How it is now.
    ///
    /// # Errors
    /// `ESRCH` where it is gone.
    pub fn look(&self) -> io::Result<Task> {
        let mut text = [0; 1024];
        let length = rustix::io::pread(&self.0, &mut text, 0)?;
        Task::parse(&text[..length]).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }
}

impl Task {
    fn parse(text: &[u8]) -> Option<Self> {
        // The name may hold anything, also a closing bracket; nothing behind it does.
        let open = text.iter().position(|octet| *octet == b'(')?;
        let close = text.iter().rposition(|octet| *octet == b')')?;
        let comm = String::from_utf8_lossy(text.get(open + 1..close)?).into_owned();
        let mut fields = std::str::from_utf8(text.get(close + 1..)?).ok()?.split_ascii_whitespace();
        let state = fields.next()?.chars().next()?;
        // Numbers as in proc(5), where the state is the third.
        let flags = fields.nth(5)?.parse().ok()?;
        let user: u64 = fields.nth(4)?.parse().ok()?;
        let system: u64 = fields.next()?.parse().ok()?;
        Some(Task { comm, state, flags, cpu_ticks: user + system })
    }

    /// Whether it is over, or on the way and cannot turn back.
    #[must_use]
    pub fn is_exiting(&self) -> bool {
        /// linux/sched.h: set before the robust list is looked at and the memory is freed.
        const PF_EXITING: u64 = 0x4;
        matches!(self.state, 'Z' | 'X') || self.flags & PF_EXITING != 0
    }

    /// Whether a signal or a debugger has stopped it.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        matches!(self.state, 'T' | 't')
    }
}

/// How a thread was scheduled, since it began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Schedule {
    /// How long it ran.
    pub ran: Duration,
    /// How long it could have run and was not let.
    pub waited: Duration,
}

impl Schedule {
    /// A thread's.
    ///
    /// # Errors
    /// `ENOENT` or `ESRCH` where it is gone; `InvalidData` where the kernel keeps none.
    pub fn of(pid: u32, tid: u32) -> io::Result<Self> {
        Self::parse(&fs::read_to_string(format!("/proc/{pid}/task/{tid}/schedstat"))?)
            .ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    /// The calling thread's.
    ///
    /// # Errors
    /// `InvalidData` where the kernel keeps none.
    pub fn own() -> io::Result<Self> {
        Self::parse(&fs::read_to_string("/proc/thread-self/schedstat")?)
            .ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    fn parse(text: &str) -> Option<Self> {
        let mut fields = text.split_ascii_whitespace().map(str::parse);
        let mut next = || Some(Duration::from_nanos(fields.next()?.ok()?));
        Some(Schedule { ran: next()?, waited: next()? })
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    fn sleeper() -> std::process::Child {
        Command::new("sleep").arg("60").stdin(Stdio::null()).spawn().unwrap()
    }

    #[test]
    fn a_name_may_hold_anything() {
        let text = b"17 (a) R (b) T 1 17 17 0 -1 4194308 10 0 0 0 31 11 0 0 20 0 1 0 5 6 7";
        let task = Task::parse(text).unwrap();
        assert_eq!((task.comm.as_str(), task.state, task.cpu_ticks), ("a) R (b", 'T', 42));
        assert!(task.is_exiting() && task.is_stopped());
        for cut in 0..30 {
            assert_eq!(Task::parse(&text[..cut]), None);
        }
    }

    #[test]
    fn a_living_process_is_not_past_and_a_killed_one_is() {
        let mut child = sleeper();
        let pidfd = Pidfd::open(child.id()).unwrap();
        let main = Watched::open(child.id(), child.id()).unwrap();
        assert!(!pidfd.is_over() && !is_past(&pidfd, &main));
        assert_eq!(pidfd.reap().unwrap(), None);
        pidfd.signal(Signal::STOP).unwrap();
        while !main.look().unwrap().is_stopped() {
            std::thread::yield_now();
        }
        assert!(!is_past(&pidfd, &main));
        pidfd.kill();
        assert!(pidfd.wait(Duration::from_secs(10)) && is_past(&pidfd, &main));
        assert_eq!(pidfd.reap().unwrap(), Some(Exit::Signal(libc::SIGKILL)));
        assert!(is_past(&pidfd, &main));
        assert!(pidfd.reap().is_err());
        let _ = child.wait();
    }

    #[test]
    fn ends_have_names() {
        let mut child = Command::new("sh").args(["-c", "exit 3"]).spawn().unwrap();
        let pidfd = Pidfd::open(child.id()).unwrap();
        assert!(pidfd.wait(Duration::from_secs(10)));
        assert_eq!(pidfd.reap().unwrap().unwrap().to_string(), "exit status 3");
        let _ = child.wait();
        assert_eq!(Exit::Signal(libc::SIGSEGV).to_string(), "SIGSEGV");
        assert_eq!(Exit::Signal(40).to_string(), "signal 40");
    }

    #[test]
    fn a_busy_thread_shows_in_its_schedule() {
        let before = Schedule::own().unwrap();
        let until = std::time::Instant::now() + Duration::from_millis(30);
        while std::time::Instant::now() < until {}
        assert!(Schedule::own().unwrap().ran > before.ran);
        let pid = std::process::id();
        assert!(Schedule::of(pid, pid).is_ok());
        assert!(is_gone(&Schedule::of(pid, 1).unwrap_err()));
    }
}
