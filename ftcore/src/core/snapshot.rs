//! The whole state as octets: what a checkpoint holds, and what a new twin starts from.
//!
//! ```text
//!  "FTSNAP" version u16 · length u64 · crc u32 · connections (MessagePack, named) · machine … · length u64 · crc u32
//! ```
//!
//! The machine's part comes last, and its length behind it, because it is written as it is made. A snapshot may
//! have been cut, or be another version's: it is checked before anything in it is believed.

use std::io::{self, Write};

use super::effect::Effects;
use super::machine::Machine;
use super::state::{Books, Changes, State};

const MAGIC: &[u8; 6] = b"FTSNAP";
const VERSION: u16 = 1;
/// Octets before the connections' part.
const HEAD: usize = 20;
/// Octets behind the machine's.
const FOOT: usize = 12;

/// Why a snapshot cannot be restored.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// It is no snapshot, or was cut.
    #[error("this is no whole snapshot")]
    NotWhole,
    /// Another version wrote it.
    #[error("the snapshot has version {found}, this program reads version {VERSION}")]
    Version {
        /// As written.
        found: u16,
    },
    /// A checksum does not fit.
    #[error("the snapshot is damaged")]
    Damaged,
    /// This crate's part.
    #[error("the snapshot's connections cannot be read: {0}")]
    Connections(#[from] rmp_serde::decode::Error),
    /// The machine's part.
    #[error("the machine cannot be restored: {0}")]
    Machine(#[from] io::Error),
}

impl<M: Machine> State<M> {
    /// Writes a snapshot.
    ///
    /// # Errors
    /// Those of `to` and of the machine.
    pub fn save(&self, to: &mut dyn Write) -> io::Result<()> {
        let connections = rmp_serde::to_vec_named(&self.books).map_err(io::Error::other)?;
        to.write_all(MAGIC)?;
        to.write_all(&VERSION.to_le_bytes())?;
        to.write_all(&(connections.len() as u64).to_le_bytes())?;
        to.write_all(&crc32fast::hash(&connections).to_le_bytes())?;
        to.write_all(&connections)?;
        let mut counted = Counted { to, octets: 0, sum: crc32fast::Hasher::new() };
        self.machine.save(&mut counted)?;
        let Counted { octets, sum, .. } = counted;
        to.write_all(&octets.to_le_bytes())?;
        to.write_all(&sum.finalize().to_le_bytes())
    }

    /// The state that was saved.
    ///
    /// # Errors
    /// Where the octets are not a whole snapshot of a known version.
    pub fn restore(from: &[u8]) -> Result<Self, SnapshotError> {
        let (head, rest) = from.split_at_checked(HEAD).ok_or(SnapshotError::NotWhole)?;
        if !head.starts_with(MAGIC) {
            return Err(SnapshotError::NotWhole);
        }
        let found = u16::from_le_bytes([head[6], head[7]]);
        if found != VERSION {
            return Err(SnapshotError::Version { found });
        }
        let (length, sum) = length_and_sum(&head[8..]).ok_or(SnapshotError::NotWhole)?;
        let (connections, rest) = rest.split_at_checked(length).ok_or(SnapshotError::NotWhole)?;
        let foot = rest.len().checked_sub(FOOT).ok_or(SnapshotError::NotWhole)?;
        let (machine, foot) = rest.split_at(foot);
        let (machine_length, machine_sum) = length_and_sum(foot).ok_or(SnapshotError::NotWhole)?;
        if machine_length != machine.len() {
            return Err(SnapshotError::NotWhole);
        }
        if crc32fast::hash(connections) != sum || crc32fast::hash(machine) != machine_sum {
            return Err(SnapshotError::Damaged);
        }
        let mut books: Books = rmp_serde::from_slice(connections)?;
        books.streams.index();
        let machine = M::restore(machine)?;
        Ok(State { machine, books, changes: Changes::default(), effects: Effects::default() })
    }
}

fn length_and_sum(octets: &[u8]) -> Option<(usize, u32)> {
    let (length, sum) = octets.split_at_checked(8)?;
    let length = u64::from_le_bytes(length.try_into().ok()?);
    Some((usize::try_from(length).ok()?, u32::from_le_bytes(sum.try_into().ok()?)))
}

/// Counts and sums what is written.
struct Counted<'a> {
    to: &'a mut dyn Write,
    octets: u64,
    sum: crc32fast::Hasher,
}

impl Write for Counted<'_> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let count = self.to.write(octets)?;
        self.octets += count as u64;
        self.sum.update(&octets[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}
