//! What a table needs to know of a prefix, whatever its family.

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

    /// This family's prefix, if `net` is one.
    fn from_ipnet(net: IpNet) -> Option<Self>;

    /// Whether every address of `other` is one of this prefix.
    fn covers(self, other: Self) -> bool {
        self.length() <= other.length() && Self::from_bits(other.bits(), self.length()) == self
    }
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
    fn a_prefix_covers_itself_and_what_is_longer_inside() {
        let net: Ipv4Net = "10.0.0.0/8".parse().unwrap();
        assert!(net.covers(net));
        assert!(net.covers("10.255.0.0/16".parse().unwrap()));
        assert!(!net.covers("11.0.0.0/16".parse().unwrap()));
        assert!(!net.covers("0.0.0.0/0".parse().unwrap()));
    }
}
