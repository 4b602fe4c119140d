//! The routes that are not BGP's: this router's own addresses, its static routes, and what others have put into
//! the kernel.
//!
//! A prefix may have several; the first that leads somewhere counts, as it does in the kernel. What is asked for is
//! always the longest match, so the lengths that occur are counted: a lookup tries those alone. Which prefixes have
//! changed is noted until [`NextHopTable::settle`](super::NextHopTable::settle) has looked at them.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::resolution::{Outcome, Search};
use crate::value::{Family, IfIndex, Instant, PerFamily, RouteKind, Way};

/// The kernel's own routes (`RTPROT_KERNEL`): to the networks of addresses.
const PROTOCOL_KERNEL: u8 = 2;

/// Who told of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum RouteSource {
    /// An address of this router's.
    Connected,
    /// `ip route` or `ipv6 route` of the configuration.
    Static,
    /// The kernel, where this protocol put it (`rtm_protocol`); never FTBGP's own.
    Kernel(u8),
}

impl RouteSource {
    /// What an operator calls such routes.
    #[must_use]
    pub const fn kind(self) -> RouteKind {
        match self {
            // An address without a route of ours (`noprefixroute`, the other end of a point-to-point link, a
            // router advertisement) has the kernel's.
            RouteSource::Connected | RouteSource::Kernel(PROTOCOL_KERNEL) => RouteKind::Connected,
            RouteSource::Static => RouteKind::Static,
            RouteSource::Kernel(_) => RouteKind::Kernel,
        }
    }
}

/// One route to a prefix.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutsideRoute {
    /// Who told of it.
    pub source: RouteSource,
    /// The kernel's metric (`RTA_PRIORITY`) of a kernel's route, the distance of a static one, 0 of a connected one.
    /// With the source it tells the routes to one prefix apart.
    pub priority: u32,
    /// Where it leads; several are used at once.
    pub ways: Vec<Way>,
    /// When it came or last led elsewhere, in seconds of the log's clock. Noted by [`OutsideRoutes::put`].
    #[serde(default)]
    pub since_s: u32,
}

impl OutsideRoute {
    /// A route that came just now.
    #[must_use]
    pub const fn new(source: RouteSource, priority: u32, ways: Vec<Way>) -> Self {
        OutsideRoute { source, priority, ways, since_s: 0 }
    }

    /// The administrative distance. As FRR has it, the first octet of the kernel's metric is one.
    #[must_use]
    pub const fn distance(&self) -> u8 {
        match self.source.kind() {
            RouteKind::Connected => 0,
            RouteKind::Static => self.priority.to_be_bytes()[3],
            RouteKind::Kernel => self.priority.to_be_bytes()[0],
        }
    }

    /// The metric.
    #[must_use]
    pub const fn metric(&self) -> u32 {
        match self.source.kind() {
            RouteKind::Connected | RouteKind::Static => 0,
            RouteKind::Kernel => self.priority & 0x00ff_ffff,
        }
    }

    /// The first of two routes to a prefix counts: a connected one before all others, then by distance.
    fn rank(&self) -> (bool, u8, u32, RouteSource, u32) {
        let later = self.source.kind() != RouteKind::Connected;
        (later, self.distance(), self.metric(), self.source, self.priority)
    }
}

/// The routes that are not BGP's.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct OutsideRoutes {
    /// To each prefix at least one, in the order in which they count.
    routes: BTreeMap<IpNet, Vec<OutsideRoute>>,
    links_up: BTreeSet<IfIndex>,
    /// Whether a default route resolves a next hop (`ip nht resolve-via-default`).
    via_default: PerFamily<bool>,
    /// The present moment, in seconds of the log's clock.
    now_s: u32,
    /// How many prefixes there are of each length.
    #[serde(skip)]
    lengths: PerFamily<BTreeMap<u8, u32>>,
    #[serde(skip)]
    touched: Touched,
}

/// What may resolve differently than before.
#[derive(Debug, Default)]
pub(super) struct Touched {
    /// Routes to these prefixes came, changed or went.
    pub nets: BTreeSet<IpNet>,
    /// Links went up or down, or the rules changed.
    pub all: bool,
}

