//! IPv6 Address Specific Extended Communities (RFC 5701).

use super::List;

/// One such community: type, subtype, address and local value, twenty octets in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ipv6ExtendedCommunity(pub [u8; 20]);

/// A route's IPv6 address specific extended communities, in the order received.
pub type Ipv6ExtendedCommunities = List<Ipv6ExtendedCommunity>;
