//! This process as others see and treat it: its title, its worth when memory is short, its dumps.

use std::fs;
use std::io;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Makes `title` the process's comm, cut to 15 octets, and its argv\[0\], as far as the arguments that it was
/// started with took room. What was there is gone: the arguments are to be read before, by everybody who wants
/// them. Only for the main thread.
///
/// # Errors
/// The kernel's.
pub fn set_title(title: &str) -> io::Result<()> {
    let name = std::ffi::CString::new(title)?;
    rustix::thread::set_name(&name)?;
    let stat = fs::read_to_string("/proc/self/stat")?;
    let (start, end) = argument_range(&stat).ok_or(io::ErrorKind::InvalidData)?;
    let room = end.saturating_sub(start);
    if start == 0 || room == 0 {
        return Ok(());
    }
    // The last octet stays a zero, or the kernel goes on into the environment.
    let kept = title.len().min(room - 1);
    let area = std::ptr::with_exposed_provenance_mut::<u8>(start);
    // SAFETY: the kernel says where this process's arguments are; they are writable, and are read by nobody in
    // this process any more.
    unsafe {
        std::ptr::write_bytes(area, 0, room);
        std::ptr::copy_nonoverlapping(title.as_ptr(), area, kept);
    }
    Ok(())
}

/// Where a process's arguments are in its memory, out of its `/proc/PID/stat`.
fn argument_range(stat: &str) -> Option<(usize, usize)> {
    let behind_name = stat.get(stat.rfind(')')? + 1..)?;
    // Numbers as in proc(5), where the state, first behind the name, is the third.
    let mut numbers = behind_name.split_ascii_whitespace().skip(45).map(|number| number.parse().ok());
    Some((numbers.next()??, numbers.next()??))
}

/// Says how soon this process is killed when memory is short: -1000 is never, 1000 is first. Less than it was
/// needs privilege.
///
/// # Errors
/// The kernel's.
pub fn set_oom_score(score: i16) -> io::Result<()> {
    fs::write("/proc/self/oom_score_adj", score.to_string())
}

/// Lets a thread of this process run before all ordinary ones as soon as it can, where that is allowed; else it stays
/// as it is. Only for one that has little to do, or until [`run_as_usual`]. What it forks or spawns is ordinary again.
///
/// # Errors
/// `PermissionDenied` where it is not allowed.
pub fn run_first(thread: u32) -> io::Result<()> {
    schedule(thread, libc::SCHED_RR | libc::SCHED_RESET_ON_FORK, 1)
}

/// The calling thread is an ordinary one again.
///
/// # Errors
/// The kernel's.
pub fn run_as_usual() -> io::Result<()> {
    schedule(0, libc::SCHED_OTHER, 0)
}

fn schedule(thread: u32, policy: libc::c_int, priority: libc::c_int) -> io::Result<()> {
    let thread = libc::pid_t::try_from(thread).map_err(|_| io::ErrorKind::InvalidInput)?;
    // SAFETY: an all-zero value is a valid one; the call reads it and changes how a thread is scheduled.
    let answer = unsafe {
        let mut wanted: libc::sched_param = std::mem::zeroed();
        wanted.sched_priority = priority;
        libc::sched_setscheduler(thread, policy, &raw const wanted)
    };
    if answer == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// The calling thread's number.
#[must_use]
pub fn thread() -> u32 {
    rustix::thread::gettid().as_raw_nonzero().get().cast_unsigned()
}

/// Raises the limit of open files to what is allowed.
///
/// # Errors
/// The kernel's.
pub fn raise_descriptor_limit() -> io::Result<()> {
    let maximum = getrlimit(Resource::Nofile).maximum;
    Ok(setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })?)
}

/// Sees to it that this process leaves no core file, and that none is sent to a program either: both would
/// hold up its end for long.
///
/// # Errors
/// The kernel's.
pub fn leave_no_core() -> io::Result<()> {
    // One octet is too little for a file, and a sign for the kernel not to start a program.
    let least = 1;
    let maximum = getrlimit(Resource::Core).maximum;
    let current = Some(maximum.map_or(least, |maximum| maximum.min(least)));
    Ok(setrlimit(Resource::Core, Rlimit { current, maximum })?)
}

