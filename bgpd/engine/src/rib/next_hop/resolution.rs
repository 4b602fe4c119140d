//! From a next hop to where its packets go: the longest match, and again for each router on the way, until a link.

use alloc::vec::Vec;
use core::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::outside::{OutsideRoute, OutsideRoutes, family_of};
use super::{NextHopKey, Reach, is_link_local};
use crate::value::{IfIndex, RouteKind, Way};

/// How many lookups one next hop may cost: routes through routers through routers are cut there, so that a
/// configuration of many such ways costs bounded time.
const MAX_LOOKUPS: u32 = 256;
/// How many routes may lead from one to the next before the last one is on a link.
const MAX_RECURSION: usize = 8;

/// Where packets for a next hop go: onto a link, to the one that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ResolvedHop {
    /// The neighbor on the link that takes them; the next hop itself where it is on the link.
    pub gateway: Option<IpAddr>,
    /// The link.
    pub interface: IfIndex,
}

/// What the routes say of a next hop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Resolution {
    pub reach: Reach,
    /// In the order of their values, none twice.
    pub hops: Vec<ResolvedHop>,
    /// Every address that was looked up: while no route that covers one of them changes and no link does, the
    /// resolution stays.
    pub looked_up: Vec<IpAddr>,
}

/// What a single route says.
pub(super) enum Outcome {
    /// It leads there.
    Hops(Vec<ResolvedHop>),
    /// It leads nowhere, on purpose.
    Hole,
    /// It leads nowhere now; the kernel would not use it.
    Unusable,
}

/// The match for an address.
pub(super) struct Match<'a> {
    pub net: IpNet,
    pub route: &'a OutsideRoute,
    pub hops: Vec<ResolvedHop>,
}

/// One resolution in work.
pub(super) struct Search<'a> {
    routes: &'a OutsideRoutes,
    looked_up: Vec<IpAddr>,
    /// The routes whose routers are being looked up.
    within: Vec<IpNet>,
    left: u32,
}

impl OutsideRoutes {
    /// What the routes say of a next hop.
    pub(super) fn resolve(&self, key: NextHopKey) -> Resolution {
        if is_link_local(key.address) {
            let up = self.is_up(key.interface);
            let hop = ResolvedHop { gateway: Some(key.address), interface: key.interface };
            return Resolution {
                reach: if up { Reach { metric: Some(0), connected: true } } else { Reach::NONE },
                hops: up.then_some(hop).into_iter().collect(),
                looked_up: Vec::new(),
            };
        }
        let mut search = Search::new(self);
        let found = search.find(key.address);
        let looked_up = search.looked_up;
        let Some(Match { route, mut hops, .. }) = found else {
            return Resolution { reach: Reach::NONE, hops: Vec::new(), looked_up };
        };
        hops.sort_unstable();
        hops.dedup();
        let connected = route.ways.iter().any(|way| matches!(way, Way::Link(_)));
        Resolution { reach: Reach { metric: Some(route.metric()), connected }, hops, looked_up }
    }

    /// Whether and how an address is reached now, next hop or not.
    #[must_use]
    pub fn reach_of(&self, key: NextHopKey) -> Reach {
        self.resolve(key).reach
    }

    /// Where packets for an address go now, next hop or not: as [`NextHopTable::hops`](super::NextHopTable::hops).
    #[must_use]
    pub fn hops_of(&self, key: NextHopKey) -> Vec<ResolvedHop> {
        self.resolve(key).hops
    }

    /// The route by which a next hop is reached; `None` for a link-local one, and where there is no way.
    #[must_use]
    pub fn resolving(&self, key: NextHopKey) -> Option<(IpNet, &OutsideRoute)> {
        if is_link_local(key.address) {
            return None;
        }
        Search::new(self).find(key.address).map(|found| (found.net, found.route))
    }
}

impl<'a> Search<'a> {
    pub(super) fn new(routes: &'a OutsideRoutes) -> Self {
        Search { routes, looked_up: Vec::new(), within: Vec::new(), left: MAX_LOOKUPS }
    }

    /// The longest match for an address that leads somewhere.
    pub(super) fn find(&mut self, address: IpAddr) -> Option<Match<'a>> {
        self.left = self.left.checked_sub(1)?;
        if !self.looked_up.contains(&address) {
            self.looked_up.push(address);
        }
        let routes = self.routes;
        for (net, candidates) in routes.covering(address) {
            if net.prefix_len() == 0 && !routes.via_default(family_of(address)) {
                return None;
            }
            if self.within.contains(&net) {
                // A route through a router inside of its own prefix leads nowhere, but for one to the router alone:
                // that is looked up in the next shorter one (as FRR does it).
                if net.prefix_len() == net.max_prefix_len() {
                    continue;
                }
                return None;
            }
            for route in candidates {
                match self.follow(net, route, address) {
                    Outcome::Hops(hops) => return Some(Match { net, route, hops }),
                    // FRR resolves a next hop by a hole, and drops what goes there. A path through one is none: with
                    // it out of the way another path may be best.
                    Outcome::Hole => return None,
                    Outcome::Unusable => {}
                }
            }
        }
        None
    }

    /// Where a route leads what goes to `address`.
    pub(super) fn follow(&mut self, net: IpNet, route: &OutsideRoute, address: IpAddr) -> Outcome {
        let mut hops = Vec::new();
        for &way in &route.ways {
            match way {
                Way::Link(interface) if self.routes.is_up(interface) => {
                    hops.push(ResolvedHop { gateway: Some(address), interface });
                    // The same network on two links: the first one has it.
                    if route.source.kind() == RouteKind::Connected {
                        break;
                    }
                }
                Way::Over(router, interface) if self.routes.is_up(interface) => {
                    hops.push(ResolvedHop { gateway: Some(router), interface });
                }
                Way::Through(router) if self.within.len() < MAX_RECURSION => {
                    self.within.push(net);
                    if let Some(found) = self.find(router) {
                        hops.extend(found.hops);
                    }
                    self.within.pop();
                }
                Way::Blackhole | Way::Unreachable | Way::Prohibit => return Outcome::Hole,
                Way::Link(_) | Way::Over(..) | Way::Through(_) => {}
            }
        }
        if hops.is_empty() { Outcome::Unusable } else { Outcome::Hops(hops) }
    }
}
