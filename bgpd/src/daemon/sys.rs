//! The one place of this crate with `unsafe`: the registration of a descriptor with the runtime, and, in builds for
//! tests, faults and the signal that brings them to the twin.

use std::io;
use std::os::fd::OwnedFd;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Gives a descriptor to the runtime, to be waited for until it is readable.
///
/// # Errors
/// Where the runtime has no room for it.
pub fn readable(fd: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: an `OwnedFd` is a valid descriptor and stays the same one for as long as it is registered:
    // nobody closes or replaces it, since the `AsyncFd` owns it.
    #[expect(unsafe_code, reason = "the runtime's safe way is deprecated")]
    let registered = unsafe { AsyncFd::register_with_interest(fd, Interest::READABLE) };
    Ok(registered?)
}

/// Limits this process's memory to what it has and so many octets more.
///
/// # Errors
/// The kernel's.
#[cfg(feature = "fault")]
pub fn limit_memory(more: u64) -> io::Result<()> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let status = std::fs::read_to_string("/proc/self/status")?;
    let size = status.lines().find_map(|line| line.strip_prefix("VmSize:")?.trim().strip_suffix(" kB"));
    let size: u64 = size.and_then(|size| size.parse().ok()).ok_or(io::ErrorKind::InvalidData)?;
    let limit = size * 1024 + more;
    let maximum = getrlimit(Resource::As).maximum;
    Ok(setrlimit(Resource::As, Rlimit { current: Some(limit), maximum })?)
}

/// Reads what lies at address 8, where nothing does.
#[cfg(feature = "fault")]
pub fn touch_nothing() {
    // SAFETY: none: this is the failure that was asked for, and the process ends here by SIGSEGV.
    #[expect(unsafe_code, reason = "a real access to memory that is not there, in builds for tests only")]
    unsafe {
        std::hint::black_box(8 as *const u64).read_volatile();
    }
}

/// The signal that brings a fault to the twin.
#[cfg(feature = "fault")]
fn fault_signal() -> i32 {
    libc::SIGRTMIN() + 5
}

/// Sends what [`fault::number`](crate::machine::fault::number) made to another process.
///
/// # Errors
/// The kernel's.
#[cfg(feature = "fault")]
pub fn send_fault(pid: u32, number: u64) -> io::Result<()> {
    let pid = i32::try_from(pid).map_err(|_| io::ErrorKind::InvalidInput)?;
    let value = libc::sigval { sival_ptr: number as *mut std::ffi::c_void };
    // SAFETY: the call takes plain numbers; the pointer is one of them and is never followed.
    #[expect(unsafe_code, reason = "no safe library queues a signal")]
    let answer = unsafe { libc::sigqueue(pid, fault_signal(), value) };
    if answer == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Lets this process take such a fault.
///
/// # Errors
/// The kernel's.
#[cfg(feature = "fault")]
pub fn take_faults() -> io::Result<()> {
    #[expect(unsafe_code, reason = "a handler's shape")]
    extern "C" fn arm(_: i32, sent: *mut libc::siginfo_t, _: *mut std::ffi::c_void) {
        // SAFETY: the kernel gives a valid description to a handler that was installed with SA_SIGINFO, and this
        // signal comes with a value.
        let value = unsafe { (*sent).si_value() };
        crate::machine::fault::arm(value.sival_ptr as u64);
    }
    // SAFETY: the structure is plain numbers and all zeroes is a valid one; the handler has the shape that
    // SA_SIGINFO asks for and does nothing but store an atomic number.
    #[expect(unsafe_code, reason = "no safe library installs a handler that hears a value")]
    let answer = unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = arm as *const () as usize;
        action.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART;
        libc::sigaction(fault_signal(), &raw const action, std::ptr::null_mut())
    };
    if answer == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
