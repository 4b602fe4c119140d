//! One route as an operator sees it, whoever told of it: where it leads, whether it counts, whether the kernel has it.

use core::net::IpAddr;

use bgp_engine::rib::fib::{self, Member, Standing, Writer};
use bgp_engine::rib::{
    NextHopKey, OutsideRoute, OutsideRoutes, Path, ResolvedHop, RouteId, RouteSource, SELF, Source, Way,
};
use bgp_engine::value::{GroupId, IfIndex, RouteKind};
use ipnet::IpNet;

use crate::show::{Router, Shown};

/// The protocol of the kernel's own routes, to the networks of addresses.
const RTPROT_KERNEL: u8 = 2;

/// Who told of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Teller {
    /// BGP, in another AS or as an aggregate's.
    External,
    /// BGP, in this AS.
    Internal,
    /// Somebody else.
    Other(RouteKind),
}

impl Teller {
    /// The letter before the route.
    #[must_use]
    pub const fn letter(self) -> char {
        match self {
            Teller::External | Teller::Internal => 'B',
            Teller::Other(RouteKind::Connected) => 'C',
            Teller::Other(RouteKind::Kernel) => 'K',
            Teller::Other(RouteKind::Static) => 'S',
        }
    }

    /// The protocol's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Teller::External | Teller::Internal => "bgp",
            Teller::Other(RouteKind::Connected) => "connected",
            Teller::Other(RouteKind::Kernel) => "kernel",
            Teller::Other(RouteKind::Static) => "static",
        }
    }

    /// Whether it is BGP.
    #[must_use]
    pub const fn is_bgp(self) -> bool {
        matches!(self, Teller::External | Teller::Internal)
    }
}

/// What the kernel has of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InKernel {
    /// Nothing, and it is not to have it.
    No,
    /// The route.
    Installed,
    /// Nothing yet, or what it was before.
    Queued,
    /// It refused the route.
    Rejected,
}

impl InKernel {
    /// The letter after `>`, for a hop that can take packets.
    #[must_use]
    pub const fn letter(self) -> char {
        match self {
            InKernel::No => ' ',
            InKernel::Installed => '*',
            InKernel::Queued => 'q',
            InKernel::Rejected => 'r',
        }
    }
}

/// Where a hop leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    /// To this router, on a link or wherever it is.
    Router(IpAddr, Option<IfIndex>),
    /// To whoever is on this link.
    Link(IfIndex),
    /// Nowhere.
    Blackhole,
    /// Nowhere, and the sender is told.
    Unreachable,
    /// Nowhere, and the sender is told that this is forbidden.
    Prohibit,
}

/// What a hop is to its route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A way of it, to be used as it stands.
    Direct,
    /// A router that is not on a link: the next ones lead to it.
    Recursive,
    /// A way to the recursive one before it.
    Resolver,
    /// A way of it that cannot be used now.
    Inactive,
}

/// One of a route's hops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hop {
    /// Where it leads.
    pub to: To,
    /// What it is to the route.
    pub part: Part,
    /// Its share; `None` where none is told.
    pub weight: Option<u8>,
}

/// A route.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Who told of it.
    pub teller: Teller,
    /// The administrative distance.
    pub distance: u8,
    /// The metric.
    pub metric: u32,
    /// When it came or last changed, in seconds of the log's clock.
    pub since_s: u32,
    /// Whether it is the one of its prefix that counts.
    pub selected: bool,
    /// What the kernel has of it.
    pub kernel: InKernel,
    /// The group that the kernel was told that it leads through.
    pub group: Option<GroupId>,
    /// Its hops.
    pub hops: Vec<Hop>,
}

