//! What set clauses do to a route's attributes.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::community_list::{AnyCommunity, in_order};
use super::indexed::{CommunityIndex, PathIndex};
use super::setting::{Bandwidth, Exclude, Prepend, SetAigp, SetCommunities, SetMetric, SetNextHop};
use super::{Action, Asked, Set, Side};
use crate::attr::{
    AsPath, Community, ExtendedCommunity, LargeCommunity, List, NextHop, NextHopMark, PathAttributes,
    RareAttributes,
};
use crate::value::{Asn, Family};

/// The bandwidth that stands for one of the multipaths, in octets a second: a megabit, as in FRR.
const REFERENCE_BANDWIDTH: f32 = 125_000.0;

/// A set clause with its list in place of the list's name.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Rewrite {
    /// One that needs no list.
    Plain(Set),
    /// `comm-list NAME delete`.
    DeleteCommunities(Arc<CommunityIndex<Community>>),
    /// `large-comm-list NAME delete`.
    DeleteLarge(Arc<CommunityIndex<LargeCommunity>>),
    /// `extended-comm-list NAME delete`.
    DeleteExtended(Arc<CommunityIndex<ExtendedCommunity>>),
    /// `as-path exclude as-path-access-list NAME`.
    ExcludeListed(Arc<PathIndex>),
}

impl Rewrite {
    pub(super) fn apply(&self, family: Family, route: &mut PathAttributes, asked: &Asked<'_>) {
        match self {
            Rewrite::Plain(set) => apply(set, family, route, asked),
            Rewrite::DeleteCommunities(list) => {
                route.communities = kept(&route.communities, list);
            }
            Rewrite::DeleteLarge(list) => {
                route.edit_rare(|rare| rare.large_communities = kept(&rare.large_communities, list));
            }
            Rewrite::DeleteExtended(list) => {
                route.edit_rare(|rare| rare.extended_communities = kept(&rare.extended_communities, list));
            }
            Rewrite::ExcludeListed(list) => {
                let stays = |asn| (list.decide_one(asn) == Action::Deny).then_some(asn);
                route.as_path = route.as_path.map(stays);
            }
        }
    }
}

fn kept<C: AnyCommunity>(communities: &List<C>, list: &CommunityIndex<C>) -> List<C> {
    communities.iter().copied().filter(|community| !list.takes_out(*community)).collect()
}

fn apply(set: &Set, family: Family, route: &mut PathAttributes, asked: &Asked<'_>) {
    match set {
        Set::AsPathPrepend(_) | Set::AsPathExclude(_) | Set::AsPathReplace { .. } => {
            route.as_path = edited(set, &route.as_path, asked);
        }
        Set::Community(set) => route.communities = changed(&route.communities, set),
        Set::LocalPreference(change) => {
            // As FRR: a route that came without one starts at 0, not at the default.
            route.local_pref = Some(change.of(route.local_pref.unwrap_or(0)));
        }
        Set::Metric(metric) => set_metric(*metric, route, asked),
        Set::Weight(weight) => route.weight = *weight,
        Set::Origin(origin) => route.origin = *origin,
        Set::AtomicAggregate => route.atomic_aggregate = true,
        Set::NextHop(next_hop) if family == Family::Ipv4Unicast => set_next_hop(*next_hop, route, asked),
        Set::Ipv6NextHopGlobal(_)
        | Set::Ipv6NextHopLocal(_)
        | Set::Ipv6NextHopPeerAddress
        | Set::Ipv6NextHopPreferGlobal
            if family == Family::Ipv6Unicast =>
        {
            set_ipv6_next_hop(set, route, asked);
        }
        Set::NextHop(_)
        | Set::Ipv6NextHopGlobal(_)
        | Set::Ipv6NextHopLocal(_)
        | Set::Ipv6NextHopPeerAddress
        | Set::Ipv6NextHopPreferGlobal => {}
        _ => route.edit_rare(|rare| apply_to_rare(set, rare, asked)),
    }
}