/// Counts how often the kernel killed a process for lack of memory, in the control group of one process where
/// that is counted, else on the whole machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OomCounter {
    path: String,
}

impl OomCounter {
    /// The one that a process is counted in.
    ///
    /// # Errors
    /// Where the process is gone.
    pub fn of(pid: u32) -> io::Result<Self> {
        let groups = fs::read_to_string(format!("/proc/{pid}/cgroup"))?;
        let counted = group_files(&groups).find(|path| Self { path: path.clone() }.count().is_ok());
        Ok(OomCounter { path: counted.unwrap_or_else(|| "/proc/vmstat".to_owned()) })
    }

    /// How often.
    ///
    /// # Errors
    /// `InvalidData` where the kernel does not count it.
    pub fn count(&self) -> io::Result<u64> {
        let text = fs::read_to_string(&self.path)?;
        let counted = text.lines().find_map(|line| line.strip_prefix("oom_kill ")?.trim().parse().ok());
        counted.ok_or_else(|| io::ErrorKind::InvalidData.into())
    }
}

/// The files that may count it, for a `/proc/PID/cgroup`: both versions' usual places.
fn group_files(groups: &str) -> impl Iterator<Item = String> {
    groups.lines().filter_map(|line| {
        let mut fields = line.splitn(3, ':').skip(1);
        let (controllers, group) = (fields.next()?, fields.next()?.trim_end_matches('/'));
        match controllers {
            "" => Some(format!("/sys/fs/cgroup{group}/memory.events")),
            named if named.split(',').any(|controller| controller == "memory") => {
                Some(format!("/sys/fs/cgroup/memory{group}/memory.oom_control"))
            }
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::CommandExt;

    use super::*;

    /// Says to this program's tests, run as a process of its own, that they are a part of another one.
    const PART: &str = "FTCORE_PART";

    #[test]
    fn the_places_of_both_versions_are_known() {
        let groups = "9:name=systemd:/\n4:cpu,memory:/a/b\n3:cpu:/\n0::/c\n";
        let files: Vec<_> = group_files(groups).collect();
        assert_eq!(files, ["/sys/fs/cgroup/memory/a/b/memory.oom_control", "/sys/fs/cgroup/c/memory.events"]);
        assert_eq!(group_files("0::/").collect::<Vec<_>>(), ["/sys/fs/cgroup/memory.events"]);
    }

    #[test]
    fn kills_for_lack_of_memory_are_counted_somewhere() {
        assert!(OomCounter::of(std::process::id()).unwrap().count().is_ok());
    }

    #[test]
    fn the_arguments_are_found_behind_any_name() {
        let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
        let (start, end) = argument_range(&stat).unwrap();
        let arguments = std::fs::read("/proc/self/cmdline").unwrap();
        assert_eq!(end - start, arguments.len());
    }

    /// Run again as a process of its own by the test below.
    #[test]
    fn with_a_new_title() {
        if std::env::var_os(PART).is_none() {
            return;
        }
        set_title("ftbgpd: primary").unwrap();
        let cmdline = std::fs::read("/proc/self/cmdline").unwrap();
        let comm = std::fs::read_to_string("/proc/thread-self/comm").unwrap();
        assert_eq!(cmdline.split(|octet| *octet == 0).next().unwrap(), b"ftbgpd: primary");
        assert_eq!(comm.trim_end(), "ftbgpd: primary");
        leave_no_core().unwrap();
        set_oom_score(1000).unwrap();
    }

    #[test]
    fn a_title_is_seen_in_both_places() {
        let mut command = std::process::Command::new(std::env::current_exe().unwrap());
        command.arg0("ftbgpd: twin").args(["--exact", "sys::own::tests::with_a_new_title"]);
        let output = command.env(PART, "1").output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"));
    }
}
