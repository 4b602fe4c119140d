//! The memory that the processes share: words, a note, and the log's ring.
//!
//! One file (a memfd that cannot change its size, or in cold mode a file on disk) in regions, each written by
//! one side and mapped read-only by the others, so that a process that goes wild harms only what it owns:
//!
//! ```text
//! header | primary's words, life | twin's words | keeper's words | note | ... | ring | the same ring again
//! ```
//!
//! The ring is mapped twice in a row, so that a piece that goes over its end lies in one piece. What the other
//! sides write can be anything; it is copied, and the copy is looked at.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::ptr;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};

use rustix::fs::{MemfdFlags, SealFlags};

use super::bell::Bell;
use super::mapping::{Access, Mapping};
use crate::core::memory::{Memory, Word};

/// Regions are multiples of this, which is a multiple of every page size there is.
pub const REGION: usize = 1 << 16;
const PRIMARY: usize = REGION;
const TWIN: usize = 2 * REGION;
const KEEPER: usize = 3 * REGION;
const NOTE: usize = 4 * REGION;
const RING: usize = 8 * REGION;
/// Where in the primary's region the futex of its life is, behind its words.
const LIFE: usize = PRIMARY + REGION / 2;
/// A pair of cache lines, which the processor fetches as one: words that are written together share one.
const LINE: usize = 128;

const MAGIC: [u8; 8] = *b"ftcorlog";
const VERSION: u64 = 1;
/// The least and the largest ring.
const CAPACITIES: std::ops::RangeInclusive<u64> = REGION as u64..=1 << 40;

/// Who a process is to the shared memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Writes its own words.
    Keeper,
    /// Writes its own words.
    Twin,
    /// Writes its own words, the note and the ring.
    Primary,
    /// There are no others: writes everything.
    Alone,
}

/// Why shared memory that came from outside is not used.
#[derive(Debug, thiserror::Error)]
pub enum MapError {
    /// The kernel's reason.
    #[error("cannot map the log: {0}")]
    Kernel(#[from] io::Error),
    /// It is something else, or cut, or of another version.
    #[error("this is not a log that this version knows: {0}")]
    Foreign(&'static str),
}

/// The shared memory as one process sees it.
#[derive(Debug)]
pub struct SharedLog {
    file: OwnedFd,
    view: Mapping,
    capacity: u64,
    seed: u64,
    side: Side,
}

/// Makes the memory for a log with a ring of `capacity` octets, rounded up to whole regions. `seed` is the
/// program's, for those who start from nothing. The descriptor is what others map it by.
///
/// # Errors
/// The kernel's.
pub fn create(capacity: u64, seed: u64) -> io::Result<OwnedFd> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let file = rustix::fs::memfd_create("ftcore-log", flags)?;
    let capacity = whole_regions(capacity)?;
    rustix::fs::ftruncate(&file, RING as u64 + capacity)?;
    rustix::fs::fcntl_add_seals(&file, SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL)?;
    write_header(&file, capacity, seed)?;
    Ok(file)
}

/// The same in a file, whose place on disk is taken at once: a full disk is an error here, not a fault later.
///
/// # Errors
/// The kernel's: `StorageFull` where the disk has no room, `AlreadyExists` where the file is there.
pub fn create_file(path: &Path, capacity: u64, seed: u64) -> io::Result<OwnedFd> {
    let capacity = whole_regions(capacity)?;
    let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path)?;
    let made = rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, RING as u64 + capacity)
        .map_err(io::Error::from)
        .and_then(|()| write_header(&file, capacity, seed))
        .and_then(|()| file.sync_all());
    if let Err(error) = made {
        // A file that is not whole is of no use to anybody.
        let _ = std::fs::remove_file(path);
        return Err(error);
    }
    Ok(file.into())
}

/// Opens what [`create_file`] made.
///
/// # Errors
/// The kernel's.
pub fn open_file(path: &Path) -> io::Result<OwnedFd> {
    Ok(File::options().read(true).write(true).open(path)?.into())
}

