//! NEXT_HOP (RFC 4271 §5.1.3) and the next hop of MP_REACH_NLRI (RFC 2545, RFC 8950).

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::table::{Inbound, Mandatory, Row, TRANSITIVE, emit_attribute};
use super::{Disposition, Fault};
use crate::value::Family;

/// A route's next hop.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum NextHop {
    /// None yet: a route of this router itself. It is set when the route is advertised.
    #[default]
    Own,
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// An IPv6 address: global, or link-local alone.
    V6(Ipv6Addr),
    /// A global IPv6 address and the link-local one of the same router (RFC 2545 §3).
    V6WithLinkLocal(Box<(Ipv6Addr, Ipv6Addr)>),
}

impl NextHop {
    /// The address to look up: the global one where there are two. `None` for a route of this router itself.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        match self {
            NextHop::Own => None,
            NextHop::V4(address) => Some(IpAddr::V4(*address)),
            NextHop::V6(address) => Some(IpAddr::V6(*address)),
            NextHop::V6WithLinkLocal(pair) => Some(IpAddr::V6(pair.0)),
        }
    }

    /// The link-local address, where there is one.
    #[must_use]
    pub fn link_local(&self) -> Option<Ipv6Addr> {
        match self {
            NextHop::V6WithLinkLocal(pair) => Some(pair.1),
            NextHop::V6(address) if address.is_unicast_link_local() => Some(*address),
            NextHop::Own | NextHop::V4(_) | NextHop::V6(_) => None,
        }
    }

    /// Reads MP_REACH_NLRI's next hop (RFC 2545 §3; RFC 8950 §3 for IPv4 prefixes with an IPv6 next hop).
    pub fn parse(octets: &[u8], family: Family, inbound: &Inbound) -> Result<NextHop, Fault> {
        let v6_allowed = family == Family::Ipv6Unicast || inbound.extended_next_hop;
        match octets.len() {
            4 if family == Family::Ipv4Unicast => Ok(NextHop::V4(four(octets))),
            16 if v6_allowed => Ok(NextHop::V6(sixteen(octets))),
            32 if v6_allowed => Ok(Self::pair(sixteen(octets), sixteen(&octets[16..]))),
            other => Err(Fault::NextHopLength(u8::try_from(other).unwrap_or(u8::MAX))),
        }
    }

    /// The next hop of two addresses. Some speakers send the unspecified address, or the link-local one twice,
    /// where they have no global one, or no link-local one in the second place: what is usable counts.
    fn pair(global: Ipv6Addr, link_local: Ipv6Addr) -> NextHop {
        if !link_local.is_unicast_link_local() {
            NextHop::V6(global)
        } else if global.is_unspecified() || global.is_unicast_link_local() {
            NextHop::V6(link_local)
        } else {
            NextHop::V6WithLinkLocal(Box::new((global, link_local)))
        }
    }

    /// Whether this can be the address of a host. A route of this router itself has none yet, which is no fault.
    #[must_use]
    pub fn is_host(&self) -> bool {
        match self.address() {
            None => true,
            Some(IpAddr::V4(address)) => is_v4_host(address),
            Some(IpAddr::V6(address)) => {
                !(address.is_unspecified() || address.is_loopback() || address.is_multicast())
            }
        }
    }

    /// Appends the addresses as MP_REACH_NLRI has them, without their length.
    pub(crate) fn emit(&self, out: &mut Vec<u8>) {
        match self {
            NextHop::Own => {}
            NextHop::V4(address) => out.extend_from_slice(&address.octets()),
            NextHop::V6(address) => out.extend_from_slice(&address.octets()),
            NextHop::V6WithLinkLocal(pair) => {
                out.extend_from_slice(&pair.0.octets());
                out.extend_from_slice(&pair.1.octets());
            }
        }
    }
}

impl fmt::Display for NextHop {
    /// The address to look up, `0.0.0.0` for a route of this router itself.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address().unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)).fmt(f)
    }
}

fn four(octets: &[u8]) -> Ipv4Addr {
    octets.first_chunk().copied().map_or(Ipv4Addr::UNSPECIFIED, |octets: [u8; 4]| octets.into())
}

