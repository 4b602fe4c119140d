//! A route's paths as an operator sees them: which is valid, best, multipath, stale, and why the best is.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use bgp_engine::attr::{NextHop, PathAttributes};
use bgp_engine::config::BgpConfig;
use bgp_engine::engine::Peer;
use bgp_engine::rib::decision::{self, Candidate};
use bgp_engine::rib::{Path, PathPlace, PeerFacts, RouteId, SELF, Source};
use bgp_engine::value::Family;

use super::{Router, Shown};

/// FRR's default for `maximum-paths`.
const MAXIMUM_PATHS: u16 = 64;

/// A path and what has become of it.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// Its place, which is also its ADD-PATH identifier, less one.
    pub place: PathPlace,
    /// The path.
    pub path: &'a Path,
    /// Its attributes after policy.
    pub attributes: &'a PathAttributes,
    /// Whose it is.
    pub facts: &'a PeerFacts,
    /// The neighbor, unless it is this router itself.
    pub peer: Option<&'a Peer>,
    /// The metric of the way to its next hop; `None` where there is no way.
    pub metric: Option<u32>,
    /// It is the best.
    pub best: bool,
    /// It is used beside the best one, or is the best and not alone.
    pub multipath: bool,
    /// An aggregate keeps it from being advertised.
    pub suppressed: bool,
    /// It is of a session that is over.
    pub old: Old,
}

/// Whether a path is of the present session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Old {
    /// It is.
    No,
    /// It is of an earlier one and kept (graceful restart, or a refresh under way).
    Stale,
    /// It is of an earlier one and on its way out.
    Removed,
}

impl Seen<'_> {
    /// Whether it is this router's own.
    #[must_use]
    pub fn is_own(&self) -> bool {
        self.path.peer == SELF
    }

    /// Whether it came from this AS.
    #[must_use]
    pub fn is_internal(&self) -> bool {
        self.facts.source == Source::Internal
    }

    /// The metric that FRR shows: a route of this router itself has 0.
    #[must_use]
    pub fn med(&self) -> Option<u32> {
        self.attributes.med.or(self.is_own().then_some(0))
    }
}

/// A route's paths, the best first, then those used beside it.
#[derive(Debug)]
pub struct Judged<'a> {
    /// The paths.
    pub paths: Vec<Seen<'a>>,
    /// Why the best one is the best; `None` where none is.
    pub reason: Option<&'static str>,
}

/// The paths of a route.
pub fn judge<'a, N: Shown>(router: &Router<'a>, route: RouteId) -> Judged<'a> {
    let rib = router.engine.rib();
    let table = &N::rib(router).table;
    let suppressed = N::rib(router).suppresses(route, &router.engine.rib().facts);
    let best = table.best(route).map(|_| ()).and_then(|()| table.paths(route).next()).map(|(place, _)| place);
    let candidates: Vec<(PathPlace, Candidate<'a>)> = table.candidates(route, &rib.facts).collect();
    let beside = best.map_or_else(Vec::new, |best| multipath(router, N::FAMILY, best, &candidates));
    let mut paths: Vec<Seen<'a>> = table
        .paths(route)
        .map(|(place, path)| {
            let stored = &rib.facts.attrs[path.attrs];
            let peer = router.engine.peer_by_id(path.peer);
            Seen {
                place,
                path,
                attributes: &stored.attributes,
                facts: rib.facts.peer(path.peer),
                peer,
                metric: rib.facts.reach(path.attrs).metric,
                best: best == Some(place),
                multipath: beside.contains(&place) || (best == Some(place) && !beside.is_empty()),
                suppressed: suppressed && path.peer != SELF,
                old: old(path, rib.facts.peer(path.peer), peer, N::FAMILY),
            }
        })
        .collect();
    paths.sort_by_key(|seen| (!seen.best, !seen.multipath));
    Judged { paths, reason: best.and_then(|best| reason(router, best, &candidates)) }
}

fn old(path: &Path, facts: &PeerFacts, peer: Option<&Peer>, family: Family) -> Old {
    if path.generation == facts.generation[family] {
        return Old::No;
    }
    let kept = peer.is_some_and(|peer| peer.session.stale()[family] || peer.session.connection().is_some());
    if kept { Old::Stale } else { Old::Removed }
}

/// The paths used beside the best one.
fn multipath(
    router: &Router<'_>,
    family: Family,
    best: PathPlace,
    candidates: &[(PathPlace, Candidate<'_>)],
) -> Vec<PathPlace> {
    let Some((_, winner)) = candidates.iter().find(|(place, _)| *place == best) else { return Vec::new() };
    let config = router.engine.configuration().bgp.as_ref().map(|bgp| &bgp.families[family]);
    let internal = winner.peer.source == Source::Internal;
    let limit = config
        .and_then(|config| if internal { config.maximum_paths_ibgp } else { config.maximum_paths })
        .unwrap_or(MAXIMUM_PATHS);
    candidates
        .iter()
        .filter(|(place, other)| {
            *place != best && decision::is_multipath(winner, other, &router.engine.rib().facts)
        })
        .map(|(place, _)| *place)
        .take(usize::from(limit.saturating_sub(1)))
        .collect()
}

/// The step at which the best path beat the strongest of the others.
fn reason(
    router: &Router<'_>,
    best: PathPlace,
    candidates: &[(PathPlace, Candidate<'_>)],
) -> Option<&'static str> {
    let facts = &router.engine.rib().facts;
    let (_, winner) = candidates.iter().find(|(place, _)| *place == best)?;
    let others: Vec<Candidate<'_>> =
        candidates.iter().filter(|(place, _)| *place != best).map(|&(_, candidate)| candidate).collect();
    let Some(second) = decision::decide(&others, facts) else { return Some(decision::FIRST_PATH) };
    Some(decision::compare(winner, &others[second], facts).1)
}

/// The next hop that is shown: the link-local one where there is one, as FRR uses that.
#[must_use]
pub fn shown_next_hop(next_hop: &NextHop, family: Family) -> IpAddr {
    let link_local = next_hop.link_local().map(IpAddr::V6);
    link_local.or(next_hop.address()).unwrap_or(own_next_hop(family))
}

/// What stands for this router itself.
#[must_use]
pub const fn own_next_hop(family: Family) -> IpAddr {
    match family {
        Family::Ipv4Unicast => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        Family::Ipv6Unicast => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    }
}

/// The instance, where there is one.
#[must_use]
pub fn instance<'a>(router: &Router<'a>) -> Option<&'a BgpConfig> {
    router.engine.configuration().bgp.as_ref()
}

/// The default local preference.
#[must_use]
pub fn default_local_pref(bgp: &BgpConfig) -> u32 {
    bgp.default_local_pref.unwrap_or(100)
}

/// A peer's host name, if it has told one.
#[must_use]
pub fn host_name(peer: &Peer) -> Option<String> {
    peer.session.peer_open()?.capabilities.iter().find_map(|capability| match capability {
        bgp_engine::wire::Capability::Fqdn(fqdn) => Some(fqdn.host_text()),
        _ => None,
    })
}

/// A route's version as FRR counts it: from 1, and 0 while none of its paths has been the best.
#[must_use]
pub fn version<N: Shown>(router: &Router<'_>, route: RouteId) -> u64 {
    let table = &N::rib(router).table;
    table.best(route).map_or(0, |_| table.version(route) + 1)
}
