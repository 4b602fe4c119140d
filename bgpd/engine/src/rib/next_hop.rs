//! Next hops and whether they can be reached.
//!
//! Each next hop of the attribute store stands here once, with what the routes outside of BGP ([`OutsideRoutes`])
//! say of it: whether it is reached, at which cost, and over which links ([`NextHopTable::hops`]). When those routes
//! change, [`NextHopTable::settle`] looks up again the next hops that the change is about, and tells which of them
//! moved. It costs what depends on the changed prefixes, not what there is: every address that was looked up on
//! the way to a link is noted with the next hop it was for.

mod outside;
mod resolution;
mod save;
#[cfg(test)]
mod tests;

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv6Addr};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

pub use outside::{OutsideRoute, OutsideRoutes, RouteSource};

pub use crate::value::Way;
use resolution::Resolution;
pub use resolution::ResolvedHop;
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

#[derive(Debug)]
struct Entry {
    key: Option<NextHopKey>,
    references: u32,
    found: Resolution,
    /// When it was found so, in seconds of the log's clock.
    since_s: u32,
}

/// What a change of the routes outside of BGP came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// The next hops that are reached otherwise than before, or by other hops; in the order of their places.
    pub next_hops: Vec<NextHopId>,
    /// Whether one of them came, went, or has another metric: then routes are decided anew.
    pub reach: bool,
    /// The prefixes whose routes changed.
    pub nets: BTreeSet<IpNet>,
    /// Whether links went up or down: then any route may be usable now, or not any more.
    pub all: bool,
}

/// The next hops of all attribute sets.
#[derive(Debug)]
pub struct NextHopTable {
    entries: Vec<Entry>,
    free: Vec<u32>,
    index: BTreeMap<NextHopKey, u32>,
    /// Which addresses were looked up for which next hop.
    lookups: BTreeSet<(IpAddr, NextHopId)>,
    /// The ways that there are. After changes: [`NextHopTable::settle`].
    pub routes: OutsideRoutes,
}

/// What holds of this router's own routes.
const fn own() -> Resolution {
    let reach = Reach { metric: Some(0), connected: true };
    Resolution { reach, hops: Vec::new(), looked_up: Vec::new() }
}

impl Default for NextHopTable {
    fn default() -> Self {
        NextHopTable {
            entries: alloc::vec![Entry { key: None, references: 1, found: own(), since_s: 0 }],
            free: Vec::new(),
            index: BTreeMap::new(),
            lookups: BTreeSet::new(),
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
        let found = self.routes.resolve(key);
        let id = self.free.pop().unwrap_or(u32::try_from(self.entries.len()).unwrap_or(u32::MAX));
        self.lookups.extend(found.looked_up.iter().map(|&address| (address, NextHopId(id))));
        let entry = Entry { key: Some(key), references: 1, found, since_s: self.routes.now_s() };
        match self.entries.get_mut(id as usize) {
            Some(place) => *place = entry,
            None => self.entries.push(entry),
        }
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
            for address in core::mem::replace(&mut entry.found, own()).looked_up {
                self.lookups.remove(&(address, id));
            }
            self.free.push(id.0);
        }
    }

    /// Takes one reference more to a next hop that somebody has one to.
    pub fn hold(&mut self, id: NextHopId) {
        if id != NextHopId::OWN {
            self.entries[id.0 as usize].references += 1;
        }
    }

    /// What is known of this next hop.
    #[must_use]
    pub fn reach(&self, id: NextHopId) -> Reach {
        self.entries[id.0 as usize].found.reach
    }

    /// Where packets for this next hop go, recursion done: in the order of their values, none twice; several where
    /// the way there has several. Empty where there is no way, and for [`NextHopId::OWN`].
    #[must_use]
    pub fn hops(&self, id: NextHopId) -> &[ResolvedHop] {
        &self.entries[id.0 as usize].found.hops
    }

    /// When it was first reached so, or not, in seconds of the log's clock.
    #[must_use]
    pub fn since_s(&self, id: NextHopId) -> u32 {
        self.entries[id.0 as usize].since_s
    }

    /// The next hop at this place; `None` for [`NextHopId::OWN`].
    #[must_use]
    pub fn key(&self, id: NextHopId) -> Option<NextHopKey> {
        self.entries[id.0 as usize].key
    }

    /// Looks up again what changes of [`NextHopTable::routes`] since the last time are about, and tells what moved.
    pub fn settle(&mut self) -> Moved {
        let touched = self.routes.take_touched();
        let ids: BTreeSet<NextHopId> = if touched.all {
            self.index.values().copied().map(NextHopId).collect()
        } else {
            // Only what covers a looked up address has a say in where it leads.
            let about = |net: &IpNet| {
                let (first, last) = (net.network(), net.broadcast());
                self.lookups.range((first, NextHopId(0))..=(last, NextHopId(u32::MAX))).map(|&(_, id)| id)
            };
            touched.nets.iter().flat_map(about).collect()
        };
        let mut moved = Moved { nets: touched.nets, all: touched.all, ..Moved::default() };
        for id in ids {
            self.resolve_again(id, &mut moved);
        }
        moved
    }

    /// Looks every next hop up again, whatever changed, and tells what moved.
    pub fn resolve_all(&mut self) -> Moved {
        self.routes.touch_all();
        self.settle()
    }

    fn resolve_again(&mut self, id: NextHopId, moved: &mut Moved) {
        let entry = &mut self.entries[id.0 as usize];
        let Some(key) = entry.key else { return };
        let found = self.routes.resolve(key);
        if found.looked_up != entry.found.looked_up {
            for &address in &entry.found.looked_up {
                self.lookups.remove(&(address, id));
            }
            self.lookups.extend(found.looked_up.iter().map(|&address| (address, id)));
        }
        moved.reach |= found.reach != entry.found.reach;
        if found.reach != entry.found.reach || found.hops != entry.found.hops {
            moved.next_hops.push(id);
            entry.since_s = self.routes.now_s();
        }
        entry.found = found;
    }

    /// Every next hop with what is known of it and the number of attribute sets that have it.
    pub fn iter(&self) -> impl Iterator<Item = (NextHopKey, Reach, u32)> {
        self.index.iter().map(|(&key, &id)| {
            let entry = &self.entries[id as usize];
            (key, entry.found.reach, entry.references)
        })
    }

    /// The place of a next hop.
    #[must_use]
    pub fn find(&self, key: NextHopKey) -> Option<NextHopId> {
        self.index.get(&key).copied().map(NextHopId)
    }
}
