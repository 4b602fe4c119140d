//! The log goes on in another memory: a larger or a smaller one, or one that is a file.

use std::time::Duration;

use super::log::Writer;
use super::machine::Machine;
use super::memory::{Memory, Word};
use super::primary::{Primary, after};
use super::standby::TwinState;

/// All words but a twin's.
const KEPT: [Word; 21] = [
    Word::Published,
    Word::Begun,
    Word::Applied,
    Word::Tick,
    Word::IntentSequence,
    Word::IntentSocket,
    Word::IntentOffset,
    Word::IntentPlace,
    Word::IntentLength,
    Word::Deadline,
    Word::Working,
    Word::Epoch,
    Word::Released,
    Word::Attempted,
    Word::Checkpoint,
    Word::KeeperTick,
    Word::Tail,
    Word::TrailEnd,
    Word::Trail,
    Word::OtherTrailEnd,
    Word::OtherTrail,
];

impl<M: Machine, L: Memory> Primary<M, L> {
    /// Whether a ring of `capacity` octets has room for the log from `floor` on, and as much again.
    pub fn fits(&self, capacity: u64, floor: u64) -> bool {
        let end = self.writer.cursor().position;
        floor <= end && floor >= self.writer.tail() && end - floor <= capacity / 2
    }

    /// Keeps the log from here on for so long, also where nobody follows it: somebody is about to.
    pub fn keep_log(&mut self, within: Duration) {
        self.kept = Some((self.writer.cursor().position, after(self.now, within)));
    }

    /// Makes another memory, to which nobody has written, what this one is: words, and what was logged from `floor`
    /// on, at the same positions.
    ///
    /// # Panics
    /// Where it does not fit, see [`Primary::fits`].
    pub fn copy_log(&self, memory: &mut L, floor: u64) {
        assert!(self.fits(memory.capacity(), floor), "the log from {floor} on does not fit");
        let cursor = self.writer.cursor();
        let length = (cursor.position - floor) as usize;
        memory.octets_mut(floor, length).copy_from_slice(self.memory.octets(floor, length));
        for word in KEPT {
            let value = if word == Word::Tail { floor } else { self.memory.load(word) };
            memory.store(word, value);
        }
        memory.store(Word::TwinState, TwinState::Absent as u64);
    }

    /// Goes on in a memory that [`Primary::copy_log`] has made the same, with nothing written since. Nobody may be
    /// following the old one, which is the answer: whoever would lead with it would not know what comes now.
    pub fn go_on_in(&mut self, memory: L) -> L {
        let cursor = self.writer.cursor();
        self.writer = Writer::new(&memory, cursor, cursor.epoch);
        self.held_since = None;
        std::mem::replace(&mut self.memory, memory)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_is_forgotten() {
        // The others are the twin's.
        let twins = 8;
        assert_eq!(KEPT.len() + twins, Word::COUNT);
    }
}
