//! The order in which a table's routes last changed.
//!
//! Every route stands in the log once, at its last change; an older entry of it is dead. Whoever follows the
//! table (an update group, a peer that lags behind its group) is a cursor into the log, a number, and
//! needs no queue of its own: a peer that does not read costs nothing, however much changes meanwhile.
//! Entries lie in blocks; a block of mostly dead entries is squeezed, so that the log stays in proportion to
//! the table.

mod save;

use alloc::collections::VecDeque;
use alloc::vec::Vec;

pub use save::SavedLog;

/// A moment in a table's history: the number of changes before it. Also the 'table version' of the shows.
pub type Version = u64;

/// Entries of a block when it is full.
const BLOCK: usize = 1024;

/// The log: routes by the version of their last change.
#[derive(Debug, Default)]
pub struct ChangeLog {
    blocks: VecDeque<Block>,
    end: Version,
}

#[derive(Debug)]
struct Block {
    /// Version of the first entry; the others lie less than 2^32 above.
    first: Version,
    live: u32,
    /// Version's low half, and the route.
    entries: Vec<(u32, u32)>,
}

/// The low half of a version, as a route keeps it.
#[expect(clippy::cast_possible_truncation, reason = "the low half is what is wanted")]
pub const fn low(version: Version) -> u32 {
    version as u32
}

impl Block {
    fn version(&self, index: usize) -> Version {
        self.first + Version::from(self.entries[index].0.wrapping_sub(low(self.first)))
    }
}

impl ChangeLog {
    /// The version after the last change.
    #[must_use]
    pub fn end(&self) -> Version {
        self.end
    }

    /// Appends a change of `route` and gives its version. The caller keeps the low half with the route and
    /// says [`ChangeLog::supersede`] of the former one.
    pub fn append(&mut self, route: u32) -> Version {
        let version = self.end;
        self.end += 1;
        let fits = self.blocks.back().is_some_and(|block| {
            block.entries.len() < BLOCK && version - block.first < Version::from(u32::MAX)
        });
        if !fits {
            self.blocks.push_back(Block { first: version, live: 0, entries: Vec::with_capacity(BLOCK) });
        }
        if let Some(block) = self.blocks.back_mut() {
            block.live += 1;
            block.entries.push((low(version), route));
        }
        version
    }

    /// The entry at `version` of `route` is dead from now on. `is_live` tells which entries of the block are
    /// still their route's last change; it is asked only when the block is squeezed.
    pub fn supersede(&mut self, version: Version, is_live: impl Fn(u32, u32) -> bool) {
        let Some(at) = self.blocks.partition_point(|block| block.first <= version).checked_sub(1) else {
            return;
        };
        let last = at + 1 == self.blocks.len();
        let block = &mut self.blocks[at];
        block.live -= 1;
        if last {
            return;
        }
        if block.live == 0 {
            self.blocks.remove(at);
            return;
        }
        if (block.live as usize) * 4 > block.entries.len() {
            return;
        }
        block.entries.retain(|&(version, route)| is_live(version, route));
        block.entries.shrink_to_fit();
        self.join_with_next(at);
    }

    /// Makes one block of two small neighbors.
    fn join_with_next(&mut self, at: usize) {
        let (Some(block), Some(next)) = (self.blocks.get(at), self.blocks.get(at + 1)) else { return };
        let last = at + 2 == self.blocks.len();
        let small = block.entries.len() + next.entries.len() <= BLOCK / 2;
        let span = next.version(next.entries.len() - 1) - block.first;
        if last || !small || span >= Version::from(u32::MAX) {
            return;
        }
        let Some(next) = self.blocks.remove(at + 1) else { return };
        let block = &mut self.blocks[at];
        block.live += next.live;
        block.entries.extend(next.entries);
    }

    /// The full version of a route's last change, of which the route keeps the low half: the newest version
    /// before the end with that half.
    #[must_use]
    pub fn version_of(&self, low_half: u32) -> Version {
        let distance = low(self.end).wrapping_sub(low_half);
        self.end.saturating_sub(if distance == 0 { 1 << 32 } else { Version::from(distance) })
    }

    /// A reader that goes on at `from`.
    #[must_use]
    pub fn read(&self, from: Version) -> Reader<'_> {
        let at = self.blocks.partition_point(|block| block.first <= from).saturating_sub(1);
        let index = match self.blocks.get(at) {
            Some(block) if block.first < from => {
                let offset = from - block.first;
                block
                    .entries
                    .partition_point(|entry| Version::from(entry.0.wrapping_sub(low(block.first))) < offset)
            }
            Some(_) | None => 0,
        };
        Reader { log: self, at, index }
    }

    /// Memory that the entries take, in octets.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.blocks.iter().map(|block| block.entries.capacity() * 8 + size_of::<Block>()).sum()
    }
}

/// Goes through the log from a version on. Dead entries are given too: whoever reads compares with the route.
#[derive(Debug)]
pub struct Reader<'a> {
    log: &'a ChangeLog,
    at: usize,
    index: usize,
}

impl Iterator for Reader<'_> {
    /// A change's version and the route.
    type Item = (Version, u32);

    fn next(&mut self) -> Option<(Version, u32)> {
        loop {
            let block = self.log.blocks.get(self.at)?;
            if let Some(&(_, route)) = block.entries.get(self.index) {
                let version = block.version(self.index);
                self.index += 1;
                return Some((version, route));
            }
            self.at += 1;
            self.index = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The routes with the low half of their last change, as a table keeps them.
    struct Routes(Vec<Option<u32>>);

    fn change(log: &mut ChangeLog, routes: &mut Routes, route: u32) {
        let before = routes.0[route as usize];
        let version = log.append(route);
        routes.0[route as usize] = Some(low(version));
        if let Some(before) = before {
            // `version_of` counts from the end, which has moved by one since.
            let old = log.version_of(before);
            log.supersede(old, |version, route| routes.0[route as usize] == Some(version));
        }
    }

    proptest! {
        #[test]
        fn a_reader_sees_each_route_once_at_its_last_change(
            changes in proptest::collection::vec(0u32..2000, 0..12_000), from in 0u64..12_000,
        ) {
            let mut log = ChangeLog::default();
            let mut routes = Routes(alloc::vec![None; 2000]);
            for &route in &changes {
                change(&mut log, &mut routes, route);
            }
            let seen: Vec<_> = log
                .read(from)
                .filter(|&(version, route)| routes.0[route as usize] == Some(low(version)))
                .collect();
            let mut expected = Vec::new();
            for (version, &route) in changes.iter().enumerate() {
                let version = version as u64;
                if version >= from && !changes[version as usize + 1..].contains(&route) {
                    expected.push((version, route));
                }
            }
            prop_assert_eq!(seen, expected);
        }

        #[test]
        fn the_log_stays_in_proportion_to_the_table(rounds in 1usize..400) {
            let mut log = ChangeLog::default();
            let mut routes = Routes(alloc::vec![None; 100]);
            for round in 0..rounds * 100 {
                change(&mut log, &mut routes, (round % 100) as u32);
            }
            prop_assert!(log.memory() <= 3 * BLOCK * 8 + 1024, "{} octets", log.memory());
        }
    }
}
