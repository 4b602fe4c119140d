//! What the tables of all families share and look things up in: attribute sets, next hops, the facts of each
//! peer that the decision asks for, and the knobs.

use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr};

use serde::{Deserialize, Serialize};

use super::attr_store::{AttrId, AttrStore};
use super::fib::Groups;
use super::next_hop::{NextHopKey, NextHopTable, Reach};
use crate::attr::PathAttributes;
use crate::config::{BestPath, Distances};
use crate::value::{Asn, IfIndex, PeerId, PerFamily, RouterId};

/// The peer that stands for this router: its own routes are paths from it.
pub const SELF: PeerId = PeerId(0);

/// Where paths of a peer come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Source {
    /// This router: `network`, aggregates.
    #[default]
    Local,
    /// Another AS.
    External,
    /// This AS.
    Internal,
    /// Another member AS of this confederation.
    Confederation,
}

/// What the decision and the export need to know of a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PeerFacts {
    /// Where its paths come from.
    pub source: Source,
    /// Its BGP identifier.
    pub router_id: RouterId,
    /// Its address.
    pub address: IpAddr,
    /// Its AS.
    pub asn: Asn,
    /// Its link, for link-local next hops.
    pub interface: IfIndex,
    /// The session's number in this family, counted round: a path of another number is from an earlier one.
    pub generation: PerFamily<u8>,
    /// Whether it is a client of this route reflector, in this family.
    pub reflector_client: PerFamily<bool>,
    /// Whether it is a client of this route server, in this family.
    pub server_client: PerFamily<bool>,
}

impl Default for PeerFacts {
    fn default() -> Self {
        PeerFacts {
            source: Source::Local,
            router_id: RouterId(0),
            address: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            asn: Asn(0),
            interface: IfIndex(0),
            generation: PerFamily::default(),
            reflector_client: PerFamily::default(),
            server_client: PerFamily::default(),
        }
    }
}

/// What the decision process is told to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Knobs {
    /// `bgp bestpath …`.
    pub best_path: BestPath,
    /// `bgp default local-preference`.
    pub default_local_pref: u32,
    /// Whether this router is in a confederation.
    pub confederation: bool,
    /// How many paths share a route's packets.
    pub maximum_paths: PerFamily<MaximumPaths>,
    /// `distance bgp`.
    pub distances: PerFamily<Distances>,
    /// `bgp suppress-fib-pending`: no path is advertised before the kernel has its route.
    pub suppress_fib_pending: bool,
}

/// `maximum-paths` and `maximum-paths ibgp`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaximumPaths {
    /// Where the best path is from another AS.
    pub external: u16,
    /// Where it is from this AS.
    pub internal: u16,
}

impl Default for MaximumPaths {
    /// FRR's.
    fn default() -> Self {
        MaximumPaths { external: 64, internal: 64 }
    }
}

impl Default for Knobs {
    fn default() -> Self {
        Knobs {
            best_path: BestPath::default(),
            default_local_pref: 100,
            confederation: false,
            maximum_paths: PerFamily::default(),
            distances: PerFamily::default(),
            suppress_fib_pending: false,
        }
    }
}

/// What the tables look things up in.
#[derive(Debug)]
pub struct Facts {
    /// Every attribute set.
    pub attrs: AttrStore,
    /// Every next hop.
    pub next_hops: NextHopTable,
    /// Every group of next hops that the kernel knows.
    pub groups: Groups,
    /// Every peer, by its [`PeerId`]; the first is [`SELF`].
    pub peers: Vec<PeerFacts>,
    /// The knobs.
    pub knobs: Knobs,
}

impl Facts {
    /// Nothing yet; hashes follow from `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Facts {
            attrs: AttrStore::new(seed),
            next_hops: NextHopTable::default(),
            groups: Groups::default(),
            peers: alloc::vec![PeerFacts::default()],
            knobs: Knobs::default(),
        }
    }

    /// What is known of this peer.
    #[must_use]
    pub fn peer(&self, peer: PeerId) -> &PeerFacts {
        &self.peers[usize::from(peer.0)]
    }

    /// The name of a set learned on `interface`, with one reference more.
    pub fn intern(&mut self, attributes: PathAttributes, interface: IfIndex) -> AttrId {
        let next_hops = &mut self.next_hops;
        self.attrs.intern(attributes, |attributes| {
            next_hops.intern(NextHopKey::new(&attributes.next_hop, interface))
        })
    }

    /// Gives one reference to a set back.
    pub fn release(&mut self, id: AttrId) {
        if let Some(next_hop) = self.attrs.release(id) {
            self.next_hops.release(next_hop);
        }
    }

    /// What is known of the next hop of a set.
    #[must_use]
    pub fn reach(&self, id: AttrId) -> Reach {
        self.next_hops.reach(self.attrs[id].next_hop)
    }
}
