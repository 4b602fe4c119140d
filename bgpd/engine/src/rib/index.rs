//! Where something stands: from a hash to an index into an array, in shards that grow one by one.
//!
//! A single table that doubles moves everything in one step, and reads the hash of everything again from the array:
//! with a million prefixes that is tens of milliseconds in which no other peer gets its turn. A shard has a 256th
//! of it. What the shards hold, and in which order, is never visible.

use alloc::vec::Vec;

use hashbrown::HashTable;

/// The number of shards, a power of two.
const SHARDS: usize = 256;
/// The lowest of the hash's bits that name the shard: not those that a table takes its place (the lowest) and its
/// tag (the highest seven) from.
const SHARD_BITS: u32 = 40;

/// Numbers by hash; the caller knows what they stand for.
#[derive(Debug)]
pub(super) struct Index {
    shards: Vec<HashTable<u32>>,
}

impl Index {
    /// An empty one.
    pub(super) fn new() -> Self {
        Index { shards: (0..SHARDS).map(|_| HashTable::new()).collect() }
    }

    /// An empty one with room for so many numbers, so that filling it moves nothing.
    pub(super) fn with_room(numbers: usize) -> Self {
        // The shards are not all of a size: an eighth more fits nearly every one.
        let room = numbers / SHARDS + numbers / SHARDS / 8;
        Index { shards: (0..SHARDS).map(|_| HashTable::with_capacity(room)).collect() }
    }

    /// The number with this hash that `is_it` accepts.
    pub(super) fn find(&self, hash: u64, mut is_it: impl FnMut(u32) -> bool) -> Option<u32> {
        self.shards[shard(hash)].find(hash, |&number| is_it(number)).copied()
    }

    /// Adds a number that is not there yet; `hash_of` gives the hash of one that is.
    pub(super) fn insert(&mut self, hash: u64, number: u32, hash_of: impl Fn(u32) -> u64) {
        self.shards[shard(hash)].insert_unique(hash, number, |&number| hash_of(number));
    }

    /// Takes a number out, if it is there.
    pub(super) fn remove(&mut self, hash: u64, number: u32) {
        if let Ok(found) = self.shards[shard(hash)].find_entry(hash, |&other| other == number) {
            found.remove();
        }
    }

    /// How many numbers have room without growing.
    pub(super) fn capacity(&self) -> usize {
        self.shards.iter().map(HashTable::capacity).sum()
    }
}

/// The shard of a hash.
const fn shard(hash: u64) -> usize {
    (hash >> SHARD_BITS) as usize % SHARDS
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A hash whose bits all count.
    fn hash_of(number: u32) -> u64 {
        (u64::from(number) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    #[test]
    fn what_was_put_in_is_found_until_it_is_taken_out() {
        let mut index = Index::new();
        for number in 0..10_000 {
            index.insert(hash_of(number), number, hash_of);
        }
        for number in (0..10_000).step_by(2) {
            index.remove(hash_of(number), number);
        }
        for number in 0..10_000 {
            let found = index.find(hash_of(number), |other| other == number);
            assert_eq!(found, (number % 2 == 1).then_some(number));
        }
    }

    #[test]
    fn no_shard_has_much_more_than_its_part() {
        let mut index = Index::new();
        for number in 0..100_000 {
            index.insert(hash_of(number), number, hash_of);
        }
        let longest = index.shards.iter().map(HashTable::len).max();
        assert!(longest < Some(100_000 / SHARDS * 2), "{longest:?}");
    }
}