/// How large a ring is that is asked to be so large.
#[must_use]
pub fn rounded(capacity: u64) -> u64 {
    capacity.next_multiple_of(REGION as u64)
}

fn whole_regions(capacity: u64) -> io::Result<u64> {
    let whole = capacity.max(REGION as u64).checked_next_multiple_of(REGION as u64);
    whole.filter(|whole| CAPACITIES.contains(whole)).ok_or_else(|| io::ErrorKind::InvalidInput.into())
}

fn write_header(file: impl AsFd, capacity: u64, seed: u64) -> io::Result<()> {
    let mut header = [0; 32];
    header[..8].copy_from_slice(&MAGIC);
    header[8..16].copy_from_slice(&VERSION.to_le_bytes());
    header[16..24].copy_from_slice(&capacity.to_le_bytes());
    header[24..].copy_from_slice(&seed.to_le_bytes());
    let written = rustix::io::pwrite(file, &header, 0)?;
    if written == header.len() { Ok(()) } else { Err(io::ErrorKind::WriteZero.into()) }
}

/// The capacity and the seed.
fn read_header(file: impl AsFd) -> Result<(u64, u64), MapError> {
    let mut header = [0; 32];
    let read = rustix::io::pread(&file, &mut header, 0).map_err(io::Error::from)?;
    let word = |n: usize| {
        let mut octets = [0; 8];
        octets.copy_from_slice(&header[8 * n..8 * n + 8]);
        u64::from_le_bytes(octets)
    };
    if read != header.len() || header[..8] != MAGIC {
        return Err(MapError::Foreign("it does not begin as one"));
    }
    if word(1) != VERSION {
        return Err(MapError::Foreign("another version"));
    }
    let capacity = word(2);
    if !CAPACITIES.contains(&capacity) || !capacity.is_multiple_of(REGION as u64) {
        return Err(MapError::Foreign("a capacity that cannot be"));
    }
    let size = rustix::fs::fstat(&file).map_err(io::Error::from)?.st_size;
    if u64::try_from(size) != Ok(RING as u64 + capacity) {
        return Err(MapError::Foreign("its size does not fit its capacity"));
    }
    Ok((capacity, word(3)))
}

impl SharedLog {
    /// Maps a log as this side does. It is left out of forked children.
    ///
    /// # Errors
    /// Where it is no log, or the kernel refuses.
    pub fn map(file: OwnedFd, side: Side) -> Result<Self, MapError> {
        let (capacity, seed) = read_header(&file)?;
        let ring =
            usize::try_from(capacity).map_err(|_| MapError::Foreign("larger than the address space"))?;
        let mut view = Mapping::reserve(RING + 2 * ring)?;
        for (place, owner) in regions(ring) {
            view.put(&file, place.clone(), place.start as u64, access(side, owner))?;
        }
        view.put(&file, RING + ring..RING + 2 * ring, RING as u64, access(side, Side::Primary))?;
        view.keep_from_children()?;
        Ok(SharedLog { file, view, capacity, seed, side })
    }

    /// A log that no other process has, for a program without a standby.
    ///
    /// # Errors
    /// The kernel's.
    pub fn private(capacity: u64, seed: u64) -> Result<Self, MapError> {
        Self::map(create(capacity, seed)?, Side::Alone)
    }

    /// Becomes the side that writes the log. Nobody else may be writing it.
    ///
    /// # Errors
    /// The kernel's.
    pub fn promote(&mut self) -> io::Result<()> {
        let ring = self.view.length() - RING;
        for (place, owner) in regions(ring) {
            if owner != Side::Alone {
                self.view.protect(place, access(Side::Primary, owner))?;
            }
        }
        self.side = Side::Primary;
        Ok(())
    }

    /// Who this process is.
    #[must_use]
    pub fn side(&self) -> Side {
        self.side
    }

    /// The program's seed.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// What others map it by.
    #[must_use]
    pub fn file(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }

