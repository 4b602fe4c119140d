//! NEXT_HOP (RFC 4271 §5.1.3) and the next hop of MP_REACH_NLRI (RFC 2545, RFC 8950).

use alloc::boxed::Box;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

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
}
