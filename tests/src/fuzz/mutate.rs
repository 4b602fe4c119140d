//! Deterministic mutants of a corpus: the same on every machine, so that a failure is reproduced by its number.

/// Makes mutants: seeds with octets changed, cut out, doubled, and lengths that lie.
#[derive(Clone, Debug)]
pub struct Mutator {
    state: u64,
}

/// Octets that stand at the borders of what readers tell apart.
const BORDERS: [u8; 12] = [0, 1, 2, 3, 4, 0x10, 0x40, 0x7f, 0x80, 0xc0, 0xfe, 0xff];

impl Mutator {
    /// A series of mutants, another for each seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Mutator { state: seed ^ 0x9e37_79b9_7f4a_7c15 }
    }

    /// A number below `bound`, which is not 0 (SplitMix64).
    fn below(&mut self, bound: usize) -> usize {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ mixed >> 31) % bound as u64).unwrap_or_default()
    }

    /// A mutant of one of the seeds, of which there is at least one.
    pub fn mutant(&mut self, seeds: &[Vec<u8>]) -> Vec<u8> {
        let mut octets = seeds[self.below(seeds.len())].clone();
        for _ in 0..=self.below(6) {
            let other = &seeds[self.below(seeds.len())];
            self.change(&mut octets, other);
        }
        octets
    }

    fn change(&mut self, octets: &mut Vec<u8>, other: &[u8]) {
        if octets.is_empty() {
            octets.extend_from_slice(other);
            return;
        }
        let place = self.below(octets.len());
        let span = 1 + self.below((octets.len() - place).min(16));
        match self.below(8) {
            0 => octets[place] ^= 1 << self.below(8),
            1 | 2 => octets[place] = BORDERS[self.below(BORDERS.len())],
            3 => octets[place] = octets[place].wrapping_add(1),
            4 => octets.truncate(place),
            5 => drop(octets.drain(place..place + span)),
            6 => {
                let doubled = octets[place..place + span].to_vec();
                octets.splice(place..place, doubled);
            }
            _ => {
                let from = self.below(other.len().max(1)).min(other.len());
                octets.truncate(place);
                octets.extend_from_slice(&other[from..]);
            }
        }
    }
}
