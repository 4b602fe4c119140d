//! What is kept in files, in cold mode: the log and the newest whole checkpoint.
//!
//! They serve when keeper and primary are both gone: the state goes on, its connections are lost. An orderly end
//! removes them.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use crate::core::role::{Mode, Settings};
use crate::sys::checkpoint::Checkpoint;
use crate::sys::memory;

/// The log's size where nobody follows it.
const PRIVATE_LOG: u64 = 4 << 20;

/// How large the log is with these settings, in octets.
#[must_use]
pub fn log_octets(settings: &Settings) -> u64 {
    match settings.mode {
        Mode::None => settings.log_octets.min(PRIVATE_LOG),
        Mode::Hot | Mode::Warm | Mode::Cold => settings.log_octets,
    }
}

/// Where a checkpoint is written, until it is whole.
#[must_use]
pub fn early(dir: &Path) -> PathBuf {
    dir.join("checkpoint.new")
}

fn checkpoint(dir: &Path) -> PathBuf {
    dir.join("checkpoint")
}

fn log(dir: &Path) -> PathBuf {
    dir.join("log")
}

/// Makes the checkpoint that was written the newest one.
///
/// # Errors
/// The kernel's.
pub fn keep_checkpoint(dir: &Path) -> io::Result<()> {
    std::fs::rename(early(dir), checkpoint(dir))
}

/// A new log, in the place of what is there.
///
/// # Errors
/// The kernel's.
pub fn begin_log(dir: &Path, octets: u64, seed: u64) -> io::Result<OwnedFd> {
    std::fs::create_dir_all(dir)?;
    remove(dir);
    memory::create_file(&log(dir), octets, seed)
}

/// A new log beside what is there, until [`keep_log`] puts it in its place.
///
/// # Errors
/// The kernel's.
pub fn early_log(dir: &Path, octets: u64, seed: u64) -> io::Result<OwnedFd> {
    let path = dir.join("log.new");
    // One that was given up.
    let _ = std::fs::remove_file(&path);
    memory::create_file(&path, octets, seed)
}

/// Makes the log that was begun the one that is kept.
///
/// # Errors
/// The kernel's.
pub fn keep_log(dir: &Path) -> io::Result<()> {
    std::fs::rename(dir.join("log.new"), log(dir))
}

/// Whether this is the log that is kept.
#[must_use]
pub fn is_kept(dir: &Path, file: impl AsFd) -> bool {
    let of = |stat: rustix::fs::Stat| (stat.st_dev, stat.st_ino);
    let (kept, this) = (rustix::fs::stat(log(dir)).map(of), rustix::fs::fstat(file).map(of));
    kept.is_ok() && kept == this
}

/// Removes everything.
pub fn remove(dir: &Path) {
    for path in [log(dir), dir.join("log.new"), checkpoint(dir), early(dir)] {
        // What is not there need not be removed.
        let _ = std::fs::remove_file(path);
    }
}

/// What was kept.
#[derive(Debug)]
pub struct Kept {
    /// The log's memory.
    pub log: OwnedFd,
    /// The newest checkpoint, and the end of what of the log it holds.
    pub checkpoint: Option<(u64, OwnedFd)>,
}

/// Opens what was kept, where there is something that can be used.
#[must_use]
pub fn open(dir: &Path) -> Option<Kept> {
    let log = memory::open_file(&log(dir)).ok()?;
    let file = std::fs::File::open(checkpoint(dir)).ok();
    let checkpoint = file.and_then(|file| match Checkpoint::read(&file) {
        Ok(read) => Some((read.place().position, file.into())),
        Err(error) => {
            tracing::error!("the checkpoint in {} is of no use: {error}", dir.display());
            None
        }
    });
    Some(Kept { log, checkpoint })
}