/// A prefix's routes: the one that counts, then those that do not.
#[must_use]
pub fn entries<N: Shown>(router: &Router<'_>, net: N) -> Vec<Entry> {
    let own = own_entry(router, net);
    let routes = &router.engine.rib().facts.next_hops.routes;
    let to: IpNet = net.into();
    let selected = if own.as_ref().is_some_and(|own| own.selected) { None } else { routes.selected(to) };
    let mut entries = Vec::new();
    for route in routes.to(to) {
        push_other(routes, to, route, selected, &mut entries);
    }
    entries.extend(own);
    entries.sort_by_key(|entry| !entry.selected);
    entries
}

/// BGP's route to a prefix, if the kernel may have it.
fn own_entry<N: Shown>(router: &Router<'_>, net: N) -> Option<Entry> {
    let rib = router.engine.rib();
    let (table, facts) = (&N::rib(router).table, &rib.facts);
    let route = table.find(net).filter(|&route| table.is_live(route))?;
    let (best, distance) = fib::eligible(table, route, facts)?;
    let mut members = Vec::new();
    if best.peer != SELF {
        // Without a way there it is none of the kernel's.
        facts.reach(best.attrs).metric?;
        fib::members(table, route, facts, &mut members);
    }
    let selected = !fib::is_taken(net, distance, facts);
    let source = facts.peer(best.peer).source;
    let told = N::rib(router).told.as_ref().map(|told| told.slot(route));
    Some(Entry {
        teller: match source {
            Source::Internal | Source::Confederation => Teller::Internal,
            // FRR counts an aggregate among the internal ones, as it is of this AS.
            Source::Local => Teller::Internal,
            Source::External => Teller::External,
        },
        distance,
        metric: metric(router, best),
        since_s: best.since_s,
        selected,
        kernel: if selected { in_kernel::<N>(router, route, &members) } else { InKernel::No },
        group: told.and_then(|slot| slot.group).filter(|_| selected),
        hops: own_hops(router, &members),
    })
}

fn metric(router: &Router<'_>, path: &Path) -> u32 {
    router.engine.rib().facts.attrs[path.attrs].attributes.med.unwrap_or(0)
}

/// What the kernel has of a route of BGP that it is to have, through these.
fn in_kernel<N: Shown>(router: &Router<'_>, route: RouteId, members: &[Member]) -> InKernel {
    let rib = router.engine.rib();
    let Some(told) = N::rib(router).told.as_ref().filter(|_| rib.fib.writer() != Writer::None) else {
        return InKernel::No;
    };
    let slot = told.slot(route);
    let groups = &rib.facts.groups;
    let group = slot.group.filter(|&group| groups.is(group, members)).and_then(|group| groups.get(group));
    match (slot.standing, group) {
        (Standing::Refused, Some(_)) => InKernel::Rejected,
        // There was no number for its group.
        (Standing::Refused, None) | (Standing::Astray, _) if told.refusal(route).is_some() => {
            InKernel::Rejected
        }
        (Standing::Installed, Some(group)) if group.refusal.is_some() => InKernel::Rejected,
        (Standing::Installed, Some(group)) if group.told.as_ref() == Some(&group.ways) => InKernel::Installed,
        (
            Standing::Installed | Standing::Refused | Standing::Astray | Standing::Asked | Standing::Nothing,
            _,
        ) => InKernel::Queued,
    }
}

/// The hops of a route of BGP, in the order of their addresses; those of an aggregate have no next hop.
fn own_hops(router: &Router<'_>, members: &[Member]) -> Vec<Hop> {
    if members.is_empty() {
        return vec![Hop { to: To::Blackhole, part: Part::Direct, weight: Some(1) }];
    }
    let next_hops = &router.engine.rib().facts.next_hops;
    let mut keyed: Vec<(NextHopKey, Member)> =
        members.iter().filter_map(|&member| Some((next_hops.key(member.next_hop)?, member))).collect();
    keyed.sort_unstable();
    let mut hops = Vec::with_capacity(keyed.len());
    for (key, member) in keyed {
        push_router(key.address, next_hops.hops(member.next_hop), Some(member.weight), &mut hops);
    }
    hops
}

