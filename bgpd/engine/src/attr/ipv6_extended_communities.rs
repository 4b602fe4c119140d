//! IPv6 Address Specific Extended Communities (RFC 5701).

use core::fmt;
use core::net::Ipv6Addr;

use super::table::{Mandatory, OPTIONAL, Row, TRANSITIVE, emit_header};
use super::{Disposition, List};

/// One such community: type, subtype, address and local value, twenty octets in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ipv6ExtendedCommunity(pub [u8; 20]);

/// A route's IPv6 address specific extended communities, in the order received.
pub type Ipv6ExtendedCommunities = List<Ipv6ExtendedCommunity>;

impl fmt::Display for Ipv6ExtendedCommunity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [kind, subtype, address @ .., high, low] = self.0;
        let address = Ipv6Addr::from(address);
        let value = u16::from_be_bytes([high, low]);
        match (kind, subtype) {
            (0, 2) => write!(f, "RT:{address}:{value}"),
            (0, 3) => write!(f, "SoO:{address}:{value}"),
            _ => write!(f, "UNK:{kind}, {subtype}"),
        }
    }
}

//= rfc7606#section-7.15
//# The IPv6 Address Specific Extended Community attribute SHALL be considered malformed if its length is not a
//# non-zero multiple of 20. […] SHALL be handled using the approach of "treat-as-withdraw".
pub(super) const ROW: Row = Row {
    code: 25,
    name: "IPV6_EXTENDED_COMMUNITIES",
    flags: OPTIONAL | TRANSITIVE,
    partial: 8,
    mandatory: Mandatory::No,
    malformed: Disposition::TreatAsWithdraw,
    repeated: Disposition::AttributeDiscard,
    parse: |octets, _, draft| {
        draft.rare.ipv6_extended_communities = List::parse(octets, Ipv6ExtendedCommunity)?;
        Ok(())
    },
    emit: |attributes, _, out| {
        let list = &attributes.rare().ipv6_extended_communities;
        if !list.is_empty() {
            emit_header(ROW.flags_in(attributes), ROW.code, list.len() * 20, out);
            list.iter().for_each(|community| out.extend_from_slice(&community.0));
        }
    },
};

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn a_route_target_is_written_with_its_address() {
        let mut octets = [0; 20];
        octets[1] = 2;
        octets[2..6].copy_from_slice(&[0x20, 1, 0xd, 0xb8]);
        octets[19] = 7;
        assert_eq!(Ipv6ExtendedCommunity(octets).to_string(), "RT:2001:db8:::7");
        octets[1] = 9;
        assert_eq!(Ipv6ExtendedCommunity(octets).to_string(), "UNK:0, 9");
    }
}
