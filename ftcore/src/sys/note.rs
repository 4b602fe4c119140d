//! The last words of a primary: why it dies, written where its twin can read it, before anything else happens.
//!
//! A process that [`install`]s this dies by SIGKILL within microseconds of a fatal signal or a panic: there is
//! no dump, no unwinding and no exit hook that could take long or put something on a wire. What is written may
//! be wrong, as all that a failing process writes; it is a hint for who reads it. A process that did not install
//! it behaves as ever.

use std::alloc::{GlobalAlloc, Layout, System};
use std::fmt::{self, Write as _};
use std::io;
use std::mem::zeroed;
use std::panic::PanicHookInfo;
use std::ptr;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicPtr, AtomicU8, AtomicU32, AtomicU64, Ordering};

use super::heap;
use super::mapping::Mapping;
use super::process::signal_name;

/// The longest message that is kept, in octets.
pub const MESSAGE_OCTETS: usize = 2048;
const FATAL: [libc::c_int; 7] =
    [libc::SIGSEGV, libc::SIGBUS, libc::SIGILL, libc::SIGFPE, libc::SIGSYS, libc::SIGABRT, libc::SIGTRAP];
const ALTERNATE_STACK_OCTETS: usize = 1 << 16;

const NOTHING: u32 = 0;
const SIGNAL: u32 = 1;
const PANIC: u32 = 2;
const EXIT: u32 = 3;

/// No process has this number.
const NOBODY: u32 = u32::MAX;

/// The note as it lies in shared memory. All zeros say nothing.
#[repr(C)]
struct Page {
    cause: AtomicU32,
    signal: AtomicI32,
    /// Who sent it; [`NOBODY`] where it came of what the process did itself.
    sender: AtomicU32,
    address: AtomicU64,
    /// How much could not be allocated; 0 where all could.
    refused_octets: AtomicU64,
    pid: AtomicU32,
    message_octets: AtomicU32,
    message: [AtomicU8; MESSAGE_OCTETS],
}

/// This process's note; null where none is installed. What it points at stays mapped for the process's life.
static PAGE: AtomicPtr<Page> = AtomicPtr::new(ptr::null_mut());
/// True in a forked child of a process with a note.
static FORKED: AtomicBool = AtomicBool::new(false);
static HOOKS: Once = Once::new();

/// Why a process says it died.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A fatal signal.
    Signal {
        /// Its number.
        signal: i32,
        /// The address that it was about, where it is of that kind.
        address: u64,
        /// The process that sent it, if another one did; 0 is one that cannot be seen from here.
        sender: Option<u32>,
    },
    /// A panic, with its message as far as it was kept.
    Panic(String),
    /// It ended itself, without saying so in the log.
    Exit,
    /// It said only that memory was refused.
    Unsaid,
}

/// A process's last words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrashNote {
    /// Who wrote it.
    pub pid: u32,
    /// Why.
    pub cause: Cause,
    /// How many octets the system refused to give before, if it did: then memory had run out.
    pub refused_octets: Option<u64>,
}

impl CrashNote {
    /// Whether somebody else has ended the process: then nothing that it did is to blame.
    #[must_use]
    pub fn is_from_outside(&self) -> bool {
        self.refused_octets.is_none() && matches!(self.cause, Cause::Signal { sender: Some(_), .. })
    }
}

impl fmt::Display for CrashNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            Cause::Signal { signal, sender: Some(sender), .. } => {
                write!(f, "{} (sent by process {sender})", signal_name(*signal))?;
            }
            Cause::Signal { signal, address, .. } => {
                write!(f, "{} (address {address:#x})", signal_name(*signal))?;
            }
            Cause::Panic(message) => f.write_str(message)?,
            Cause::Exit => f.write_str("it ended itself")?,
            Cause::Unsaid => f.write_str("nothing")?,
        }
        match self.refused_octets {
            Some(octets) => write!(f, "; {octets} octets of memory were refused"),
            None => Ok(()),
        }
    }
}

