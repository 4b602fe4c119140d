//! COMMUNITIES (RFC 1997).

use super::List;

/// One community: the AS in the upper two octets, by convention.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Community(pub u32);

/// A route's communities, in the order received.
pub type Communities = List<Community>;
