//! LARGE_COMMUNITY (RFC 8092).

use super::List;

/// One large community: global administrator, local data part 1, local data part 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LargeCommunity(pub [u32; 3]);

/// A route's large communities, in the order received.
pub type LargeCommunities = List<LargeCommunity>;
