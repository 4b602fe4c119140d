//! Next hops and whether they can be reached.
//!
//! Each next hop of the attribute store stands here once, with what the routes outside of BGP (connected, and
//! static as configured) say of it. When those change, [`NextHopTable::resolve_all`] tells which next hops
//! changed with them; their routes are then decided anew.

mod save;

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv6Addr};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

pub use save::SavedNextHops;

use crate::attr::NextHop;
use crate::value::IfIndex;

/// A next hop in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NextHopId(u32);

impl NextHopId {
    /// The next hop of this router's own routes: always reachable.
    pub const OWN: NextHopId = NextHopId(0);

    /// The next hop at this place.
    pub(super) const fn at(place: u32) -> Self {
        NextHopId(place)
    }

    /// The place in the table.
    pub(super) const fn index(self) -> u32 {
        self.0
    }
}

/// What a next hop is looked up by: its address, and the link where that is link-local.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NextHopKey {
    /// The address to reach.
    pub address: IpAddr,
    /// The link of a link-local address; else 0.
    pub interface: IfIndex,
}

impl NextHopKey {
    /// The key of a route's next hop, learned on `interface`. `None` for a route of this router itself.
    #[must_use]
    pub fn new(next_hop: &NextHop, interface: IfIndex) -> Option<Self> {
        let address = match (next_hop.address()?, next_hop.link_local()) {
            // With an unspecified global address only the link-local one tells the way (RFC 2545 §2, RFC 8950).
            (IpAddr::V6(Ipv6Addr::UNSPECIFIED), Some(link_local)) => IpAddr::V6(link_local),
            (address, _) => address,
        };
        Some(NextHopKey { address, interface: if is_link_local(address) { interface } else { IfIndex(0) } })
    }
}

/// Whether an address means something on one link only.
#[must_use]
pub const fn is_link_local(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(address) if address.is_unicast_link_local())
}

/// What is known of a next hop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reach {
    /// The metric of the way there; `None` where there is no way.
    pub metric: Option<u32>,
    /// Whether it is on a link of this router.
    pub connected: bool,
}

impl Reach {
    /// No way.
    pub const NONE: Reach = Reach { metric: None, connected: false };
}

#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    key: Option<NextHopKey>,
    reach: Reach,
    references: u32,
}

/// The next hops of all attribute sets.
#[derive(Debug)]
pub struct NextHopTable {
    entries: Vec<Entry>,
    free: Vec<u32>,
    index: BTreeMap<NextHopKey, u32>,
    /// The ways that there are.
    pub routes: OutsideRoutes,
}

impl Default for NextHopTable {
    fn default() -> Self {
        let own = Entry { key: None, reach: Reach { metric: Some(0), connected: true }, references: 1 };
        NextHopTable {
            entries: alloc::vec![own],
            free: Vec::new(),
            index: BTreeMap::new(),
            routes: OutsideRoutes::default(),
        }
    }
}

impl NextHopTable {
    /// The name of this next hop, with one reference more.
    pub fn intern(&mut self, key: Option<NextHopKey>) -> NextHopId {
        let Some(key) = key else { return NextHopId::OWN };
        if let Some(&id) = self.index.get(&key) {
            self.entries[id as usize].references += 1;
            return NextHopId(id);
        }
        let entry = Entry { key: Some(key), reach: self.routes.resolve(key), references: 1 };
        let id = if let Some(id) = self.free.pop() {
            self.entries[id as usize] = entry;
            id
        } else {
            self.entries.push(entry);
            u32::try_from(self.entries.len() - 1).unwrap_or(u32::MAX)
        };
        self.index.insert(key, id);
        NextHopId(id)
    }

    /// Gives one reference back.
    pub fn release(&mut self, id: NextHopId) {
        if id == NextHopId::OWN {
            return;
        }
        let entry = &mut self.entries[id.0 as usize];
        entry.references -= 1;
        if entry.references == 0 {
            if let Some(key) = entry.key.take() {
                self.index.remove(&key);
            }
            self.free.push(id.0);
        }
    }

    /// What is known of this next hop.
    #[must_use]
    pub fn reach(&self, id: NextHopId) -> Reach {
        self.entries[id.0 as usize].reach
    }

    /// Looks every next hop up again, after a change of [`NextHopTable::routes`]. True if any changed.
    pub fn resolve_all(&mut self) -> bool {
        let mut changed = false;
        for entry in &mut self.entries {
            let Some(key) = entry.key else { continue };
            let reach = self.routes.resolve(key);
            changed |= reach != entry.reach;
            entry.reach = reach;
        }
        changed
    }

    /// Every next hop with what is known of it and the number of attribute sets that have it.
    pub fn iter(&self) -> impl Iterator<Item = (NextHopKey, Reach, u32)> {
        self.index.iter().map(|(&key, &id)| {
            let entry = &self.entries[id as usize];
            (key, entry.reach, entry.references)
        })
    }
}

/// Where a route that is not BGP's leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Way {
    /// Onto this link.
    Link(IfIndex),
    /// Through this router.
    Through(IpAddr),
    /// Nowhere.
    Blackhole,
}

