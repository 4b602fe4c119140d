//! Ways out of this router that are not BGP's.

use core::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::IfIndex;

/// Where a route that is not BGP's leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Way {
    /// Onto this link.
    Link(IfIndex),
    /// Through this router, wherever that is.
    Through(IpAddr),
    /// Through this router on this link.
    Over(IpAddr, IfIndex),
    /// Nowhere, without a word (`Null0`, `blackhole`).
    Blackhole,
    /// Nowhere: the sender is told that there is no way.
    Unreachable,
    /// Nowhere: the sender is told that this is forbidden.
    Prohibit,
}

impl Way {
    /// Whether what goes there is dropped.
    #[must_use]
    pub const fn is_hole(self) -> bool {
        matches!(self, Way::Blackhole | Way::Unreachable | Way::Prohibit)
    }

    /// The router that it goes through.
    #[must_use]
    pub const fn router(self) -> Option<IpAddr> {
        match self {
            Way::Through(router) | Way::Over(router, _) => Some(router),
            Way::Link(_) | Way::Blackhole | Way::Unreachable | Way::Prohibit => None,
        }
    }
}
