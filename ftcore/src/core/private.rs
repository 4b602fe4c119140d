//! A memory of one process alone: for the mode without a twin, for tests, and for the simulator.

use super::memory::{Memory, Word};

/// Memory that nobody shares.
///
/// The ring lies twice in a row, so that every piece of it is in one piece. Only the place that a piece was lent
/// from is written; [`Memory::read`] and [`Memory::octets`] are told the truth all the same, because the other
/// place is brought up to date before the next piece is lent or a word is stored.
#[derive(Clone, Debug)]
pub struct PrivateMemory {
    twice: Vec<u8>,
    /// What was lent to be written: where, and how many octets.
    lent: (usize, usize),
    words: Vec<u64>,
}

impl PrivateMemory {
    /// An empty one with a ring of so many octets.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        PrivateMemory { twice: vec![0; 2 * capacity], lent: (0, 0), words: vec![0; Word::COUNT] }
    }

    fn half(&self) -> usize {
        self.twice.len() / 2
    }

    fn at(&self, position: u64) -> usize {
        (position % self.half() as u64) as usize
    }

    /// Copies what was lent to the other place that shows the same octets.
    fn settle(&mut self) {
        let (at, length) = std::mem::take(&mut self.lent);
        let half = self.half();
        let before_seam = (at + length).min(half) - at;
        self.twice.copy_within(at..at + before_seam, at + half);
        if length > before_seam {
            self.twice.copy_within(half..at + length, 0);
        }
    }
}

impl Memory for PrivateMemory {
    fn capacity(&self) -> u64 {
        self.half() as u64
    }

    fn read(&self, position: u64, length: usize, into: &mut Vec<u8>) {
        let (at, half) = (self.at(position), self.half());
        let start = into.len();
        into.extend_from_slice(&self.twice[at..at + length]);
        // A piece that is still lent has been written at its own place only.
        let (lent, count) = self.lent;
        for n in 0..count {
            let offset = (lent + n + half - at) % half;
            if offset < length {
                into[start + offset] = self.twice[lent + n];
            }
        }
    }

    fn octets(&self, position: u64, length: usize) -> &[u8] {
        debug_assert!(length <= self.half(), "longer than the ring");
        let at = self.at(position);
        &self.twice[at..at + length]
    }

    fn octets_mut(&mut self, position: u64, length: usize) -> &mut [u8] {
        assert!(length <= self.half(), "longer than the ring");
        self.settle();
        let at = self.at(position);
        self.lent = (at, length);
        &mut self.twice[at..at + length]
    }

    fn load(&self, word: Word) -> u64 {
        self.words[word as usize]
    }

    fn store(&mut self, word: Word, value: u64) {
        self.settle();
        self.words[word as usize] = value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_anywhere_is_read_everywhere() {
        let mut memory = PrivateMemory::new(64);
        let mut model = [0_u8; 64];
        let mut seed = 1_u64;
        for turn in 0..5000_u64 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(turn | 1);
            let (position, length) = ((seed >> 20) % 1000, (seed >> 40) as usize % 65);
            for (n, octet) in memory.octets_mut(position, length).iter_mut().enumerate() {
                *octet = (seed >> (n % 8)) as u8;
                model[(position as usize + n) % 64] = *octet;
            }
            if seed & 1 == 0 {
                memory.store(Word::Tick, turn);
            }
            let from = seed % 777;
            let mut got = Vec::new();
            memory.read(from, 64, &mut got);
            let expected: Vec<u8> = (0..64).map(|n| model[(from as usize + n) % 64]).collect();
            assert_eq!(got, expected);
            assert_eq!(memory.octets(position, length).len(), length);
        }
    }
}