    /// Wakes the twin if it sleeps; to be called after what it waits for was stored. True where it was asleep.
    pub fn wake(&self, bell: &Bell) -> bool {
        let asleep = self.load(Word::TwinSleeps) == 1;
        if asleep {
            bell.ring();
        }
        asleep
    }

    /// Says that this twin is about to sleep. Afterwards it looks once more at what it waits for, and only then
    /// waits for the bell.
    pub fn about_to_sleep(&mut self) {
        self.store(Word::TwinSleeps, 1);
    }

    /// The futex of the primary's life, in a mapping of its own: whatever becomes of this value, it stays.
    ///
    /// # Errors
    /// The kernel's.
    pub fn life_word(&self) -> io::Result<LifeWord> {
        let access = access(self.side, Side::Primary);
        let mut view = Mapping::reserve(REGION)?;
        view.put(&self.file, 0..REGION, PRIMARY as u64, access)?;
        view.keep_from_children()?;
        Ok(LifeWord { view })
    }

    /// The primary's note, in a mapping of its own.
    ///
    /// # Errors
    /// The kernel's.
    pub fn note_region(&self) -> io::Result<Mapping> {
        let mut view = Mapping::reserve(REGION)?;
        view.put(&self.file, 0..REGION, NOTE as u64, access(self.side, Side::Primary))?;
        view.keep_from_children()?;
        Ok(view)
    }

    fn word(&self, word: Word) -> &AtomicU64 {
        let (owner, line, nth) = place(word);
        let address = self.view.at(region(owner) + line * LINE + nth * size_of::<u64>()).cast::<u64>();
        // SAFETY: the address is a multiple of eight, inside of a mapping that lives as long as `self`; all
        // processes use it as an atomic alone.
        unsafe { AtomicU64::from_ptr(address.as_ptr()) }
    }

    /// Where in the mapping a position's octets are.
    fn place(&self, position: u64, length: usize) -> usize {
        assert!(length as u64 <= self.capacity, "{length} octets are more than the log holds");
        // The remainder is below the capacity, which was mapped.
        RING + (position % self.capacity) as usize
    }
}

impl Memory for SharedLog {
    fn capacity(&self) -> u64 {
        self.capacity
    }

    fn read(&self, position: u64, length: usize, into: &mut Vec<u8>) {
        let from = self.view.at(self.place(position, length));
        into.reserve(length);
        // SAFETY: `length` octets from `from` on are mapped, since the ring is mapped twice and `length` is at
        // most one ring; the vector has room for them behind its end. That another process may be writing them
        // is why they are copied: any octets are valid ones.
        unsafe {
            ptr::copy_nonoverlapping(from.as_ptr(), into.as_mut_ptr().add(into.len()), length);
            into.set_len(into.len() + length);
        }
    }

    fn octets(&self, position: u64, length: usize) -> &[u8] {
        self.must_write(Side::Primary);
        let from = self.view.at(self.place(position, length));
        // SAFETY: mapped, as in `read`; this process is the only one that writes the ring, and does so through
        // `&mut self` alone.
        unsafe { std::slice::from_raw_parts(from.as_ptr(), length) }
    }

    fn octets_mut(&mut self, position: u64, length: usize) -> &mut [u8] {
        self.must_write(Side::Primary);
        let from = self.view.at(self.place(position, length));
        // SAFETY: mapped, as in `read`, and writable for this side; this process is the only one that writes
        // the ring, and others copy what they read.
        unsafe { std::slice::from_raw_parts_mut(from.as_ptr(), length) }
    }

    fn load(&self, word: Word) -> u64 {
        if word == Word::TwinSleeps {
            // Either this sees that the twin sleeps, or the twin, which looks once more after saying so, sees
            // what was stored before.
            fence(Ordering::SeqCst);
        }
        self.word(word).load(Ordering::Acquire)
    }

    fn store(&mut self, word: Word, value: u64) {
        self.must_write(place(word).0);
        self.word(word).store(value, Ordering::Release);
        if word == Word::TwinSleeps {
            fence(Ordering::SeqCst);
        }
    }
}

