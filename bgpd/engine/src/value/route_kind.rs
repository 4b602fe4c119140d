//! What an operator calls the routes that are not BGP's.

use core::fmt;

use serde::{Deserialize, Serialize};

/// A kind of routes that are not BGP's (`redistribute`, `show ip route`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum RouteKind {
    /// Of any other program or hand, in the kernel.
    Kernel,
    /// To a network that this router has an address in.
    Connected,
    /// Of this router's configuration.
    Static,
}

impl RouteKind {
    /// Every kind, in the order in which FRR writes them.
    pub const ALL: [RouteKind; 3] = [RouteKind::Kernel, RouteKind::Connected, RouteKind::Static];
}

impl fmt::Display for RouteKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RouteKind::Connected => "connected",
            RouteKind::Kernel => "kernel",
            RouteKind::Static => "static",
        })
    }
}