/// Reads the note in this region; `None` where nothing was written.
#[must_use]
pub fn read(region: &Mapping) -> Option<CrashNote> {
    let page = page_in(region)?;
    let refused_octets = Some(page.refused_octets.load(Ordering::Acquire)).filter(|octets| *octets != 0);
    let cause = match page.cause.load(Ordering::Acquire) {
        SIGNAL => {
            let sender = page.sender.load(Ordering::Acquire);
            Cause::Signal {
                signal: page.signal.load(Ordering::Acquire),
                address: page.address.load(Ordering::Acquire),
                sender: (sender != NOBODY).then_some(sender),
            }
        }
        PANIC => {
            let length = page.message_octets.load(Ordering::Acquire) as usize;
            let octets: Vec<u8> =
                page.message.iter().take(length).map(|octet| octet.load(Ordering::Relaxed)).collect();
            Cause::Panic(String::from_utf8_lossy(&octets).into_owned())
        }
        EXIT => Cause::Exit,
        _ if refused_octets.is_some() => Cause::Unsaid,
        _ => return None,
    };
    Some(CrashNote { pid: page.pid.load(Ordering::Acquire), cause, refused_octets })
}

fn page_in(region: &Mapping) -> Option<&Page> {
    if region.length() < size_of::<Page>() {
        return None;
    }
    // SAFETY: the region is mapped, large enough, aligned to a page, and lives as long as the answer; the page
    // is of atomics alone, for which any octets are valid.
    Some(unsafe { region.at(0).cast::<Page>().as_ref() })
}

/// From now on this process leaves a note in `region`, which is emptied. To be called by the main thread.
///
/// # Errors
/// The kernel's.
pub fn install(region: Mapping) -> io::Result<()> {
    let page = page_in(&region).ok_or(io::ErrorKind::InvalidInput)?;
    page.refused_octets.store(0, Ordering::Relaxed);
    page.message_octets.store(0, Ordering::Relaxed);
    page.pid.store(std::process::id(), Ordering::Relaxed);
    page.cause.store(NOTHING, Ordering::Release);
    let address = ptr::from_ref(page).cast_mut();
    use_alternate_stack()?;
    for signal in FATAL {
        catch(signal)?;
    }
    // The page stays for the process's life.
    std::mem::forget(region);
    PAGE.store(address, Ordering::Release);
    hook();
    Ok(())
}

/// Puts the hooks in, which do nothing of their own while no note is installed.
fn hook() {
    HOOKS.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| on_panic(panic, &*before)));
        // SAFETY: the hook is a function of this program that may run at any time. It fails only for lack of
        // memory; then an exit says nothing.
        unsafe { libc::atexit(on_exit) };
    });
}

/// This process leaves no note any more: its end is in order.
pub fn retract() {
    PAGE.store(ptr::null_mut(), Ordering::Release);
}

/// A forked child calls this first: the note is its parent's.
pub(super) fn leave_to_parent() {
    FORKED.store(true, Ordering::Release);
    retract();
}

fn page() -> Option<&'static Page> {
    // SAFETY: null, or the address of a mapping that is never given back.
    unsafe { PAGE.load(Ordering::Acquire).as_ref() }
}

/// Writes the cause unless there is one; whether it did. The first one counts: what follows is its consequence.
fn claim(page: &Page, cause: u32) -> bool {
    page.cause.compare_exchange(NOTHING, cause, Ordering::AcqRel, Ordering::Acquire).is_ok()
}

fn die() -> ! {
    // SAFETY: system calls that a signal's catcher may make; the first one does not return.
    unsafe {
        libc::kill(libc::getpid(), libc::SIGKILL);
        libc::_exit(1)
    }
}

/// Only what may be done at any moment: atomics and system calls.
extern "C" fn on_signal(signal: libc::c_int, about: *mut libc::siginfo_t, _: *mut libc::c_void) {
    let Some(page) = page() else {
        // Nothing is noted here any more: let it happen as if it had never been caught.
        // SAFETY: as in `die`; the signal comes again when this returns, or now.
        unsafe {
            libc::signal(signal, libc::SIG_DFL);
            libc::raise(signal);
        }
        return;
    };
    if claim(page, SIGNAL) {
        // SAFETY: the kernel gives a whole siginfo, which has an address for the signals that are about one, and
        // a sender for those that were sent; for the others these octets are something else, and no harm.
        let (address, sender) = unsafe {
            about.as_ref().map_or((0, NOBODY), |about| match about.si_code {
                libc::SI_USER | libc::SI_QUEUE | libc::SI_TKILL => (0, from_outside(about.si_pid())),
                _ => (about.si_addr() as u64, NOBODY),
            })
        };
        page.signal.store(signal, Ordering::Release);
        page.address.store(address, Ordering::Release);
        page.sender.store(sender, Ordering::Release);
    }
    die()
}

