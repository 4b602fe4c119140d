//! A neighbor as the engine keeps it.

use alloc::string::String;
use core::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

use crate::config::{LimitAction, NeighborName, NeighborSettings};
use crate::rib::Import;
use crate::session::Session;
use crate::value::{ConnId, IfIndex, Instant, PeerId, PerFamily};

/// Whether a neighbor stands in the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// It does.
    Configured,
    /// It came from a listen range and goes with its session.
    Dynamic,
}

/// A neighbor.
#[derive(Debug, Serialize, Deserialize)]
pub struct Peer {
    /// Its place in the table of peers.
    pub id: PeerId,
    /// What it is called by.
    pub name: NeighborName,
    /// Whether it is configured.
    pub kind: Kind,
    /// Its peer group.
    pub group: Option<String>,
    /// Its settings, with its group's below them.
    pub settings: NeighborSettings,
    /// Its session.
    pub session: Session,
    /// Its address: configured, or seen on its link.
    pub address: Option<IpAddr>,
    /// Its link, where the address is link-local.
    pub interface: IfIndex,
    /// The ends of the established connection.
    pub ends: Option<(SocketAddr, SocketAddr)>,
    /// A connection asked for and not answered yet.
    pub connecting: Option<ConnId>,
    /// Family by family.
    pub families: PerFamily<PeerFamily>,
}

/// A neighbor in one family.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PeerFamily {
    /// What is done to its routes; `None` while the family is not in use.
    pub import: Option<Import>,
    /// Routes go to the peer only when this has passed (`advertisement-interval`).
    pub next_advertisement: Option<Instant>,
    /// Routes have been sent since the last such interval began.
    pub advertising: bool,
    /// Whether the limit's threshold has been told of.
    pub warned: bool,
    /// Whether its End-of-RIB has come in this session.
    pub end_of_rib_received: bool,
    /// The default route is to be sent before everything else.
    pub default_due: bool,
    /// The default route was sent in this session (`default-originate`).
    pub default_sent: bool,
    /// A refresh is being answered: its end is to be said with the next End-of-RIB (RFC 7313).
    pub refreshing: bool,
    /// End-of-RIB has been sent in this session.
    pub end_of_rib_sent: bool,
    /// What policy, loops and limits refused.
    pub refused: Refused,
}

/// Counts of what was not taken in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Refused {
    /// By policy.
    pub policy: u64,
    /// This AS in the path.
    pub as_path_loop: u64,
    /// This router as originator.
    pub originator_loop: u64,
    /// This cluster in the list.
    pub cluster_loop: u64,
    /// A next hop that is this router or nobody.
    pub invalid_next_hop: u64,
    /// Treated as withdrawn (RFC 7606).
    pub withdrawn: u64,
    /// Attributes discarded (RFC 7606).
    pub attributes_discarded: u64,
    /// The same as before.
    pub duplicates: u64,
}

impl Peer {
    /// The action of the limit that `accepted` paths are above, if they are.
    #[must_use]
    pub fn limit_passed(&self, family: crate::value::Family, accepted: u32) -> Option<(u32, LimitAction)> {
        let limit = self.settings.families[family].maximum_prefix?;
        (accepted > limit.limit).then_some((limit.limit, limit.action))
    }
}
