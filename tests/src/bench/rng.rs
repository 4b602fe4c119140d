//! The generator's random numbers: xoshiro256** seeded by splitmix64 (Blackman and Vigna, public domain algorithms).
//!
//! Written here so that a table is the same on every machine and with every version of every crate: a figure can
//! be compared with another only if the table's digest, which the benchmark prints, is equal.

/// A reproducible stream of numbers.
#[derive(Debug, Clone)]
pub struct Rng {
    state: [u64; 4],
}

impl Rng {
    /// The stream of this seed; any seed will do, zero included.
    pub fn new(seed: u64) -> Self {
        let mut word = seed;
        let state = core::array::from_fn(|_| {
            word = word.wrapping_add(0x9e37_79b9_7f4a_7c15);
            mix(word)
        });
        Self { state }
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        let s = &mut self.state;
        let result = s[1].wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let shifted = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= shifted;
        s[3] = s[3].rotate_left(45);
        result
    }

    /// A number in `0..limit`; `limit` must not be 0. (Multiply and shift: its bias of 2^-32 does not matter here.)
    pub fn below(&mut self, limit: u32) -> u32 {
        (((self.bits() >> 32) * u64::from(limit)) >> 32) as u32
    }

    /// The index of a row, drawn by the rows' weights, whose sum must not be 0.
    pub fn weighted(&mut self, weights: &[u32]) -> usize {
        let mut left = self.below(weights.iter().sum());
        for (row, &weight) in weights.iter().enumerate() {
            if left < weight {
                return row;
            }
            left -= weight;
        }
        unreachable!("the draw is below the sum of the weights")
    }

    /// Fisher and Yates' shuffle.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.below(last as u32 + 1) as usize;
            items.swap(last, other);
        }
    }
}

/// splitmix64's finisher: every input bit changes about half of the output bits.
pub fn mix(word: u64) -> u64 {
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

/// A 64-bit digest of bytes, eight at a time; for equality, not against an attacker.
pub fn digest(seed: u64, bytes: &[u8]) -> u64 {
    let mut state = mix(seed ^ bytes.len() as u64);
    let mut chunks = bytes.chunks_exact(8);
    for chunk in &mut chunks {
        let word = u64::from_le_bytes(chunk.try_into().expect("a chunk of eight"));
        state = (state ^ word).wrapping_mul(0x9fb2_1c65_1e98_df25).rotate_left(29);
    }
    let mut word = 0;
    for &octet in chunks.remainder() {
        word = word << 8 | u64::from(octet);
    }
    mix(state ^ word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splitmix64_gives_its_published_sequence() {
        // The reference implementation's first outputs for seed 1234567.
        let mut word = 1_234_567_u64;
        let mut drawn = Vec::new();
        for _ in 0..3 {
            word = word.wrapping_add(0x9e37_79b9_7f4a_7c15);
            drawn.push(mix(word));
        }
        assert_eq!(drawn, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }

    #[test]
    fn draws_follow_the_weights() {
        let mut rng = Rng::new(1);
        let mut seen = [0_u32; 3];
        for _ in 0..10_000 {
            seen[rng.weighted(&[1, 0, 9])] += 1;
        }
        assert_eq!(seen[1], 0);
        assert!((800..1200).contains(&seen[0]), "{seen:?}");
    }

    #[test]
    fn a_digest_notices_every_octet() {
        let bytes: Vec<u8> = (0..29).collect();
        let whole = digest(0, &bytes);
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert_ne!(digest(0, &changed), whole, "octet {at}");
        }
        assert_ne!(digest(0, &bytes[..28]), whole);
    }
}