/// The clauses about what few routes have.
fn apply_to_rare(set: &Set, rare: &mut RareAttributes, asked: &Asked<'_>) {
    match set {
        Set::LargeCommunity(set) => rare.large_communities = changed(&rare.large_communities, set),
        Set::RouteTarget(communities) | Set::SiteOfOrigin(communities) => {
            rare.extended_communities = merged(&rare.extended_communities, communities);
        }
        Set::Bandwidth { how, non_transitive } => {
            if let Some(community) = bandwidth(*how, rare, asked) {
                set_bandwidth(if *non_transitive { community } else { community.transitive() }, rare);
            }
        }
        Set::NoExtendedCommunity => rare.extended_communities = List::EMPTY,
        Set::Aigp(SetAigp::To(value)) => rare.aigp = Some(u64::from(*value)),
        Set::Aigp(SetAigp::Igp) => rare.aigp = Some(u64::from(asked.igp_metric.unwrap_or(0))),
        Set::OriginatorId(id) => rare.originator_id = Some(*id),
        Set::Aggregator(aggregator) => rare.aggregator = Some(*aggregator),
        Set::Tag(tag) => rare.marks.tag = *tag,
        Set::Distance(distance) => rare.marks.distance = *distance,
        // The others are about what every route has, or were compiled with their list.
        _ => {}
    }
}

fn merged<C: Ord + Copy>(old: &[C], new: &[C]) -> List<C> {
    in_order([old, new].concat()).into()
}

fn changed<C: Ord + Copy>(old: &List<C>, set: &SetCommunities<C>) -> List<C> {
    match set {
        SetCommunities::None => List::EMPTY,
        SetCommunities::Replace(communities) => communities.clone().into(),
        SetCommunities::Add(communities) => merged(old, communities),
    }
}

fn edited(set: &Set, path: &AsPath, asked: &Asked<'_>) -> AsPath {
    match set {
        Set::AsPathPrepend(Prepend::Asns(asns)) => {
            asns.iter().rev().fold(path.clone(), |path, asn| path.prepend(*asn, 1))
        }
        Set::AsPathPrepend(Prepend::Last(times)) => {
            let nearest = path.segments().next().filter(|segment| !segment.kind.is_set());
            let nearest = nearest.and_then(|segment| segment.asns().next());
            let asn = nearest.unwrap_or(asked.subject.peer_as);
            if asn == Asn(0) { path.clone() } else { path.prepend(asn, usize::from(*times)) }
        }
        Set::AsPathExclude(Exclude::Asns(asns)) => path.map(|asn| (!asns.contains(&asn)).then_some(asn)),
        Set::AsPathExclude(Exclude::All) => AsPath::EMPTY,
        Set::AsPathReplace { which, by } => {
            let by = by.unwrap_or(asked.subject.local_as);
            path.map(|asn| Some(if which.is_none_or(|which| which == asn) { by } else { asn }))
        }
        _ => path.clone(),
    }
}

fn set_metric(metric: SetMetric, route: &mut PathAttributes, asked: &Asked<'_>) {
    match metric {
        SetMetric::Change(change) => route.med = Some(change.of(route.med.unwrap_or(0))),
        SetMetric::Igp => route.med = asked.igp_metric.or(route.med),
        SetMetric::Aigp => {
            if let Some(aigp) = route.rare().aigp {
                let whole = aigp.saturating_add(u64::from(asked.igp_metric.unwrap_or(0)));
                route.med = Some(u32::try_from(whole).unwrap_or(u32::MAX));
            }
        }
    }
}

