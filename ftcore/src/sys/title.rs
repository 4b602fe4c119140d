//! Processes by name: what a process of a program is called, in its comm and as its argv\[0\], and how it
//! changes that while it runs.

use std::ffi::CString;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

use super::own;
use super::process::Watched;

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
    let task = Watched::open(pid, pid).and_then(|thread| thread.look()).ok()?;
    (!task.is_exiting()).then_some(task.comm)
}

/// Executes the own program again under the title of this part, with the same arguments, unless it has it. To be
/// called before anything is opened; the process stays the same one.
///
/// # Errors
/// The kernel's; the process then goes on under the name that it has.
pub fn begin_as(program: &str, part: Part) -> io::Result<()> {
    let title = part.title(program);
    let mut arguments = std::env::args_os();
    if arguments.next().is_some_and(|first| first.to_string_lossy() == title) {
        // The kernel cuts it and refuses nothing.
        let _ = CString::new(part.title(program)).map(|name| rustix::thread::set_name(&name));
        return Ok(());
    }
    Err(Command::new("/proc/self/exe").arg0(title).args(arguments).exec())
}

/// Makes this the title of a child, which was started with a [`Part::roomy_title`]. Its arguments are gone then.
pub fn become_part(program: &str, part: Part) {
    if let Err(error) = own::set_title(&part.title(program)) {
        tracing::debug!("the process goes on under another title: {error}");
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
