//! Checkpoints: a state written to a file by a forked child, while the process that has it goes on.
//!
//! A file begins with a header that is written last. So a file whose header is right is whole, whoever died
//! while it was being written; and a state that is in memory is sealed then, so that nobody can change it.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::{MemfdFlags, SealFlags};

use super::fork::{Forked, fork};
use super::mapping::{Access, Mapping};
use super::process::{Exit, Pidfd};

const MAGIC: [u8; 8] = *b"ftcorchk";
const VERSION: u64 = 1;
const HEADER: usize = 64;
const BUFFER: usize = 256 << 10;
/// How much less eager than its parent a child is, which has no hurry.
const NICE: i32 = 10;

/// Where in the log a state is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The end of the last entry that it holds.
    pub position: u64,
    /// That entry's number.
    pub number: u64,
    /// The epoch.
    pub epoch: u64,
}

/// Why a checkpoint is not used.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The kernel's reason.
    #[error("cannot read the checkpoint: {0}")]
    Kernel(#[from] io::Error),
    /// It is something else, or of another version.
    #[error("this is not a checkpoint that this version knows")]
    Foreign,
    /// It was not written to its end, or changed since.
    #[error("the checkpoint is damaged")]
    Damaged,
}

/// A file in memory for a checkpoint.
///
/// # Errors
/// The kernel's.
pub fn in_memory() -> io::Result<OwnedFd> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    Ok(rustix::fs::memfd_create("ftcore-checkpoint", flags)?)
}

/// An empty file on disk for a checkpoint. Who made it renames it when it is whole.
///
/// # Errors
/// The kernel's.
pub fn on_disk(path: &Path) -> io::Result<OwnedFd> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(true).mode(0o600);
    Ok(options.open(path)?.into())
}

/// A checkpoint that is being written. Dropping it ends that.
#[derive(Debug)]
pub struct Saving {
    child: Forked,
    file: OwnedFd,
}

/// Has a forked child write a checkpoint. `write` runs in the child: it must take no lock that another thread
/// may hold, and not log. The calling thread must outlive it.
///
/// # Errors
/// The kernel's, where it cannot fork.
pub fn save(
    file: OwnedFd,
    place: Place,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<Saving> {
    let child = fork(&[file.as_fd()], || {
        be_modest();
        match write_whole(file.as_fd(), place, write) {
            Ok(()) => 0,
            Err(error) => error.raw_os_error().unwrap_or(libc::EIO),
        }
    })?;
    Ok(Saving { child, file })
}

/// The same without a child, for a process that has nothing else to do.
///
/// # Errors
/// Those of `write`, and the kernel's.
pub fn save_here(
    file: BorrowedFd<'_>,
    place: Place,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    write_whole(file, place, write)
}

impl Saving {
    /// Readable when the child has ended.
    #[must_use]
    pub fn pidfd(&self) -> &Pidfd {
        self.child.pidfd()
    }

    /// The file, when it is whole; `None` while it is being written.
    ///
    /// # Errors
    /// The child's reason; `Other` where it died.
    pub fn finished(&mut self) -> Option<io::Result<BorrowedFd<'_>>> {
        match self.child.end()? {
            Exit::Status(0) => Some(Ok(self.file.as_fd())),
            Exit::Status(errno) => Some(Err(io::Error::from_raw_os_error(errno))),
            Exit::Signal(_) => Some(Err(io::Error::other("the process that wrote a checkpoint died"))),
        }
    }
}

/// A child may be the first to go when memory is short, and the last to run when processors are.
fn be_modest() {
    // Neither is a condition for its work.
    let _ = rustix::process::setpriority_process(None, NICE);
    let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
}

/// Counts and sums what goes through.
struct Summed<W> {
    to: W,
    sum: crc32fast::Hasher,
    octets: u64,
}

impl<W: Write> Write for Summed<W> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let taken = self.to.write(octets)?;
        self.sum.update(&octets[..taken]);
        self.octets += taken as u64;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

