//! The decision process: which of a prefix's paths is the best.
//!
//! RFC says: RFC 4271 §9.1.2.2. We do: FRR's order, which puts weight before it all, AIGP (RFC 7311) before the
//! path length, and the oldest external path before the router id. Each step is a row of [`STEPS`]; the row
//! that decided gives the reason an operator is shown.

use core::cmp::{Ordering, Reverse};

use super::attr_store::Stored;
use super::facts::{Facts, Knobs, PeerFacts, Source};
use crate::value::RouterId;

/// A path as the decision process sees it.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// Its attributes.
    pub stored: &'a Stored,
    /// Whose it is.
    pub peer: &'a PeerFacts,
    /// The metric of the way to its next hop.
    pub metric: u32,
    /// Whether it is the best path as things stand.
    pub selected: bool,
}

/// One comparison. `Less`: the first is better.
pub struct Step {
    /// What an operator is told decided, in FRR's words.
    pub reason: &'static str,
    compare: fn(&Candidate<'_>, &Candidate<'_>, &Knobs) -> Ordering,
}

/// The reason where there is but one path.
pub const FIRST_PATH: &str = "First path received";

/// The reason where no step decided.
pub const NOTHING_LEFT: &str = "Nothing left to compare";

/// Steps before this index make two paths unequal for multipath as well.
const MULTIPATH_STEPS: usize = 9;

/// The steps in their order.
pub const STEPS: [Step; 14] = [
    Step { reason: "Weight", compare: weight },
    Step { reason: "Local Pref", compare: local_pref },
    Step { reason: "Local Route", compare: local_route },
    Step { reason: "AIGP", compare: aigp },
    Step { reason: "AS Path", compare: as_path },
    Step { reason: "Origin", compare: origin },
    Step { reason: "MED", compare: med },
    Step { reason: "Peer Type", compare: peer_type },
    Step { reason: "IGP Metric", compare: igp_metric },
    Step { reason: "Confed Peer Type", compare: confederation_peer_type },
    Step { reason: "Older Path", compare: older },
    Step { reason: "Router ID", compare: router_id },
    Step { reason: "Cluster length", compare: cluster_length },
    Step { reason: "Neighbor IP", compare: address },
];

fn weight(a: &Candidate<'_>, b: &Candidate<'_>, _: &Knobs) -> Ordering {
    b.stored.attributes.weight.cmp(&a.stored.attributes.weight)
}

fn local_pref(a: &Candidate<'_>, b: &Candidate<'_>, knobs: &Knobs) -> Ordering {
    let of = |c: &Candidate<'_>| c.stored.attributes.local_pref.unwrap_or(knobs.default_local_pref);
    of(b).cmp(&of(a))
}

fn local_route(a: &Candidate<'_>, b: &Candidate<'_>, _: &Knobs) -> Ordering {
    let of = |c: &Candidate<'_>| c.peer.source != Source::Local;
    of(a).cmp(&of(b))
}

//= rfc7311#section-4.1
//# the router MUST remove from consideration all routes that do not have an AIGP attribute, if any has
fn aigp(a: &Candidate<'_>, b: &Candidate<'_>, knobs: &Knobs) -> Ordering {
    if !knobs.best_path.aigp {
        return Ordering::Equal;
    }
    let of =
        |c: &Candidate<'_>| c.stored.attributes.rare().aigp.map(|aigp| aigp.saturating_add(c.metric.into()));
    match (of(a), of(b)) {
        (Some(a), Some(b)) => a.cmp(&b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    }
}

fn as_path(a: &Candidate<'_>, b: &Candidate<'_>, knobs: &Knobs) -> Ordering {
    if knobs.best_path.as_path_ignore {
        return Ordering::Equal;
    }
    let of = |c: &Candidate<'_>| {
        let confederation =
            if knobs.best_path.as_path_confed { c.stored.attributes.as_path.confed_hop_count() } else { 0 };
        u32::from(c.stored.hops) + confederation
    };
    of(a).cmp(&of(b))
}

fn origin(a: &Candidate<'_>, b: &Candidate<'_>, _: &Knobs) -> Ordering {
    a.stored.attributes.origin.cmp(&b.stored.attributes.origin)
}

//= rfc4271#section-9.1.2.2
//# routes with less-preferred MULTI_EXIT_DISC attributes, among those of one neighboring AS
fn med(a: &Candidate<'_>, b: &Candidate<'_>, knobs: &Knobs) -> Ordering {
    let mode = knobs.best_path.med;
    let inside = |c: &Candidate<'_>| c.stored.hops == 0;
    let confederation = mode.confederation && knobs.confederation && inside(a) && inside(b);
    // Both inside this AS, or both by the same neighboring AS (RFC 4271 §9.1.2.2 c).
    let comparable = a.stored.neighbor_as == b.stored.neighbor_as
        && (a.stored.neighbor_as.0 != 0 || (inside(a) && inside(b)));
    if !(mode.always_compare || comparable || confederation) {
        return Ordering::Equal;
    }
    let missing = if mode.missing_as_worst { u32::MAX } else { 0 };
    let of = |c: &Candidate<'_>| c.stored.attributes.med.unwrap_or(missing);
    of(a).cmp(&of(b))
}