/// The sender, unless it is this process.
fn from_outside(sender: libc::pid_t) -> u32 {
    if sender.cast_unsigned() == std::process::id() { NOBODY } else { sender.cast_unsigned() }
}

type Hook = dyn Fn(&PanicHookInfo<'_>) + Sync + Send + 'static;

fn on_panic(panic: &PanicHookInfo<'_>, before: &Hook) {
    if FORKED.load(Ordering::Acquire) {
        // The parent sees the signal; a message would be printed by a process that nobody knows.
        std::process::abort();
    }
    let Some(page) = page() else { return before(panic) };
    if claim(page, PANIC) {
        let mut message = Message { page, length: 0 };
        // It is cut where it is too long.
        let _ = write!(message, "{panic}");
    }
    die()
}

extern "C" fn on_exit() {
    if let Some(page) = page() {
        claim(page, EXIT);
    }
}

/// Text that goes into the page, without memory of its own.
struct Message<'a> {
    page: &'a Page,
    length: usize,
}

impl std::fmt::Write for Message<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let room = self.page.message.get(self.length..).unwrap_or_default();
        for (place, octet) in room.iter().zip(text.bytes()) {
            place.store(octet, Ordering::Relaxed);
        }
        self.length += room.len().min(text.len());
        let length = u32::try_from(self.length).unwrap_or_default();
        self.page.message_octets.store(length, Ordering::Release);
        if room.len() < text.len() { Err(std::fmt::Error) } else { Ok(()) }
    }
}

/// Gives the calling thread a stack for catching signals on, so that also the overflow of its own one is noted.
fn use_alternate_stack() -> io::Result<()> {
    let stack = Mapping::shared_with_children(ALTERNATE_STACK_OCTETS)?;
    let described =
        libc::stack_t { ss_sp: stack.at(0).as_ptr().cast(), ss_flags: 0, ss_size: stack.length() };
    // SAFETY: the memory is this stack's alone and stays for the process's life.
    let answer = unsafe { libc::sigaltstack(&raw const described, ptr::null_mut()) };
    if answer != 0 {
        return Err(io::Error::last_os_error());
    }
    std::mem::forget(stack);
    Ok(())
}

fn catch(signal: libc::c_int) -> io::Result<()> {
    // SAFETY: an action of zeros is a valid one, and it is filled in as sigaction(2) wants it; the catcher does
    // only what one may.
    let answer = unsafe {
        let mut action: libc::sigaction = zeroed();
        action.sa_sigaction = on_signal as *const () as usize;
        action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
        libc::sigfillset(&raw mut action.sa_mask);
        libc::sigaction(signal, &raw const action, ptr::null_mut())
    };
    if answer == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// The system's allocator, which notes when memory is refused, and tells `heap` of what was given. For
/// `#[global_allocator]`.
#[derive(Clone, Copy, Debug, Default)]
pub struct NotingAllocator;

impl NotingAllocator {
    fn note(self, memory: *mut u8, octets: usize) -> *mut u8 {
        if memory.is_null()
            && let Some(page) = page()
        {
            page.refused_octets.store((octets as u64).max(1), Ordering::Release);
        }
        heap::grown(memory, octets);
        memory
    }
}

// SAFETY: everything is the system allocator's own answer.
unsafe impl GlobalAlloc for NotingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps to the same terms.
        self.note(unsafe { System.alloc(layout) }, layout.size())
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps to the same terms.
        self.note(unsafe { System.alloc_zeroed(layout) }, layout.size())
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller keeps to the same terms.
        self.note(unsafe { System.realloc(memory, layout, size) }, size)
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps to the same terms.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[cfg(test)]
mod tests;