fn write_whole(
    file: BorrowedFd<'_>,
    place: Place,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut file = File::from(file.try_clone_to_owned()?);
    file.set_len(0)?;
    file.seek(SeekFrom::Start(HEADER as u64))?;
    let summed = Summed { to: &file, sum: crc32fast::Hasher::new(), octets: 0 };
    let mut buffered = io::BufWriter::with_capacity(BUFFER, summed);
    write(&mut buffered)?;
    let summed = buffered.into_inner().map_err(io::IntoInnerError::into_error)?;
    let sum = u64::from(summed.sum.finalize());
    let numbers = [VERSION, place.position, place.number, place.epoch, summed.octets, sum];
    // What is on disk must be there before the header says so.
    file.sync_data()?;
    file.write_all_at(&header(numbers), 0)?;
    file.sync_all()?;
    // A file on disk cannot be sealed, and need not be.
    let _ = rustix::fs::fcntl_add_seals(
        &file,
        SealFlags::WRITE | SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL,
    );
    Ok(())
}

fn header(numbers: [u64; 6]) -> [u8; HEADER] {
    let mut header = [0; HEADER];
    header[..8].copy_from_slice(&MAGIC);
    for (place, number) in header[8..].chunks_exact_mut(8).zip(numbers) {
        place.copy_from_slice(&number.to_le_bytes());
    }
    let sum = u64::from(crc32fast::hash(&header[..HEADER - 8]));
    header[HEADER - 8..].copy_from_slice(&sum.to_le_bytes());
    header
}

enum Payload {
    Mapped(Mapping),
    Copied(Vec<u8>),
}

/// A whole checkpoint.
pub struct Checkpoint {
    place: Place,
    payload: Payload,
    octets: usize,
}

impl Checkpoint {
    /// Reads and proves one. What is sealed in memory is not copied.
    ///
    /// # Errors
    /// Where it is none, or not whole.
    pub fn read(file: impl AsFd) -> Result<Self, CheckpointError> {
        let mut file = File::from(file.as_fd().try_clone_to_owned()?);
        let mut header = [0; HEADER];
        if file.read_at(&mut header, 0)? != HEADER || header[..8] != MAGIC {
            return Err(CheckpointError::Foreign);
        }
        let mut numbers = header[8..]
            .chunks_exact(8)
            .map(|octets| octets.iter().rev().fold(0_u64, |number, octet| number << 8 | u64::from(*octet)));
        let mut next = || numbers.next().unwrap_or_default();
        if next() != VERSION {
            return Err(CheckpointError::Foreign);
        }
        let place = Place { position: next(), number: next(), epoch: next() };
        let (octets, sum, header_sum) = (next(), next(), next());
        let whole = (HEADER as u64).checked_add(octets);
        if header_sum != u64::from(crc32fast::hash(&header[..HEADER - 8]))
            || whole != Some(file.metadata()?.len())
        {
            return Err(CheckpointError::Damaged);
        }
        let octets = usize::try_from(octets).map_err(|_| CheckpointError::Damaged)?;
        let payload = payload(&mut file, octets)?;
        let checkpoint = Checkpoint { place, payload, octets };
        if u64::from(crc32fast::hash(checkpoint.octets())) != sum {
            return Err(CheckpointError::Damaged);
        }
        Ok(checkpoint)
    }

    /// Where in the log it is.
    #[must_use]
    pub fn place(&self) -> Place {
        self.place
    }

    /// The state.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        match &self.payload {
            Payload::Copied(octets) => octets,
            // SAFETY: so many octets are mapped behind the header, for as long as `self` lives; the file is
            // sealed, so that nobody can change or shorten it.
            Payload::Mapped(mapping) => unsafe {
                std::slice::from_raw_parts(mapping.at(HEADER).as_ptr(), self.octets)
            },
        }
    }
}

fn payload(file: &mut File, octets: usize) -> io::Result<Payload> {
    let sealed = SealFlags::WRITE | SealFlags::SHRINK;
    // Only memory can be asked for seals.
    if rustix::fs::fcntl_get_seals(&file).is_ok_and(|seals| seals.contains(sealed)) {
        return Ok(Payload::Mapped(Mapping::of_file(file, HEADER + octets, Access::Read)?));
    }
    let mut copy = Vec::new();
    copy.try_reserve_exact(octets).map_err(|_| io::ErrorKind::OutOfMemory)?;
    file.seek(SeekFrom::Start(HEADER as u64))?;
    file.take(octets as u64).read_to_end(&mut copy)?;
    Ok(Payload::Copied(copy))
}

#[cfg(test)]
mod tests;