/// The family of a prefix.
pub(super) const fn family_of(address: IpAddr) -> Family {
    match address {
        IpAddr::V4(_) => Family::Ipv4Unicast,
        IpAddr::V6(_) => Family::Ipv6Unicast,
    }
}

/// Changes. Each is noted for [`NextHopTable::settle`](super::NextHopTable::settle).
impl OutsideRoutes {
    /// This route is there, in the place of the prefix's one of the same source and priority.
    pub fn put(&mut self, net: IpNet, mut route: OutsideRoute) {
        let net = net.trunc();
        let mut kept = Vec::with_capacity(route.ways.len());
        for way in route.ways {
            if !kept.contains(&way) {
                kept.push(way);
            }
        }
        route.ways = kept;
        let routes = self.routes.entry(net).or_insert_with(|| Vec::with_capacity(1));
        if routes.is_empty() {
            *self.lengths[family_of(net.addr())].entry(net.prefix_len()).or_default() += 1;
        }
        route.since_s = self.now_s;
        match routes.binary_search_by_key(&route.rank(), OutsideRoute::rank) {
            Ok(place) if routes[place].ways == route.ways => return,
            Ok(place) => routes[place] = route,
            Err(place) => routes.insert(place, route),
        }
        self.touched.nets.insert(net);
    }

    /// The prefix's route of this source and priority is gone.
    pub fn take(&mut self, net: IpNet, source: RouteSource, priority: u32) {
        let net = net.trunc();
        let Some(routes) = self.routes.get_mut(&net) else { return };
        let is = |route: &OutsideRoute| route.source == source && route.priority == priority;
        let Some(place) = routes.iter().position(is) else { return };
        routes.remove(place);
        if routes.is_empty() {
            self.routes.remove(&net);
            let lengths = &mut self.lengths[family_of(net.addr())];
            if let Some(count) = lengths.get_mut(&net.prefix_len()) {
                *count -= 1;
                if *count == 0 {
                    lengths.remove(&net.prefix_len());
                }
            }
        }
        self.touched.nets.insert(net);
    }

    /// These connected and static routes, in the place of all former ones. Those that come with the same prefix,
    /// source and priority are one route of several ways.
    pub fn replace_own(&mut self, own: impl IntoIterator<Item = (IpNet, OutsideRoute)>) {
        let mut wanted: BTreeMap<(IpNet, RouteSource, u32), OutsideRoute> = BTreeMap::new();
        for (net, route) in own {
            let key = (net.trunc(), route.source, route.priority);
            match wanted.get_mut(&key) {
                Some(present) => present.ways.extend(route.ways),
                None => drop(wanted.insert(key, route)),
            }
        }
        let is_own = |route: &&OutsideRoute| !matches!(route.source, RouteSource::Kernel(_));
        let gone: Vec<(IpNet, RouteSource, u32)> = self
            .iter()
            .filter(|(_, route)| is_own(route))
            .map(|(net, route)| (net, route.source, route.priority))
            .filter(|key| !wanted.contains_key(key))
            .collect();
        for (net, source, priority) in gone {
            self.take(net, source, priority);
        }
        for ((net, ..), route) in wanted {
            self.put(net, route);
        }
    }

    /// These links are up, and no others.
    pub fn set_links_up(&mut self, links_up: BTreeSet<IfIndex>) {
        self.touched.all |= self.links_up != links_up;
        self.links_up = links_up;
    }

    /// It is this late. What changes from now on has changed now.
    pub fn set_time(&mut self, now: Instant) {
        self.now_s = u32::try_from(now.as_micros() / 1_000_000).unwrap_or(u32::MAX);
    }

    /// The moment of the last [`OutsideRoutes::set_time`], in seconds of the log's clock.
    #[must_use]
    pub const fn now_s(&self) -> u32 {
        self.now_s
    }

