//! A forked child that works for its parent and ends: a copy of the parent's memory as it is now, and nothing
//! else of the parent's: no socket, no shared ring, no signal's catcher.
//!
//! The child must not be noticed by anybody but its parent. So it never returns into the program, runs no
//! destructor and no exit hook, and dies with the thread that made it. What runs in it may allocate (the C
//! library sees to that) but takes no lock that another thread of the parent may have held.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use super::process::{Exit, Pidfd};
use super::{heap, note};

/// The status of a child whose work panicked where panics unwind; where they abort it dies by SIGABRT.
const PANICKED: i32 = 101;

/// A child. Dropping the value kills it.
#[derive(Debug)]
pub struct Forked {
    pid: u32,
    pidfd: Pidfd,
    end: Option<Exit>,
}

/// Forks a child that does `work` with only the descriptors `keep` open (and `/dev/null` where standard input
/// and outputs are), and ends with the status that it answers. The calling thread must outlive the child.
///
/// # Errors
/// The kernel's, where it cannot fork.
pub fn fork(keep: &[BorrowedFd<'_>], work: impl FnOnce() -> i32) -> io::Result<Forked> {
    heap::notice_shrinking();
    let parent = std::process::id();
    // SAFETY: the child goes on with the copy of this thread alone; it runs `work` under the terms above and
    // ends without returning from here.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        let status = catch_unwind(AssertUnwindSafe(|| {
            enter(keep, parent);
            work()
        }));
        // SAFETY: ends the process, without destructors and exit hooks.
        unsafe { libc::_exit(status.unwrap_or(PANICKED)) };
    }
    let Ok(pid) = u32::try_from(pid) else { return Err(io::Error::last_os_error()) };
    // A pidfd for what has not been waited for is of that child. Without one (no descriptor left) the child
    // is killed, since nobody could watch it.
    match Pidfd::open(pid) {
        Ok(pidfd) => Ok(Forked { pid, pidfd, end: None }),
        Err(error) => {
            let child = i32::try_from(pid).unwrap_or_default();
            // SAFETY: the number is of the child, which was not waited for yet.
            unsafe {
                libc::kill(child, libc::SIGKILL);
                libc::waitpid(child, std::ptr::null_mut(), 0);
            }
            Err(error)
        }
    }
}

/// Makes the child what it must be before its work.
fn enter(keep: &[BorrowedFd<'_>], parent: u32) {
    note::leave_to_parent();
    // SAFETY: system calls that change this child alone: its end with its parent, its signals' dispositions and
    // mask, its dumps.
    unsafe {
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
        if u32::try_from(libc::getppid()) != Ok(parent) {
            libc::_exit(PANICKED);
        }
        for signal in 1..libc::SIGRTMAX() {
            libc::signal(signal, libc::SIG_DFL);
        }
        let mut none = std::mem::zeroed();
        libc::sigemptyset(&raw mut none);
        libc::sigprocmask(libc::SIG_SETMASK, &raw const none, std::ptr::null_mut());
        // A dump would hold up its end.
        libc::prctl(libc::PR_SET_DUMPABLE, 0);
    }
    close_all_but(keep);
}

fn close_all_but(keep: &[BorrowedFd<'_>]) {
    let mut kept: Vec<u32> = keep.iter().filter_map(|fd| u32::try_from(fd.as_raw_fd()).ok()).collect();
    kept.sort_unstable();
    let mut first = 3;
    for fd in kept {
        if fd > first {
            close_range(first, fd - 1);
        }
        first = first.max(fd + 1);
    }
    close_range(first, u32::MAX);
    // SAFETY: descriptors 0 to 2 of this child are replaced; nobody in it uses them but for complaints. One
    // that is to be kept stays.
    unsafe {
        let null = libc::open(c"/dev/null".as_ptr(), libc::O_RDWR | libc::O_CLOEXEC);
        for standard in 0..3 {
            if null != standard && !keep.iter().any(|fd| fd.as_raw_fd() == standard) {
                libc::dup2(null, standard);
            }
        }
        if null > 2 {
            libc::close(null);
        }
    }
}

fn close_range(first: u32, last: u32) {
    // SAFETY: closes descriptors of this child only; nothing that owns one of them is used or dropped in it.
    unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) };
}

impl Forked {
    /// Its number.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Readable when it has ended.
    #[must_use]
    pub fn pidfd(&self) -> &Pidfd {
        &self.pidfd
    }

    /// How it ended; `None` while it works.
    pub fn end(&mut self) -> Option<Exit> {
        if self.end.is_none() {
            // It can be waited for by nobody else; where somebody did, it is over all the same.
            self.end = self.pidfd.reap().unwrap_or(Some(Exit::Status(PANICKED)));
        }
        self.end
    }

    /// Waits for its end, and kills it when that takes longer; then the answer is `None`.
    pub fn wait(mut self, at_most: Duration) -> Option<Exit> {
        if self.pidfd.wait(at_most) { self.end() } else { None }
    }
}

impl Drop for Forked {
    fn drop(&mut self) {
        if self.end().is_none() {
            self.pidfd.kill();
            // What is being killed ends soon; a parent that left it unreaped would keep its number for ever.
            let _ = self.pidfd.wait(Duration::from_secs(1));
            let _ = self.end();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;

    use super::*;

    const LONG: Duration = Duration::from_secs(20);

    #[test]
    fn a_child_ends_with_its_works_status_and_a_panic_is_a_death() {
        assert_eq!(fork(&[], || 7).unwrap().wait(LONG), Some(Exit::Status(7)));
        assert_eq!(fork(&[], || panic!("meant")).unwrap().wait(LONG), Some(Exit::Status(PANICKED)));
        let by_signal = fork(&[], || std::process::abort()).unwrap();
        assert_eq!(by_signal.wait(LONG), Some(Exit::Signal(libc::SIGABRT)));
    }

    #[test]
    fn a_child_holds_nothing_but_what_it_is_given() {
        let (kept, dropped) = (tempfile_descriptor(), tempfile_descriptor());
        let child = fork(&[kept.as_fd()], || {
            let open = |fd: BorrowedFd<'_>| rustix::io::fcntl_getfd(fd).is_ok();
            i32::from(open(kept.as_fd())) + 2 * i32::from(open(dropped.as_fd()))
        });
        assert_eq!(child.unwrap().wait(LONG), Some(Exit::Status(1)));
    }

    #[test]
    fn a_child_that_takes_too_long_is_killed() {
        let child = fork(&[], || {
            loop {
                std::thread::sleep(LONG);
            }
        });
        let child = child.unwrap();
        let other = Pidfd::open(child.pid()).unwrap();
        assert_eq!(child.wait(Duration::from_millis(20)), None);
        assert!(other.is_over());
    }

    fn tempfile_descriptor() -> std::os::fd::OwnedFd {
        rustix::fs::memfd_create("kept", rustix::fs::MemfdFlags::CLOEXEC).unwrap()
    }
}