/// The routes that are not BGP's: connected ones and those of the configuration.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct OutsideRoutes {
    routes: BTreeMap<IpNet, Vec<Way>>,
    links_up: Vec<IfIndex>,
}

/// How many static routes may lead from one to the next before the last one is connected.
const MAX_RECURSION: u8 = 8;

impl OutsideRoutes {
    /// These routes and these links, in place of all former ones.
    pub fn replace(&mut self, routes: impl IntoIterator<Item = (IpNet, Way)>, links_up: Vec<IfIndex>) {
        self.routes.clear();
        for (net, way) in routes {
            let ways = self.routes.entry(net.trunc()).or_default();
            if !ways.contains(&way) {
                ways.push(way);
            }
        }
        self.links_up = links_up;
    }

    /// Whether there is a route to exactly this prefix (`network`'s import check).
    #[must_use]
    pub fn contains(&self, net: IpNet) -> bool {
        self.routes.get(&net).is_some_and(|ways| ways.iter().any(|&way| self.is_usable(way, 0)))
    }

    /// The link whose subnet this address is in.
    #[must_use]
    pub fn connected_link(&self, address: IpAddr) -> Option<(IpNet, IfIndex)> {
        self.covering(address).find_map(|(net, ways)| {
            ways.iter().find_map(|way| match way {
                Way::Link(link) => Some((net, *link)),
                Way::Through(_) | Way::Blackhole => None,
            })
        })
    }

    /// What the routes say of a next hop.
    #[must_use]
    pub fn resolve(&self, key: NextHopKey) -> Reach {
        if is_link_local(key.address) {
            let up = self.links_up.contains(&key.interface);
            return if up { Reach { metric: Some(0), connected: true } } else { Reach::NONE };
        }
        self.lookup(key.address, 0)
    }

    fn lookup(&self, address: IpAddr, depth: u8) -> Reach {
        for (net, ways) in self.covering(address) {
            // A default route resolves no next hop (FRR's `no ip nht resolve-via-default`).
            if net.prefix_len() == 0 {
                break;
            }
            if ways.iter().any(|way| matches!(way, Way::Link(_))) {
                return Reach { metric: Some(0), connected: true };
            }
            if ways.iter().any(|&way| way != Way::Blackhole && self.is_usable(way, depth)) {
                return Reach { metric: Some(0), connected: false };
            }
        }
        Reach::NONE
    }

    fn is_usable(&self, way: Way, depth: u8) -> bool {
        match way {
            Way::Link(_) | Way::Blackhole => true,
            Way::Through(router) => depth < MAX_RECURSION && self.lookup(router, depth + 1).metric.is_some(),
        }
    }

    /// The routes that cover an address, the longest first.
    fn covering(&self, address: IpAddr) -> impl Iterator<Item = (IpNet, &[Way])> {
        let longest = if address.is_ipv4() { 32 } else { 128 };
        (0..=longest).rev().filter_map(move |length| {
            let net = IpNet::new(address, length).ok()?.trunc();
            self.routes.get(&net).map(|ways| (net, ways.as_slice()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reach(routes: &OutsideRoutes, address: &str) -> Reach {
        routes.resolve(NextHopKey { address: address.parse().unwrap(), interface: IfIndex(0) })
    }

    fn routes() -> OutsideRoutes {
        let mut routes = OutsideRoutes::default();
        routes.replace(
            [
                ("10.0.0.0/24".parse().unwrap(), Way::Link(IfIndex(2))),
                ("192.0.2.0/24".parse().unwrap(), Way::Through("10.0.0.9".parse().unwrap())),
                ("198.51.100.0/24".parse().unwrap(), Way::Through("198.51.100.1".parse().unwrap())),
                ("0.0.0.0/0".parse().unwrap(), Way::Through("10.0.0.1".parse().unwrap())),
                ("203.0.113.0/24".parse().unwrap(), Way::Blackhole),
            ],
            alloc::vec![IfIndex(2)],
        );
        routes
    }

    #[test]
    fn a_next_hop_is_reached_on_a_link_or_by_a_static_route_that_ends_on_one() {
        let routes = routes();
        assert_eq!(reach(&routes, "10.0.0.7"), Reach { metric: Some(0), connected: true });
        assert_eq!(reach(&routes, "192.0.2.7"), Reach { metric: Some(0), connected: false });
    }

    #[test]
    fn neither_a_loop_nor_the_default_route_nor_a_blackhole_reaches_a_next_hop() {
        let routes = routes();
        for address in ["198.51.100.7", "8.8.8.8", "203.0.113.7", "2001:db8::1"] {
            assert_eq!(reach(&routes, address), Reach::NONE, "{address}");
        }
    }

    #[test]
    fn a_link_local_next_hop_is_reached_while_its_link_is_up() {
        let key = NextHopKey { address: "fe80::1".parse().unwrap(), interface: IfIndex(2) };
        assert_eq!(routes().resolve(key).metric, Some(0));
        assert_eq!(routes().resolve(NextHopKey { interface: IfIndex(3), ..key }), Reach::NONE);
    }
}
