//! Processes by name: what a process of a program is called, in its comm and as its argv\[0\], and how it
//! changes that while it runs.

use std::ffi::CString;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// What a process is to its program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// It holds duplicates and starts the others.
    Keeper,
    /// It serves.
    Primary,
    /// It is ready to.
    Twin,
}

/// The longest name of a part.
const LONGEST: Part = Part::Primary;
/// How much of a comm the kernel keeps.
const COMM_OCTETS: usize = 15;
/// Where argv lies, in the fields of /proc/self/stat behind the comm.
const ARG_START: usize = 45;

impl Part {
    /// Its name, as in `primary.pid`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Part::Keeper => "keeper",
            Part::Primary => "primary",
            Part::Twin => "twin",
        }
    }

    /// The title of this part of `program`.
    #[must_use]
    pub fn title(self, program: &str) -> String {
        format!("{program}: {}", self.name())
    }

    /// What of the title a comm holds.
    #[must_use]
    pub fn comm(self, program: &str) -> String {
        let mut title = self.title(program);
        while title.len() > COMM_OCTETS {
            title.pop();
        }
        title
    }

    /// The title with room behind it for that of every other part: to start a process with.
    #[must_use]
    pub fn roomy_title(self, program: &str) -> String {
        let room = LONGEST.title(program).len();
        format!("{:room$}", self.title(program))
    }
}

/// The comm of a process, if it lives. A process that has ended and was not waited for does not.
#[must_use]
pub fn comm_of(pid: u32) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (open, close) = (stat.find('(')?, stat.rfind(')')?);
    let state = stat.get(close + 2..)?.chars().next()?;
    (!matches!(state, 'Z' | 'X')).then(|| stat.get(open + 1..close).map(str::to_owned))?
}

/// Executes the own program again under the title of this part, with the same arguments, unless it has it. To be
/// called before anything is opened; the process stays the same one.
///
/// # Errors
/// The kernel's; the process then goes on under the name that it has.
pub fn begin_as(program: &str, part: Part) -> io::Result<()> {
    let title = part.roomy_title(program);
    let mut arguments = std::env::args_os();
    if arguments.next().is_some_and(|first| first.to_string_lossy().trim_end() == title.trim_end()) {
        return Ok(());
    }
    Err(Command::new("/proc/self/exe").arg0(title).args(arguments).exec())
}

/// Makes this the process's title, in comm and argv\[0\]. For a process that was started with a
/// [`Part::roomy_title`]; another one gets the comm alone.
pub fn become_part(program: &str, part: Part) {
    let title = part.title(program);
    if let Ok(name) = CString::new(title.clone()) {
        // The kernel cuts it and refuses nothing.
        let _ = rustix::thread::set_name(&name);
    }
    let room = LONGEST.title(program).len();
    let first = std::env::args_os().next().map_or(0, |first| first.len());
    if first == room && title.len() <= room {
        if let Some(start) = own_argv() {
            write_over(start, room, title.as_bytes());
        }
    }
}

fn own_argv() -> Option<usize> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let fields = stat.get(stat.rfind(')')? + 2..)?;
    fields.split(' ').nth(ARG_START).and_then(|field| field.parse().ok()).filter(|start| *start != 0)
}

/// Writes the title over the own argv\[0\], and zeros behind it up to `room`.
fn write_over(start: usize, room: usize, title: &[u8]) {
    let start = std::ptr::with_exposed_provenance_mut::<u8>(start);
    // SAFETY: the kernel says that argv begins here, and its first string was found to have `room` octets. The
    // memory is this process's own and writable; it is read only when somebody asks for the arguments, which
    // in this crate this thread alone does. The zero that ends the string stays.
    unsafe {
        std::ptr::write_bytes(start, 0, room);
        std::ptr::copy_nonoverlapping(title.as_ptr(), start, title.len().min(room));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_title_fits_into_the_room_that_a_process_starts_with() {
        for part in [Part::Keeper, Part::Primary, Part::Twin] {
            assert_eq!(part.roomy_title("ftbgpd").len(), "ftbgpd: primary".len());
            assert_eq!(part.roomy_title("ftbgpd").trim_end(), part.title("ftbgpd"));
        }
        assert_eq!(Part::Primary.comm("ftbgpd"), "ftbgpd: primary");
        assert_eq!(Part::Primary.comm("something"), "something: prim");
    }

    #[test]
    fn a_living_process_has_a_comm_and_a_dead_one_has_none() {
        assert!(comm_of(std::process::id()).is_some());
        let mut child = Command::new("true").spawn().unwrap();
        let pid = child.id();
        while comm_of(pid).is_some() {
            std::thread::yield_now();
        }
        child.wait().unwrap();
        assert_eq!(comm_of(pid), None);
    }
}