    /// Whether a default route may resolve next hops, by the next hop's family.
    pub fn set_via_default(&mut self, via_default: PerFamily<bool>) {
        self.touched.all |= self.via_default != via_default;
        self.via_default = via_default;
    }

    pub(super) fn touch_all(&mut self) {
        self.touched.all = true;
    }

    pub(super) fn take_touched(&mut self) -> Touched {
        core::mem::take(&mut self.touched)
    }

    /// Counts anew what is not saved. False if what was saved cannot be.
    pub(super) fn recount(&mut self) -> bool {
        for net in self.routes.keys() {
            *self.lengths[family_of(net.addr())].entry(net.prefix_len()).or_default() += 1;
        }
        let in_order = |routes: &Vec<OutsideRoute>| routes.is_sorted_by(|a, b| a.rank() < b.rank());
        self.routes.iter().all(|(net, routes)| *net == net.trunc() && !routes.is_empty() && in_order(routes))
    }
}

/// Questions.
impl OutsideRoutes {
    /// Every route, by prefix.
    pub fn iter(&self) -> impl Iterator<Item = (IpNet, &OutsideRoute)> {
        self.routes.iter().flat_map(|(&net, routes)| routes.iter().map(move |route| (net, route)))
    }

    /// The routes to the prefixes after `after`, or to all.
    pub fn iter_after(&self, after: Option<IpNet>) -> impl Iterator<Item = (IpNet, &[OutsideRoute])> {
        use core::ops::Bound;
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.routes.range((from, Bound::Unbounded)).map(|(&net, routes)| (net, routes.as_slice()))
    }

    /// The routes to exactly this prefix, in the order in which they count.
    #[must_use]
    pub fn to(&self, net: IpNet) -> &[OutsideRoute] {
        self.routes.get(&net).map_or(&[], Vec::as_slice)
    }

    /// The route to exactly this prefix that counts: the first that leads somewhere, or drops.
    #[must_use]
    pub fn selected(&self, net: IpNet) -> Option<&OutsideRoute> {
        self.to(net).iter().find(|route| self.is_usable(net, route))
    }

    /// Whether there is a route to exactly this prefix (`network`'s import check).
    #[must_use]
    pub fn contains(&self, net: IpNet) -> bool {
        self.selected(net).is_some()
    }

    /// Whether a route leads somewhere now, or drops.
    #[must_use]
    pub fn is_usable(&self, net: IpNet, route: &OutsideRoute) -> bool {
        !matches!(Search::new(self).follow(net, route, net.addr()), Outcome::Unusable)
    }

    /// Where a route leads now.
    #[must_use]
    pub fn hops(&self, net: IpNet, route: &OutsideRoute) -> Vec<super::ResolvedHop> {
        match Search::new(self).follow(net, route, net.addr()) {
            Outcome::Hops(hops) => hops,
            Outcome::Hole | Outcome::Unusable => Vec::new(),
        }
    }

    /// Whether this link is there and up.
    #[must_use]
    pub fn is_up(&self, link: IfIndex) -> bool {
        self.links_up.contains(&link)
    }

    /// The link whose subnet this address is in.
    #[must_use]
    pub fn connected_link(&self, address: IpAddr) -> Option<(IpNet, IfIndex)> {
        self.covering(address).find_map(|(net, routes)| {
            routes.iter().flat_map(|route| &route.ways).find_map(|way| match way {
                Way::Link(link) if self.is_up(*link) => Some((net, *link)),
                _ => None,
            })
        })
    }

    /// Whether a default route may resolve next hops of this family.
    #[must_use]
    pub fn via_default(&self, family: Family) -> bool {
        self.via_default[family]
    }

    /// The routes that cover an address, the longest prefix first.
    pub fn covering(&self, address: IpAddr) -> impl Iterator<Item = (IpNet, &[OutsideRoute])> {
        let lengths = self.lengths[family_of(address)].keys().rev();
        lengths.filter_map(move |&length| {
            let net = IpNet::new(address, length).ok()?.trunc();
            self.routes.get(&net).map(|routes| (net, routes.as_slice()))
        })
    }
}
