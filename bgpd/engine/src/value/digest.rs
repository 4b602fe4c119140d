//! A running digest, to tell whether two machines have done the same.

use core::fmt;

use serde::{Deserialize, Serialize};

/// A digest of 64 bits that depends on what was put in and in which order. It finds accidents, not forgers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Digest(u64);

const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

/// Spreads each bit of a number over all of it.
#[inline]
#[must_use]
pub const fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 32)).wrapping_mul(MULTIPLIER);
    value ^ (value >> 29)
}

impl Digest {
    /// Puts a number in.
    #[inline]
    pub const fn add(&mut self, value: u64) {
        self.0 = mix(self.0.rotate_left(5) ^ value);
    }

    /// Puts octets in; the same octets cut another way give the same only if the cuts are multiples of eight.
    pub fn add_octets(&mut self, octets: &[u8]) {
        let (words, rest) = octets.as_chunks::<8>();
        for word in words {
            self.add(u64::from_le_bytes(*word));
        }
        for &octet in rest {
            self.add(u64::from(octet) | 0x100);
        }
    }

    /// Puts in, or takes out again, one of many things whose order does not matter.
    #[inline]
    pub const fn toggle(&mut self, value: u64) {
        self.0 ^= mix(value);
    }

    /// The digest as a number.
    #[must_use]
    pub const fn value(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_matters_for_what_is_added_and_not_for_what_is_toggled() {
        let added = |values: [u64; 2]| {
            let mut digest = Digest::default();
            values.iter().for_each(|&value| digest.add(value));
            digest
        };
        assert_ne!(added([1, 2]), added([2, 1]));
        let mut digest = Digest::default();
        [7, 9, 7, 11, 9].iter().for_each(|&value| digest.toggle(value));
        let mut eleven = Digest::default();
        eleven.toggle(11);
        assert_eq!(digest, eleven);
    }
}
