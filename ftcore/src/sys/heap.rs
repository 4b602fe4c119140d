//! The heap in huge pages: forking a process then takes a fraction of a millisecond instead of some ten, and
//! freeing the memory of a dead one is as quick.
//!
//! The C library has a tunable for that (`glibc.malloc.hugetlb=1`), but version 2.36 obeys it at random, and no
//! version does outside of the main arena. So the program's allocator calls [`grown`] here, which asks the
//! kernel for huge pages wherever the heap has grown, before the new part is touched. It is off until
//! [`prefer_huge_pages`].

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How far ahead the heap grows, and how much of it may lie unused before it shrinks.
const AHEAD: libc::c_int = 64 << 20;
/// What is larger is not on the heap, but has a mapping of its own.
const OWN_MAPPING: libc::c_int = 32 << 20;
/// A mapping of its own that is smaller has no use of huge pages.
const WORTH: usize = 4 << 20;
const PAGE: usize = 4096;

/// The heap's end up to which the kernel was asked. The largest number while this is off: nothing lies beyond.
static ASKED: AtomicUsize = AtomicUsize::new(usize::MAX);

/// From now on the heap of this process grows in huge pages, where the system allows them to be asked for. To be
/// called when the process starts, by a program whose allocator is [`NotingAllocator`](super::note).
///
/// # Errors
/// `Unsupported` where the C library does not let its allocator be set up.
pub fn prefer_huge_pages() -> io::Result<()> {
    let settings = [
        // One heap, also for what other threads allocate.
        (libc::M_ARENA_MAX, 1),
        (libc::M_TOP_PAD, AHEAD),
        (libc::M_TRIM_THRESHOLD, 4 * AHEAD),
        (libc::M_MMAP_THRESHOLD, OWN_MAPPING),
    ];
    for (setting, value) in settings {
        // SAFETY: sets a number of the C library's allocator.
        if unsafe { libc::mallopt(setting, value) } != 1 {
            return Err(io::ErrorKind::Unsupported.into());
        }
    }
    ASKED.store(end(), Ordering::Relaxed);
    Ok(())
}

/// Notices where the heap has shrunk: what grows there again is asked for again.
pub(super) fn notice_shrinking() {
    let asked = ASKED.load(Ordering::Relaxed);
    if asked != usize::MAX && end() < asked {
        ASKED.store(end(), Ordering::Relaxed);
    }
}

/// To be told of all memory that was allocated. Nearly always this is one comparison.
#[inline]
pub(super) fn grown(memory: *mut u8, octets: usize) {
    if memory.addr() >= ASKED.load(Ordering::Relaxed) {
        ask(memory.addr(), octets);
    }
}

#[cold]
fn ask(memory: usize, octets: usize) {
    let end = end();
    if memory < end {
        // The heap lies below all mappings.
        let from = ASKED.swap(end, Ordering::Relaxed);
        want_huge(from, end);
    } else if octets >= WORTH {
        want_huge(memory, memory.saturating_add(octets));
    }
}

fn want_huge(from: usize, to: usize) {
    let from = from.next_multiple_of(PAGE);
    let length = (to / PAGE * PAGE).saturating_sub(from);
    if length > 0 {
        // SAFETY: nothing that is in the memory changes. It is not told when it fails: the pages are small then.
        unsafe { libc::madvise(std::ptr::with_exposed_provenance_mut(from), length, libc::MADV_HUGEPAGE) };
    }
}

/// The heap's end.
fn end() -> usize {
    // SAFETY: asks, and changes nothing.
    unsafe { libc::sbrk(0) }.addr()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Says to this program's tests, run as a process of its own, that they are a part of another one.
    const PART: &str = "FTCORE_PART";

    /// Run again as a process of its own by the test below.
    #[test]
    fn grow() {
        if std::env::var_os(PART).is_none() {
            return;
        }
        prefer_huge_pages().unwrap();
        let pieces: Vec<Box<[u8]>> = (0..100_000).map(|_| vec![1; 200].into_boxed_slice()).collect();
        let large = vec![1_u8; 2 * OWN_MAPPING as usize];
        let (small, large) = (pieces[90_000].as_ptr().addr(), large.as_ptr().addr() + (8 << 20));
        // Each mapping is a line with its range, and lines that say more; the last one has its flags.
        let maps = std::fs::read_to_string("/proc/self/smaps").unwrap();
        let mut range = 0..0;
        let mut asked = [false; 2];
        for line in maps.lines() {
            let bounds = line.split_ascii_whitespace().next().and_then(|first| first.split_once('-'));
            let bounds = bounds.map(|(from, to)| [from, to].map(|end| usize::from_str_radix(end, 16)));
            if let Some([Ok(from), Ok(to)]) = bounds {
                range = from..to;
            }
            if line.starts_with("VmFlags:") && line.split(' ').any(|flag| flag == "hg") {
                asked[0] |= range.contains(&small);
                asked[1] |= range.contains(&large);
            }
        }
        assert_eq!(asked, [true, true], "heap, mapping of its own");
        drop(pieces);
    }

    #[test]
    fn a_growing_heap_is_asked_for_in_huge_pages() {
        if std::fs::metadata("/sys/kernel/mm/transparent_hugepage").is_err() {
            return;
        }
        let mut command = std::process::Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "sys::heap::tests::grow"]).env(PART, "1");
        // A test runs in a thread that has its heap before it can say a word about it.
        let output = command.env("GLIBC_TUNABLES", "glibc.malloc.arena_max=1").output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
}
