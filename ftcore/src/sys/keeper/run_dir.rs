//! The run directory: who is running, said in files, and one keeper to a directory.
//!
//! A lock on the directory itself is held for as long as the keeper lives, so that a second one on the same
//! directory is refused whatever files a crash left behind. The files are replaced atomically and are never
//! alone a reason to believe that somebody lives.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::FlockOperation;

use crate::sys::title::{Part, comm_of};

/// Where lost children look for a keeper.
const SOCKET: &str = "keeper.sock";

/// Why a run directory cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum RunDirError {
    /// It cannot be made, opened or written.
    #[error("cannot use the run directory {}: {source}; make it writable or choose another one", path.display())]
    Unusable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A keeper runs there.
    #[error(
        "the run directory {} has a keeper already (process {keeper}); stop it, or choose another directory",
        path.display()
    )]
    Living {
        /// Which.
        path: PathBuf,
        /// The number of its process, as far as its file says.
        keeper: String,
    },
}

/// Makes the directory if there is none, and takes it. It is taken for as long as the answer, or a duplicate of
/// it, is open in any process.
///
/// # Errors
/// Where that is not possible, or a living keeper has it.
pub fn take(path: &Path) -> Result<OwnedFd, RunDirError> {
    let unusable = |source| RunDirError::Unusable { path: path.to_owned(), source };
    std::fs::create_dir_all(path).map_err(unusable)?;
    let lock = File::open(path).map_err(unusable)?;
    match rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(lock.into()),
        Err(rustix::io::Errno::WOULDBLOCK) => {
            let keeper = std::fs::read_to_string(path.join("keeper.pid"));
            let keeper = keeper.map_or_else(|_| "unknown".to_owned(), |text| text.trim().to_owned());
            Err(RunDirError::Living { path: path.to_owned(), keeper })
        }
        Err(error) => Err(unusable(error.into())),
    }
}

/// The files of a run directory.
#[derive(Clone, Debug)]
pub struct RunDir {
    path: PathBuf,
}

impl RunDir {
    /// Those of this directory.
    #[must_use]
    pub fn new(path: &Path) -> RunDir {
        RunDir { path: path.to_owned() }
    }

    /// Where children that lost their keeper look for another one.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.path.join(SOCKET)
    }

    fn file(&self, part: Part) -> PathBuf {
        self.path.join(format!("{}.pid", part.name()))
    }

    /// Says which process has this part.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn say(&self, part: Part, pid: u32) -> io::Result<()> {
        let path = self.file(part);
        // Two processes may be writing at the same time, each its own file.
        let early = self.path.join(format!("{}.pid.{}", part.name(), std::process::id()));
        std::fs::write(&early, format!("{pid}\n"))?;
        std::fs::rename(&early, &path)
    }

    /// Says that nobody has this part, where the file still names this process.
    pub fn unsay(&self, part: Part, pid: u32) {
        if self.said(part) == Some(pid) {
            // Where somebody else took it away, it is gone as well.
            let _ = std::fs::remove_file(self.file(part));
        }
    }

    /// Which process has this part, as the file says.
    #[must_use]
    pub fn said(&self, part: Part) -> Option<u32> {
        std::fs::read_to_string(self.file(part)).ok()?.trim().parse().ok()
    }

    /// A process that lives and serves, or may be about to: the primary, or the twin that takes over from it just now.
    /// Believed are the files only where the process's own title says the same.
    #[must_use]
    pub fn living(&self, program: &str) -> Option<u32> {
        let half = |pid: &u32| {
            comm_of(*pid)
                .is_some_and(|comm| [Part::Primary, Part::Twin].iter().any(|part| part.comm(program) == comm))
        };
        // A twin that has taken over says so first in the primary's file, and then leaves its own: read in the other
        // order, it is missed in neither.
        let twin = self.said(Part::Twin).filter(half);
        self.said(Part::Primary).filter(half).or(twin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_has_one_keeper_and_a_crash_leaves_nothing_in_the_way() {
        let path = std::env::temp_dir().join(format!("ftcore-run-dir-{}", std::process::id()));
        let own = std::process::id();
        let lock = take(&path).unwrap();
        let files = RunDir::new(&path);
        files.say(Part::Keeper, own).unwrap();
        assert_eq!(std::fs::read_to_string(path.join("keeper.pid")).unwrap(), format!("{own}\n"));
        let refused = take(&path).unwrap_err().to_string();
        assert!(refused.contains(&own.to_string()), "{refused}");
        drop(lock);
        drop(take(&path).unwrap());
        std::fs::remove_dir_all(&path).unwrap();
    }

    #[test]
    fn a_file_is_believed_only_if_the_process_says_the_same() {
        let path = std::env::temp_dir().join(format!("ftcore-run-dir-said-{}", std::process::id()));
        let _lock = take(&path).unwrap();
        let files = RunDir::new(&path);
        let own = std::process::id();
        files.say(Part::Primary, own).unwrap();
        assert_eq!(files.said(Part::Primary), Some(own));
        assert_eq!(files.living("other"), None);
        files.unsay(Part::Primary, own + 1);
        assert_eq!(files.said(Part::Primary), Some(own));
        files.unsay(Part::Primary, own);
        assert_eq!(files.said(Part::Primary), None);
        std::fs::remove_dir_all(&path).unwrap();
    }
}