impl SharedLog {
    fn must_write(&self, owner: Side) {
        assert!(access(self.side, owner) == Access::ReadWrite, "{:?} writes what is {owner:?}'s", self.side);
    }
}

/// The futex that says whether the primary lives, see `life`.
#[derive(Debug)]
pub struct LifeWord {
    view: Mapping,
}

impl LifeWord {
    /// The futex.
    #[must_use]
    pub fn futex(&self) -> &AtomicU32 {
        let address = self.view.at(LIFE - PRIMARY).cast::<u32>();
        // SAFETY: the address is a multiple of four, inside of a mapping that lives as long as `self`; all
        // processes and the kernel use it as an atomic alone.
        unsafe { AtomicU32::from_ptr(address.as_ptr()) }
    }
}

/// Each region with the side that writes it; the header is everybody's to read, and written before it is mapped.
fn regions(ring: usize) -> [(std::ops::Range<usize>, Side); 6] {
    [
        (0..PRIMARY, Side::Alone),
        (PRIMARY..TWIN, Side::Primary),
        (TWIN..KEEPER, Side::Twin),
        (KEEPER..NOTE, Side::Keeper),
        (NOTE..RING, Side::Primary),
        (RING..RING + ring, Side::Primary),
    ]
}

fn access(side: Side, owner: Side) -> Access {
    // The words of a twin that is gone are written by those who know that it is.
    // So are those of a keeper, by the primary, while it does nothing.
    let heir = match owner {
        Side::Twin => matches!(side, Side::Primary | Side::Keeper),
        Side::Keeper => side == Side::Primary,
        Side::Primary | Side::Alone => false,
    };
    if owner != Side::Alone && (side == owner || side == Side::Alone || heir) {
        Access::ReadWrite
    } else {
        Access::Read
    }
}

fn region(owner: Side) -> usize {
    match owner {
        Side::Primary => PRIMARY,
        Side::Twin => TWIN,
        Side::Keeper => KEEPER,
        Side::Alone => 0,
    }
}

/// Whose a word is, and where in that side's region: the line, and the place in it.
fn place(word: Word) -> (Side, usize, usize) {
    match word {
        Word::Published => (Side::Primary, 0, 0),
        Word::Begun => (Side::Primary, 0, 1),
        Word::Applied => (Side::Primary, 0, 2),
        Word::Tick => (Side::Primary, 1, 0),
        Word::Deadline => (Side::Primary, 1, 1),
        Word::Working => (Side::Primary, 1, 2),
        Word::IntentSequence => (Side::Primary, 2, 0),
        Word::IntentSocket => (Side::Primary, 2, 1),
        Word::IntentOffset => (Side::Primary, 2, 2),
        Word::IntentPlace => (Side::Primary, 2, 3),
        Word::IntentLength => (Side::Primary, 2, 4),
        Word::Tail => (Side::Primary, 3, 0),
        Word::Epoch => (Side::Primary, 3, 1),
        Word::Released => (Side::Primary, 3, 2),
        Word::Attempted => (Side::Primary, 3, 3),
        Word::TrailEnd => (Side::Primary, 0, 3),
        Word::Trail => (Side::Primary, 0, 4),
        Word::OtherTrailEnd => (Side::Primary, 0, 5),
        Word::OtherTrail => (Side::Primary, 0, 6),
        Word::TwinSleeps => (Side::Twin, 0, 0),
        Word::TwinApplied => (Side::Twin, 1, 0),
        Word::TwinEntry => (Side::Twin, 1, 3),
        Word::TwinTime => (Side::Twin, 1, 4),
        Word::TwinDigestEntry => (Side::Twin, 1, 1),
        Word::TwinDigest => (Side::Twin, 1, 2),
        Word::TwinTick => (Side::Twin, 2, 0),
        Word::TwinState => (Side::Twin, 2, 1),
        Word::Checkpoint => (Side::Keeper, 0, 0),
        Word::KeeperTick => (Side::Keeper, 1, 0),
    }
}

#[cfg(test)]
mod tests;