/// The bandwidth that a clause speaks of, not transitive. FRR's `cumulative` and `num-multipaths` are about the best
/// path on its way out: on any other way there is none.
fn bandwidth(how: Bandwidth, rare: &RareAttributes, asked: &Asked<'_>) -> Option<ExtendedCommunity> {
    let octets_per_s = match how {
        Bandwidth::Mbps(mbps) => f32::from(mbps) * REFERENCE_BANDWIDTH,
        Bandwidth::Cumulative | Bandwidth::NumMultipaths if asked.subject.side != Side::Out => return None,
        Bandwidth::Cumulative => {
            rare.extended_communities.iter().find_map(|community| community.link_bandwidth())?.1
        }
        Bandwidth::NumMultipaths => REFERENCE_BANDWIDTH,
    };
    Some(ExtendedCommunity::from_link_bandwidth(asked.subject.own_as, octets_per_s))
}

/// Puts a bandwidth in the place of those that are there.
fn set_bandwidth(community: ExtendedCommunity, rare: &mut RareAttributes) {
    let others: Vec<_> =
        rare.extended_communities.iter().copied().filter(|c| c.link_bandwidth().is_none()).collect();
    rare.extended_communities = merged(&others, &[community]);
}

fn mark(route: &mut PathAttributes, asked: &Asked<'_>, mark: NextHopMark) {
    if asked.subject.side == Side::Out {
        route.edit_rare(|rare| rare.marks.next_hop = mark);
    }
}

fn set_next_hop(next_hop: SetNextHop, route: &mut PathAttributes, asked: &Asked<'_>) {
    match (next_hop, asked.subject.side, asked.subject.peer) {
        (SetNextHop::Address(address), ..) => {
            route.next_hop = NextHop::V4(address);
            mark(route, asked, NextHopMark::Kept);
        }
        (SetNextHop::PeerAddress, Side::In, Some(IpAddr::V4(peer))) => route.next_hop = NextHop::V4(peer),
        (SetNextHop::PeerAddress, ..) => mark(route, asked, NextHopMark::Own),
        (SetNextHop::Unchanged, ..) => mark(route, asked, NextHopMark::Kept),
    }
}

fn set_ipv6_next_hop(set: &Set, route: &mut PathAttributes, asked: &Asked<'_>) {
    let own = Ipv6Addr::UNSPECIFIED;
    let (global, local) = match &route.next_hop {
        NextHop::V6(address) if address.is_unicast_link_local() => (own, Some(*address)),
        NextHop::V6(address) => (*address, None),
        NextHop::V6WithLinkLocal(pair) => (pair.0, Some(pair.1)),
        NextHop::Own | NextHop::V4(_) => (own, None),
    };
    match (set, asked.subject.side, asked.subject.peer) {
        (Set::Ipv6NextHopGlobal(address), ..) => {
            route.next_hop = pair(*address, local);
            mark(route, asked, NextHopMark::Kept);
        }
        (Set::Ipv6NextHopLocal(address), ..) => route.next_hop = pair(global, Some(*address)),
        (Set::Ipv6NextHopPeerAddress, Side::In, Some(IpAddr::V6(peer))) => {
            route.next_hop =
                if peer.is_unicast_link_local() { pair(own, Some(peer)) } else { NextHop::V6(peer) };
        }
        (Set::Ipv6NextHopPeerAddress, ..) => mark(route, asked, NextHopMark::Own),
        // The link-local address is left out, so that the global one tells the way.
        (Set::Ipv6NextHopPreferGlobal, Side::In, _) if !global.is_unspecified() => {
            route.next_hop = NextHop::V6(global);
        }
        _ => {}
    }
}

fn pair(global: Ipv6Addr, local: Option<Ipv6Addr>) -> NextHop {
    match local {
        Some(local) if global.is_unspecified() => NextHop::V6(local),
        Some(local) => NextHop::V6WithLinkLocal((global, local).into()),
        None => NextHop::V6(global),
    }
}

/// The address that an IPv4 next hop is, for match clauses.
pub(super) fn ipv4_next_hop(next_hop: &NextHop) -> Option<Ipv4Addr> {
    match next_hop {
        NextHop::Own => Some(Ipv4Addr::UNSPECIFIED),
        NextHop::V4(address) => Some(*address),
        NextHop::V6(_) | NextHop::V6WithLinkLocal(_) => None,
    }
}