fn sixteen(octets: &[u8]) -> Ipv6Addr {
    octets.first_chunk().copied().map_or(Ipv6Addr::UNSPECIFIED, |octets: [u8; 16]| octets.into())
}

/// Not of 0/8, not of 127/8, not multicast, not class E.
fn is_v4_host(address: Ipv4Addr) -> bool {
    !matches!(address.octets()[0], 0 | 127 | 224..)
}

//= rfc7606#section-7.3
//# The attribute is considered malformed if the Attribute Length is not 4 […] An UPDATE message with a
//# malformed NEXT_HOP attribute SHALL be handled using the approach of "treat-as-withdraw".
pub(crate) const ROW: Row = Row {
    code: 3,
    name: "NEXT_HOP",
    flags: TRANSITIVE,
    partial: 0,
    mandatory: Mandatory::NlriField,
    malformed: Disposition::TreatAsWithdraw,
    repeated: Disposition::AttributeDiscard,
    parse: |octets, _, draft| {
        let address = <[u8; 4]>::try_from(octets).map_err(|_| Fault::Length(octets.len()))?;
        draft.next_hop = Some(address.into());
        Ok(())
    },
    emit: |attributes, outbound, out| match attributes.next_hop {
        NextHop::V4(address) if outbound.family == Family::Ipv4Unicast => {
            emit_attribute(&ROW, &address.octets(), out);
        }
        NextHop::Own | NextHop::V4(_) | NextHop::V6(_) | NextHop::V6WithLinkLocal(_) => {}
    },
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::PeerKind;

    const GLOBAL: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
    const LINK_LOCAL: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);

    const PLAIN: Inbound = Inbound {
        four_octet_as: true,
        extended_next_hop: false,
        peer: PeerKind::External,
        reject_as_sets: true,
        aigp: false,
    };
    const EXTENDED: Inbound = Inbound { extended_next_hop: true, ..PLAIN };

    fn two(first: Ipv6Addr, second: Ipv6Addr) -> NextHop {
        NextHop::parse(&[first.octets(), second.octets()].concat(), Family::Ipv6Unicast, &PLAIN).unwrap()
    }

    #[test]
    fn of_two_addresses_the_usable_ones_count() {
        assert_eq!(two(GLOBAL, LINK_LOCAL), NextHop::V6WithLinkLocal(Box::new((GLOBAL, LINK_LOCAL))));
        assert_eq!(two(GLOBAL, Ipv6Addr::UNSPECIFIED), NextHop::V6(GLOBAL));
        assert_eq!(two(Ipv6Addr::UNSPECIFIED, LINK_LOCAL), NextHop::V6(LINK_LOCAL));
        assert_eq!(two(LINK_LOCAL, LINK_LOCAL), NextHop::V6(LINK_LOCAL));
    }

    #[test]
    fn ipv4_prefixes_have_an_ipv6_next_hop_only_where_negotiated() {
        let octets = GLOBAL.octets();
        assert_eq!(NextHop::parse(&octets, Family::Ipv4Unicast, &EXTENDED), Ok(NextHop::V6(GLOBAL)));
        assert_eq!(NextHop::parse(&octets, Family::Ipv4Unicast, &PLAIN), Err(Fault::NextHopLength(16)));
        assert_eq!(
            NextHop::parse(&octets[..4], Family::Ipv6Unicast, &EXTENDED),
            Err(Fault::NextHopLength(4))
        );
        assert_eq!(
            NextHop::parse(&octets[..15], Family::Ipv6Unicast, &EXTENDED),
            Err(Fault::NextHopLength(15))
        );
    }

    #[test]
    fn addresses_of_no_host_are_told() {
        for bad in ["0.0.0.0", "0.1.2.3", "127.0.0.1", "224.0.0.5", "255.255.255.255"] {
            assert!(!NextHop::V4(bad.parse().unwrap()).is_host(), "{bad}");
        }
        assert!(NextHop::V4(Ipv4Addr::new(10, 0, 0, 1)).is_host());
        assert!(NextHop::V6(LINK_LOCAL).is_host());
        assert!(!NextHop::V6(Ipv6Addr::UNSPECIFIED).is_host());
    }
}
