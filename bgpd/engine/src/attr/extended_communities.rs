//! EXTENDED_COMMUNITIES (RFC 4360).

use super::List;

/// One extended community: type, subtype and value, eight octets in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExtendedCommunity(pub [u8; 8]);

/// A route's extended communities, in the order received.
pub type ExtendedCommunities = List<ExtendedCommunity>;
