//! `poison/`: messages that killed a process, kept for the report, and given to a router again by
//! `ftbgpd replay`.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::machine::{Quarantined, unhex};

/// How many messages are kept; the oldest go first.
const KEPT: usize = 64;

/// A file's description beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The epoch that the takeover began.
    pub epoch: u64,
    /// The entry that brought the message.
    pub entry: u64,
    /// When it was got over, in Unix milliseconds.
    pub time: i64,
    /// The message.
    #[serde(flatten)]
    pub what: Quarantined,
}

/// Writes `EPOCH-ENTRY.bin` and `EPOCH-ENTRY.json`; the answer is the first one's path. Where an entry had several, the
/// next are `EPOCH-ENTRY-2` and so on.
///
/// # Errors
/// Those of the file system.
pub fn keep(folder: &Path, kept: &Kept) -> io::Result<PathBuf> {
    std::fs::create_dir_all(folder)?;
    let first = format!("{}-{}", kept.epoch, kept.entry);
    let message = unhex(&kept.what.message).ok_or(io::ErrorKind::InvalidData)?;
    let others = (2..=KEPT).map(|nth| format!("{first}-{nth}"));
    let free = |name: &String| !folder.join(name).with_extension("bin").exists();
    let name = [first.clone()].into_iter().chain(others).find(free).unwrap_or(first.clone());
    let path = folder.join(format!("{name}.bin"));
    std::fs::write(folder.join(format!("{name}.json")), serde_json::to_vec_pretty(kept)?)?;
    std::fs::write(&path, message)?;
    forget_oldest(folder)?;
    Ok(path)
}

fn forget_oldest(folder: &Path) -> io::Result<()> {
    let mut messages = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.path().extension().is_some_and(|extension| extension == "bin") {
            messages.push((entry.metadata()?.modified()?, entry.path()));
        }
    }
    messages.sort();
    for (_, path) in messages.iter().take(messages.len().saturating_sub(KEPT)) {
        std::fs::remove_file(path)?;
        // It may have been taken away by hand.
        let _ = std::fs::remove_file(path.with_extension("json"));
    }
    Ok(())
}

/// Reads a message and its description; `path` may be either's.
///
/// # Errors
/// Where one of them is not there, or the description is none.
pub fn read(path: &Path) -> io::Result<(Kept, Vec<u8>)> {
    let described = std::fs::read(path.with_extension("json"))?;
    let message = std::fs::read(path.with_extension("bin"))?;
    Ok((serde_json::from_slice(&described)?, message))
}
