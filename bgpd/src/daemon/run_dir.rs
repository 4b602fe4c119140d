//! The run directory: who is running, said in files, and one router to a directory.
//!
//! A lock on the directory itself is held for as long as the process lives, so that a second router on the
//! same directory is refused whatever files a crash left behind. The files are replaced atomically and are
//! never a reason to believe that somebody lives.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::FlockOperation;

/// Why a run directory cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum RunDirError {
    /// It cannot be made, opened or written.
    #[error("cannot use the run directory {}: {source}; make it writable or choose one with --run-dir", path.display())]
    Unusable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A router runs there.
    #[error(
        "a router runs on the run directory {} already (keeper {keeper}); stop it, or choose another directory with --run-dir",
        path.display()
    )]
    Living {
        /// Which.
        path: PathBuf,
        /// The number of its process, as far as its file says.
        keeper: String,
    },
}

/// A run directory that is ours. The files go when it is dropped.
#[derive(Debug)]
pub struct RunDir {
    path: PathBuf,
    written: Vec<PathBuf>,
    _lock: File,
}

impl RunDir {
    /// Makes the directory if there is none, and takes it.
    ///
    /// # Errors
    /// Where that is not possible, or a living router has it.
    pub fn take(path: &Path) -> Result<RunDir, RunDirError> {
        let unusable = |source| RunDirError::Unusable { path: path.to_owned(), source };
        std::fs::create_dir_all(path).map_err(unusable)?;
        let lock = File::open(path).map_err(unusable)?;
        match rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(RunDir { path: path.to_owned(), written: Vec::new(), _lock: lock }),
            Err(rustix::io::Errno::WOULDBLOCK) => {
                let keeper = std::fs::read_to_string(path.join("keeper.pid"));
                let keeper = keeper.map_or_else(|_| "unknown".to_owned(), |text| text.trim().to_owned());
                Err(RunDirError::Living { path: path.to_owned(), keeper })
            }
            Err(error) => Err(unusable(error.into())),
        }
    }

    /// Where the control socket is.
    #[must_use]
    pub fn control(&self) -> PathBuf {
        self.path.join("ftbgpd.sock")
    }

    /// Writes `NAME.pid` with this process's number.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn write_pid(&mut self, name: &str) -> Result<(), RunDirError> {
        let path = self.path.join(format!("{name}.pid"));
        let early = self.path.join(format!("{name}.pid.new"));
        let written = std::fs::write(&early, format!("{}\n", std::process::id()));
        written
            .and_then(|()| std::fs::rename(&early, &path))
            .map_err(|source| RunDirError::Unusable { path: self.path.clone(), source })?;
        self.written.push(path);
        Ok(())
    }
}

impl Drop for RunDir {
    fn drop(&mut self) {
        for path in &self.written {
            // Where somebody else took it away, it is gone as well.
            let _ = std::fs::remove_file(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_has_one_router_and_a_crash_leaves_nothing_in_the_way() {
        let path = std::env::temp_dir().join(format!("ftbgpd-run-dir-{}", std::process::id()));
        let mut first = RunDir::take(&path).unwrap();
        first.write_pid("keeper").unwrap();
        let number = std::fs::read_to_string(path.join("keeper.pid")).unwrap();
        assert_eq!(number.trim().parse(), Ok(std::process::id()));
        let refused = RunDir::take(&path).unwrap_err().to_string();
        assert!(refused.contains(number.trim()), "{refused}");
        drop(first);
        assert!(!path.join("keeper.pid").exists());
        std::fs::write(path.join("keeper.pid"), "1\n").unwrap();
        drop(RunDir::take(&path).unwrap());
        std::fs::remove_dir_all(&path).unwrap();
    }
}
