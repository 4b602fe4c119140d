//! The primary's life as a futex: the kernel itself says within a fraction of a millisecond that its owner is
//! dead, whatever killed it and however much memory it leaves to be freed.
//!
//! The primary's main thread registers the futex in its robust list and holds it for life. When the thread
//! ends, the kernel marks the futex and wakes who waits, before it frees the memory. The owner itself sets the
//! mark that somebody waits, so a waiter needs to read it only. A primary that goes wild can write the mark as
//! well: so it is confirmed by [`is_past`](super::process::is_past) before anybody acts.

use std::io;
use std::marker::PhantomData;
use std::ptr;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rustix::thread::futex::{self, Flags};
use rustix::time::Timespec;

use super::memory::LifeWord;

const TID: u32 = 0x3fff_ffff;
const OWNER_DIED: u32 = futex::OWNER_DIED;
const WAITERS: u32 = futex::WAITERS;

/// The kernel wakes one waiter of those that there may be; another one looks by itself after so long.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// How the primary stands, as its futex says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It holds the futex.
    Lives,
    /// Its holder died. It may be the holder before the one that is asked for: confirm it.
    Died,
    /// Its holder gave it back on purpose.
    Released,
    /// It was never held, or is held by another thread.
    NotHeld,
}

/// `struct robust_list` of linux/futex.h.
#[repr(C)]
struct RobustList {
    next: *mut RobustList,
}

/// `struct robust_list_head` of linux/futex.h.
#[repr(C)]
struct RobustListHead {
    list: RobustList,
    futex_offset: libc::c_long,
    list_op_pending: *mut RobustList,
}

struct Registered {
    head: RobustListHead,
    entry: RobustList,
}

/// The futex, held by the thread that made this value. Dropping it is like that thread's death.
pub struct Life {
    word: LifeWord,
    registered: *mut Registered,
    /// What the C library had registered for its own mutexes.
    before: *mut RobustListHead,
    of_one_thread: PhantomData<*const ()>,
}

impl Life {
    /// Holds the futex for the calling thread's life. Whoever held it must be past.
    ///
    /// # Errors
    /// The kernel's.
    pub fn hold(word: LifeWord) -> io::Result<Self> {
        let before = robust_list()?;
        let futex_address = word.futex().as_ptr() as isize;
        let registered = Box::into_raw(Box::new(Registered {
            head: RobustListHead {
                list: RobustList { next: ptr::null_mut() },
                futex_offset: 0,
                list_op_pending: ptr::null_mut(),
            },
            entry: RobustList { next: ptr::null_mut() },
        }));
        // SAFETY: `registered` was just made and is this function's alone.
        unsafe {
            let entry = &raw mut (*registered).entry;
            (*registered).head.list.next = entry;
            (*registered).head.futex_offset = (futex_address - entry as isize) as libc::c_long;
            (*entry).next = &raw mut (*registered).head.list;
        }
        let life = Life { word, registered, before, of_one_thread: PhantomData };
        // The word first: a thread that dies between has marked nothing, but it is not known as primary yet.
        let tid = rustix::thread::gettid().as_raw_nonzero().get().cast_unsigned();
        life.store(tid | WAITERS);
        // SAFETY: the head and its entry stay where they are until `Drop` registers another list.
        set_robust_list(unsafe { &raw mut (*registered).head })?;
        Ok(life)
    }

    /// Holds another futex, in its place.
    ///
    /// # Errors
    /// The kernel's.
    pub fn exchange(self, word: LifeWord) -> io::Result<Self> {
        // What the C library had registered is found again.
        drop(self);
        Life::hold(word)
    }

    /// Gives it back on purpose: who waits hears [`Standing::Released`].
    pub fn release(self) {
        self.store(WAITERS);
    }

    fn store(&self, value: u32) {
        self.word.futex().store(value, Ordering::Release);
        // It fails for no address that is mapped.
        let _ = futex::wake(self.word.futex(), Flags::empty(), i32::MAX.cast_unsigned());
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        // It failed never while the first registration did not.
        let _ = set_robust_list(self.before);
        // SAFETY: made by `Box::into_raw` in `hold`, and known to the kernel no more.
        drop(unsafe { Box::from_raw(self.registered) });
        if self.word.futex().load(Ordering::Acquire) & TID != 0 {
            self.store(WAITERS | OWNER_DIED);
        }
    }
}

impl LifeWord {
    /// How the primary whose main thread is `tid` stands.
    #[must_use]
    pub fn standing(&self, tid: u32) -> Standing {
        standing(self.futex().load(Ordering::Acquire), tid)
    }

    /// Waits while it lives, at most so long.
    #[must_use]
    pub fn wait(&self, tid: u32, at_most: Duration) -> Standing {
        let until = std::time::Instant::now() + at_most;
        loop {
            let value = self.futex().load(Ordering::Acquire);
            let left = until.saturating_duration_since(std::time::Instant::now()).min(LOOK_AGAIN);
            let now = standing(value, tid);
            if now != Standing::Lives || left.is_zero() {
                return now;
            }
            let left = Timespec { tv_sec: 0, tv_nsec: i64::from(left.subsec_nanos()) };
            // The kernel waits only while the value is still this one; so no death is missed. Whatever the
            // answer is, the word is looked at again.
            let _ = futex::wait(self.futex(), Flags::empty(), value, Some(&left));
        }
    }
}

fn standing(value: u32, tid: u32) -> Standing {
    match value {
        value if value & OWNER_DIED != 0 => Standing::Died,
        value if value & TID == tid && tid != 0 => Standing::Lives,
        WAITERS => Standing::Released,
        _ => Standing::NotHeld,
    }
}

fn robust_list() -> io::Result<*mut RobustListHead> {
    let mut head: *mut RobustListHead = ptr::null_mut();
    let mut length = 0_usize;
    // SAFETY: the kernel writes a pointer and a length to where they are wanted.
    let answer = unsafe { libc::syscall(libc::SYS_get_robust_list, 0, &raw mut head, &raw mut length) };
    if answer == 0 { Ok(head) } else { Err(io::Error::last_os_error()) }
}

fn set_robust_list(head: *mut RobustListHead) -> io::Result<()> {
    // SAFETY: the kernel keeps the address and looks at it when the thread ends; a bad one is ignored then.
    let answer = unsafe { libc::syscall(libc::SYS_set_robust_list, head, size_of::<RobustListHead>()) };
    if answer == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(test)]
mod tests;
