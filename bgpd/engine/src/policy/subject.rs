//! What a route map may ask about a route beside its prefix and its attributes.

use alloc::string::String;
use core::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::value::{Asn, RouteKind};

/// Where a map is applied, and what holds for every route that it is asked about there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Subject {
    /// On which side.
    pub side: Side,
    /// The neighbor's address: whom the route comes from, or goes to.
    pub peer: Option<IpAddr>,
    /// The neighbor's interface, where it is called by one.
    pub interface: Option<String>,
    /// The neighbor's AS.
    pub peer_as: Asn,
    /// This router's AS as the neighbor sees it.
    pub local_as: Asn,
    /// This router's AS.
    pub own_as: Asn,
}

/// On which side of the table a map is applied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Side {
    /// To this router's own routes: `network`, `redistribute`, aggregates, the default route.
    #[default]
    Own,
    /// To routes as they come in.
    In,
    /// To routes as they go out.
    Out,
}

/// What a map is asked: the subject, and what differs from route to route.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// What holds for every route here.
    pub subject: &'a Subject,
    /// The MED that a route on its way out came with: it is taken out before a map is asked where the peer is of another
    /// AS, and `match metric` still sees it, as with FRR.
    pub former_med: Option<u32>,
    /// The metric of the way to the route's next hop, where there is one.
    pub igp_metric: Option<u32>,
    /// How the route came to be in this router.
    pub protocol: Protocol,
}

/// How a route came to be in this router.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Protocol {
    /// From a neighbor, by `network` or `aggregate-address`.
    Bgp,
    /// `redistribute connected`.
    Connected,
    /// `redistribute static`.
    Static,
    /// `redistribute kernel`.
    Kernel,
}

impl From<RouteKind> for Protocol {
    fn from(kind: RouteKind) -> Protocol {
        match kind {
            RouteKind::Kernel => Protocol::Kernel,
            RouteKind::Connected => Protocol::Connected,
            RouteKind::Static => Protocol::Static,
        }
    }
}

impl Protocol {
    /// Every one.
    pub const ALL: [Protocol; 4] = [Protocol::Bgp, Protocol::Connected, Protocol::Static, Protocol::Kernel];

    /// FRR's word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Protocol::Bgp => "bgp",
            Protocol::Connected => "connected",
            Protocol::Static => "static",
            Protocol::Kernel => "kernel",
        }
    }
}
