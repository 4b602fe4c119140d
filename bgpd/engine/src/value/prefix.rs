//! What a table needs to know of a prefix, whatever its family.

use alloc::vec::Vec;
use core::fmt;
use core::hash::Hash;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::Family;

/// A prefix of one family. Always in canonical form here: the bits after the length are zero.
pub trait Net: Copy + Eq + Ord + Hash + fmt::Debug + fmt::Display + Into<IpNet> + Default + 'static {
    /// The family whose table holds such prefixes.
    const FAMILY: Family;
    /// The longest prefix length.
    const MAX_LEN: u8;

    /// The prefix length in bits.
    fn length(self) -> u8;

    /// The address, its first bit in the most significant bit of the number.
    fn bits(self) -> u128;

    /// The prefix of this length that covers the address with these leading bits (see [`Net::bits`]); the bits
    /// after the length are cleared. A length above [`Net::MAX_LEN`] is cut to it.
    fn from_bits(bits: u128, len: u8) -> Self;

    /// The prefix of this length whose first bits are `octets`, as NLRI carry them: octets that lack are zero,
    /// the bits after the length are cleared, a length above [`Net::MAX_LEN`] is cut to it.
    fn from_octets(octets: &[u8], len: u8) -> Self;

    /// Appends the octets that hold the prefix's bits, and no more (RFC 4271 §4.3).
    fn emit_octets(self, out: &mut Vec<u8>);

    /// This family's prefix, if `net` is one.
    fn from_ipnet(net: IpNet) -> Option<Self>;

    /// Whether every address of `other` is one of this prefix.
    fn covers(self, other: Self) -> bool {
        self.length() <= other.length() && Self::from_bits(other.bits(), self.length()) == self
    }
}

/// The octets that hold a prefix of this length (RFC 4271 §4.3).
#[must_use]
pub const fn octets_of_length(len: u8) -> usize {
    (len as usize).div_ceil(8)
}

/// The first octets, zeros where they lack.
fn padded<const N: usize>(octets: &[u8]) -> [u8; N] {
    octets.first_chunk::<N>().copied().unwrap_or_else(|| {
        let mut full = [0; N];
        full[..octets.len()].copy_from_slice(octets);
        full
    })
}

/// Appends the octets that hold a prefix of this length. All are copied and the last ones dropped again: a copy of
/// a fixed size is a few instructions, one of a variable size is a call.
#[inline]
fn emit_first<const N: usize>(octets: [u8; N], len: u8, out: &mut Vec<u8>) {
    let end = out.len() + octets_of_length(len);
    out.extend_from_slice(&octets);
    out.truncate(end);
}

fn mask(bits: u128, len: u8) -> u128 {
    if len == 0 { 0 } else { bits & (u128::MAX << (128 - u32::from(len))) }
}

impl Net for Ipv4Net {
    const FAMILY: Family = Family::Ipv4Unicast;
    const MAX_LEN: u8 = 32;

    fn length(self) -> u8 {
        self.prefix_len()
    }

    fn bits(self) -> u128 {
        u128::from(self.addr().to_bits()) << 96
    }

    fn from_bits(bits: u128, len: u8) -> Self {
        let len = len.min(Self::MAX_LEN);
        let bits = u32::try_from(mask(bits, len) >> 96).unwrap_or_default();
        Ipv4Net::new_assert(bits.into(), len)
    }

    #[inline]
    fn from_octets(octets: &[u8], len: u8) -> Self {
        let len = len.min(Self::MAX_LEN);
        let bits = u32::from_be_bytes(padded(octets));
        let mask = u32::MAX.checked_shl(32 - u32::from(len)).unwrap_or(0);
        Ipv4Net::new_assert((bits & mask).into(), len)
    }

    #[inline]
    fn emit_octets(self, out: &mut Vec<u8>) {
        emit_first(self.addr().octets(), self.prefix_len(), out);
    }

    fn from_ipnet(net: IpNet) -> Option<Self> {
        match net {
            IpNet::V4(net) => Some(net),
            IpNet::V6(_) => None,
        }
    }
}

impl Net for Ipv6Net {
    const FAMILY: Family = Family::Ipv6Unicast;
    const MAX_LEN: u8 = 128;

    fn length(self) -> u8 {
        self.prefix_len()
    }

    fn bits(self) -> u128 {
        self.addr().to_bits()
    }

    fn from_bits(bits: u128, len: u8) -> Self {
        let len = len.min(Self::MAX_LEN);
        Ipv6Net::new_assert(mask(bits, len).into(), len)
    }

    #[inline]
    fn from_octets(octets: &[u8], len: u8) -> Self {
        Self::from_bits(u128::from_be_bytes(padded(octets)), len)
    }

    #[inline]
    fn emit_octets(self, out: &mut Vec<u8>) {
        emit_first(self.addr().octets(), self.prefix_len(), out);
    }

    fn from_ipnet(net: IpNet) -> Option<Self> {
        match net {
            IpNet::V6(net) => Some(net),
            IpNet::V4(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_and_length_make_the_prefix_again() {
        let net: Ipv4Net = "10.1.2.0/23".parse().unwrap();
        assert_eq!(Ipv4Net::from_bits(net.bits(), 23), net);
        assert_eq!(Ipv4Net::from_bits(net.bits(), 0), Ipv4Net::default());
        let net: Ipv6Net = "2001:db8::/32".parse().unwrap();
        assert_eq!(Ipv6Net::from_bits(net.bits() | 1, 32), net);
    }

    #[test]
    fn octets_of_the_wire_lose_the_bits_after_the_length() {
        assert_eq!(Ipv4Net::from_octets(&[10, 1, 255], 23), "10.1.254.0/23".parse().unwrap());
        assert_eq!(Ipv4Net::from_octets(&[], 0), Ipv4Net::default());
        assert_eq!(Ipv4Net::from_octets(&[1, 2, 3, 4, 5], 32), "1.2.3.4/32".parse().unwrap());
        assert_eq!(
            Ipv6Net::from_octets(&[0x20, 1, 0xd, 0xb8, 0xff], 33),
            "2001:db8:8000::/33".parse().unwrap()
        );
    }

    #[test]
    fn only_the_octets_that_hold_bits_are_emitted() {
        let mut out = Vec::new();
        "10.1.254.0/23".parse::<Ipv4Net>().unwrap().emit_octets(&mut out);
        "2001:db8::/32".parse::<Ipv6Net>().unwrap().emit_octets(&mut out);
        Ipv4Net::default().emit_octets(&mut out);
        assert_eq!(out, [10, 1, 254, 0x20, 1, 0xd, 0xb8]);
    }

    #[test]
    fn a_prefix_covers_itself_and_what_is_longer_inside() {
        let net: Ipv4Net = "10.0.0.0/8".parse().unwrap();
        assert!(net.covers(net));
        assert!(net.covers("10.255.0.0/16".parse().unwrap()));
        assert!(!net.covers("11.0.0.0/16".parse().unwrap()));
        assert!(!net.covers("0.0.0.0/0".parse().unwrap()));
    }
}