/// A router with the ways to it: itself on a link, or others.
fn push_router(router: IpAddr, ways: &[ResolvedHop], weight: Option<u8>, hops: &mut Vec<Hop>) {
    let on_link = ways.iter().all(|way| way.gateway == Some(router));
    if !on_link {
        hops.push(Hop { to: To::Router(router, None), part: Part::Recursive, weight });
    }
    let part = if on_link { Part::Direct } else { Part::Resolver };
    hops.extend(ways.iter().map(|way| Hop {
        to: way.gateway.map_or(To::Link(way.interface), |gateway| To::Router(gateway, Some(way.interface))),
        part,
        weight,
    }));
}

/// A route that is not BGP's; a connected one once for each link.
fn push_other(
    routes: &OutsideRoutes,
    net: IpNet,
    route: &OutsideRoute,
    selected: Option<&OutsideRoute>,
    entries: &mut Vec<Entry>,
) {
    let selected = selected.is_some_and(|selected| core::ptr::eq(selected, route));
    let kind = route.source.kind();
    let entry = Entry {
        teller: Teller::Other(kind),
        distance: route.distance(),
        metric: route.metric(),
        since_s: route.since_s,
        selected,
        // A static route serves resolution alone.
        kernel: if kind == RouteKind::Static { InKernel::No } else { InKernel::Installed },
        group: None,
        hops: Vec::new(),
    };
    match route.source {
        RouteSource::Connected => {
            let links = route.ways.iter().map(|&way| outside_hop(routes, way));
            entries.extend(links.enumerate().map(|(n, hop)| Entry {
                selected: selected && n == 0,
                hops: vec![hop],
                ..entry.clone()
            }));
        }
        RouteSource::Static => {
            // One that leads nowhere is none, as in FRR.
            if !routes.is_usable(net, route) {
                return;
            }
            let mut hops = outside_hops(routes, &route.ways);
            hops.iter_mut().for_each(|hop| hop.weight = Some(1));
            entries.push(Entry { hops, ..entry });
        }
        RouteSource::Kernel(protocol) => {
            // The kernel's own route to a network is the address's.
            let connected = routes.to(net).iter().filter(|other| other.source == RouteSource::Connected);
            let known: Vec<Way> = if protocol == RTPROT_KERNEL {
                connected.flat_map(|other| other.ways.iter().copied()).collect()
            } else {
                Vec::new()
            };
            let ways: Vec<Way> = route.ways.iter().copied().filter(|way| !known.contains(way)).collect();
            let hops = outside_hops(routes, &ways);
            if !hops.is_empty() {
                entries.push(Entry { hops, ..entry });
            }
        }
    }
}

/// The hops of a route that is not BGP's; a router that nothing leads to is none.
#[must_use]
pub fn outside_hops(routes: &OutsideRoutes, ways: &[Way]) -> Vec<Hop> {
    let mut hops = Vec::new();
    for &way in ways {
        let Way::Through(router) = way else {
            hops.push(outside_hop(routes, way));
            continue;
        };
        let ways = routes.hops_of(NextHopKey { address: router, interface: IfIndex(0) });
        if !ways.is_empty() {
            push_router(router, &ways, None, &mut hops);
        }
    }
    hops
}

/// A way of a route that is not BGP's.
fn outside_hop(routes: &OutsideRoutes, way: Way) -> Hop {
    let (to, link) = match way {
        Way::Link(link) => (To::Link(link), Some(link)),
        Way::Through(router) => (To::Router(router, None), None),
        Way::Over(router, link) => (To::Router(router, Some(link)), Some(link)),
        Way::Blackhole => (To::Blackhole, None),
        Way::Unreachable => (To::Unreachable, None),
        Way::Prohibit => (To::Prohibit, None),
    };
    let part = if link.is_none_or(|link| routes.is_up(link)) { Part::Direct } else { Part::Inactive };
    Hop { to, part, weight: None }
}
