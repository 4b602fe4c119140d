//! What each BGP daemon says of its own routes and sessions, in one shape.
//!
//! Every answer comes from the daemon's own show command (ExaBGP has none: what its process printed), so a test that
//! compares routes compares what an operator of that daemon would see. One file reads one daemon. No reader repairs or
//! guesses: a field that a daemon does not show is `None` or empty.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::error::LabError;
use super::node::Node;

mod bird;
mod community;
mod exabgp;
mod frr;
mod gobgp;
mod openbgpd;

/// A BGP implementation that the lab can ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Speaker {
    /// Ours: `ftsh`.
    Ftbgp,
    /// FRR: `vtysh`.
    Frr,
    /// BIRD 2: `birdc`.
    Bird,
    /// GoBGP: `gobgp`.
    Gobgp,
    /// OpenBGPD: `bgpctl`.
    Openbgpd,
    /// ExaBGP: the JSON that its process printed.
    Exabgp,
}

/// The address family of a table: unicast of IPv4 or IPv6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// IPv4 unicast.
    Ipv4,
    /// IPv6 unicast.
    Ipv6,
}

/// One path of a BGP table, as a daemon shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Route {
    /// `ADDRESS/LENGTH`.
    pub prefix: String,
    /// The neighbor it came from, `None` for our own.
    pub neighbor: Option<String>,
    /// The global next hop.
    pub next_hop: Option<String>,
    /// AS numbers, blank between; a set is `{1,2}`, a confederation sequence `(1 2)`.
    pub as_path: String,
    /// `igp`, `egp` or `incomplete`.
    pub origin: String,
    /// MULTI_EXIT_DISC.
    pub med: Option<u32>,
    /// LOCAL_PREF.
    pub local_pref: Option<u32>,
    /// `AS:VALUE` each, sorted; well-known ones as numbers.
    pub communities: Vec<String>,
    /// `GLOBAL:LOCAL1:LOCAL2` each, sorted.
    pub large: Vec<String>,
    /// `rt:A:B`, `ro:A:B`, or `0x` and 16 hex digits each, sorted.
    pub extended: Vec<String>,
    /// `AS ROUTER-ID`.
    pub aggregator: Option<String>,
    /// ATOMIC_AGGREGATE.
    pub atomic: bool,
    /// ORIGINATOR_ID.
    pub originator: Option<String>,
    /// CLUSTER_LIST.
    pub cluster_list: Vec<String>,
    /// ONLY_TO_CUSTOMER.
    pub otc: Option<u32>,
    /// AIGP metric.
    pub aigp: Option<u64>,
    /// `CODE:HEX VALUE` of attributes that the daemon does not know, where it shows them.
    pub unknown: Vec<String>,
    /// ADD-PATH identifier received.
    pub path_id: Option<u32>,
    /// Whether it is the daemon's choice.
    pub best: bool,
    /// Whether it shares the load with the best one (shown by FRR and ours).
    pub multipath: bool,
    /// Whether it is kept for a restarting neighbor (RFC 4724).
    pub stale: bool,
}

impl Route {
    /// Sorts what has no order of its own, so that two daemons' views compare; OTC (RFC 9234, attribute 35) is OTC
    /// also where a daemon shows it as an unknown attribute.
    pub(crate) fn sorted(mut self) -> Route {
        if let Some(place) = self.unknown.iter().position(|attribute| attribute.starts_with("35:")) {
            self.otc = u32::from_str_radix(&self.unknown.remove(place)[3..], 16).ok();
        }
        for list in [&mut self.communities, &mut self.large, &mut self.extended, &mut self.unknown] {
            list.sort();
            list.dedup();
        }
        self
    }
}

/// A session with one neighbor, as a daemon shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Session {
    /// Whether it is Established.
    pub established: bool,
    /// The daemon's own words for its state.
    pub state: String,
    /// The whole answer, for what only some daemons show (capabilities, counters).
    pub detail: String,
}

impl Speaker {
    /// Every speaker.
    pub const ALL: [Speaker; 6] =
        [Speaker::Ftbgp, Speaker::Frr, Speaker::Bird, Speaker::Gobgp, Speaker::Openbgpd, Speaker::Exabgp];

    /// The daemon's table for `family`, every path of it, sorted.
    pub fn routes(self, node: &Node, family: Family) -> Result<Vec<Route>, LabError> {
        let routes = match self {
            Speaker::Ftbgp => frr::routes(node, "ftsh", family),
            Speaker::Frr => frr::routes(node, "vtysh", family),
            Speaker::Bird => bird::routes(node, family),
            Speaker::Gobgp => gobgp::routes(node, family),
            Speaker::Openbgpd => openbgpd::routes(node, family),
            Speaker::Exabgp => exabgp::routes(node, family),
        };
        let mut routes: Vec<Route> = routes?.into_iter().map(Route::sorted).collect();
        routes.sort();
        Ok(routes)
    }

    /// The session with the neighbor at `address`.
    pub fn session(self, node: &Node, address: IpAddr) -> Result<Session, LabError> {
        match self {
            Speaker::Ftbgp => frr::session(node, "ftsh", &address.to_string()),
            Speaker::Frr => frr::session(node, "vtysh", &address.to_string()),
            Speaker::Bird => bird::session(node, address),
            Speaker::Gobgp => gobgp::session(node, address),
            Speaker::Openbgpd => openbgpd::session(node, address),
            Speaker::Exabgp => exabgp::session(node, address),
        }
    }

    /// The daemon's version, in its own words.
    pub fn version(self, node: &Node) -> Result<String, LabError> {
        let words: &[&str] = match self {
            Speaker::Ftbgp => &["ftbgpd", "--version"],
            Speaker::Frr => &["/usr/lib/frr/bgpd", "--version"],
            Speaker::Bird => &["birdc", "show", "status"],
            Speaker::Gobgp => &["gobgpd", "--version"],
            Speaker::Openbgpd => &["sh", "-c", "bgpd -V 2>&1"],
            Speaker::Exabgp => &["sh", "-c", "exabgp --version | grep -i '^exabgp'"],
        };
        Ok(node.run(words)?.lines().next().unwrap_or_default().to_string())
    }
}
