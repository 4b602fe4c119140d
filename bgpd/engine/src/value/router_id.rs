//! BGP identifiers (RFC 6286).

use core::fmt;
use core::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

/// A BGP identifier: four octets, unique in the AS, never 0 (RFC 6286 §2.1). Ordered as an unsigned number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RouterId(pub u32);

impl From<Ipv4Addr> for RouterId {
    fn from(address: Ipv4Addr) -> Self {
        RouterId(address.to_bits())
    }
}

impl From<RouterId> for Ipv4Addr {
    fn from(id: RouterId) -> Self {
        Ipv4Addr::from_bits(id.0)
    }
}

impl fmt::Display for RouterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ipv4Addr::from_bits(self.0).fmt(f)
    }
}
