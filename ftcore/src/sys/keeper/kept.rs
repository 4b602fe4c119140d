//! What is kept in files, in cold mode: the log and the newest whole checkpoint.
//!
//! They serve when keeper and primary are both gone: the state goes on, its connections are lost. An orderly end
//! removes them.

use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use crate::sys::checkpoint::Checkpoint;
use crate::sys::memory;

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

/// Removes everything.
pub fn remove(dir: &Path) {
    for path in [log(dir), checkpoint(dir), early(dir)] {
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