fn peer_type(a: &Candidate<'_>, b: &Candidate<'_>, _: &Knobs) -> Ordering {
    let of = |c: &Candidate<'_>| match c.peer.source {
        Source::External | Source::Local => 0,
        Source::Internal | Source::Confederation => 1,
    };
    of(a).cmp(&of(b))
}

fn igp_metric(a: &Candidate<'_>, b: &Candidate<'_>, _: &Knobs) -> Ordering {
    a.metric.cmp(&b.metric)
}

fn confederation_peer_type(a: &Candidate<'_>, b: &Candidate<'_>, knobs: &Knobs) -> Ordering {
    let of = |c: &Candidate<'_>| match c.peer.source {
        Source::Confederation => 0,
        Source::Internal => 1,
        Source::External | Source::Local => 2,
    };
    match (knobs.confederation, of(a), of(b)) {
        (true, x @ (0 | 1), y @ (0 | 1)) => x.cmp(&y),
        _ => Ordering::Equal,
    }
}

/// The path in force stays, so that a route does not flap (FRR, RFC 5004).
fn older(a: &Candidate<'_>, b: &Candidate<'_>, knobs: &Knobs) -> Ordering {
    let external = a.peer.source == Source::External && b.peer.source == Source::External;
    if knobs.best_path.compare_router_id || !external {
        return Ordering::Equal;
    }
    Reverse(a.selected).cmp(&Reverse(b.selected))
}

fn originator(c: &Candidate<'_>) -> RouterId {
    //= rfc4456#section-9
    //# If a route carries the ORIGINATOR_ID attribute, then in Step f) the ORIGINATOR_ID SHOULD be treated as the
    //# BGP Identifier of the BGP speaker that has advertised the route.
    c.stored.attributes.rare().originator_id.unwrap_or(c.peer.router_id)
}

fn router_id(a: &Candidate<'_>, b: &Candidate<'_>, _: &Knobs) -> Ordering {
    originator(a).cmp(&originator(b))
}

fn cluster_length(a: &Candidate<'_>, b: &Candidate<'_>, _: &Knobs) -> Ordering {
    let of = |c: &Candidate<'_>| c.stored.attributes.rare().cluster_list.len();
    of(a).cmp(&of(b))
}

fn address(a: &Candidate<'_>, b: &Candidate<'_>, _: &Knobs) -> Ordering {
    a.peer.address.cmp(&b.peer.address)
}

/// Which of two paths is better (`Less`: the first), and the step that says so.
#[must_use]
pub fn compare(a: &Candidate<'_>, b: &Candidate<'_>, facts: &Facts) -> (Ordering, &'static str) {
    for step in &STEPS {
        let ordering = (step.compare)(a, b, &facts.knobs);
        if ordering != Ordering::Equal {
            return (ordering, step.reason);
        }
    }
    (Ordering::Equal, NOTHING_LEFT)
}

/// Whether the first is better; what [`compare`] says, without the reason.
#[must_use]
pub fn is_better(a: &Candidate<'_>, b: &Candidate<'_>, facts: &Facts) -> bool {
    compare(a, b, facts).0 == Ordering::Less
}

/// Whether a path may be used beside the best one.
///
/// Equal up to the IGP metric, learned the same way, and by an equal path: the same ASes, or with
/// `multipath-relax` merely as many.
#[must_use]
pub fn is_multipath(best: &Candidate<'_>, other: &Candidate<'_>, facts: &Facts) -> bool {
    let equal = STEPS[..MULTIPATH_STEPS]
        .iter()
        .all(|step| (step.compare)(best, other, &facts.knobs) == Ordering::Equal);
    let same_path = facts.knobs.best_path.multipath_relax
        || best.stored.attributes.as_path == other.stored.attributes.as_path;
    equal
        && same_path
        && best.peer.source == other.peer.source
        && best.stored.next_hop != other.stored.next_hop
}

/// The best of these paths by its place, and the reason: the step at which the best one beat the strongest of
/// the others.
///
/// With `deterministic-med` the paths of each neighboring AS are compared among themselves first.
#[must_use]
pub fn decide(candidates: &[Candidate<'_>], facts: &Facts) -> Option<usize> {
    let fold = |best: Option<usize>, at: usize| match best {
        Some(best) if !is_better(&candidates[at], &candidates[best], facts) => Some(best),
        Some(_) | None => Some(at),
    };
    if !facts.knobs.best_path.med.deterministic {
        return (0..candidates.len()).fold(None, fold);
    }
    let mut winners = alloc::collections::BTreeMap::new();
    for (at, candidate) in candidates.iter().enumerate() {
        let winner = winners.entry(candidate.stored.neighbor_as).or_insert(None);
        *winner = fold(*winner, at);
    }
    winners.into_values().flatten().fold(None, fold)
}
