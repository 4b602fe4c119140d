//! Which paths of a route a group of peers is told of.

use alloc::vec::Vec;

use super::attr_store::AttrId;
use super::decision;
use super::export::Export;
use super::facts::Facts;
use super::outbound::Suppressed;
use super::table::{Path, PathPlace, RouteId, Table};
use crate::config::AddPathTx;
use crate::value::{Net, PathId, PeerId};

/// A path that a group is told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Selected {
    /// Its attributes in this router's table; what the peer is sent is worked out of them.
    pub attrs: AttrId,
    /// Whose it is.
    pub source: PeerId,
    /// The identifier it is sent with; 0 without ADD-PATH.
    pub id: PathId,
}

/// Whether an aggregate stands for a path to this prefix.
pub type Suppresses<'a, N> = &'a dyn Fn(N, &Path, &Facts) -> bool;

/// The paths of `route` that may go to peers with this `export`, before its route map, into `out`; and whether an
/// aggregate stands for the route.
pub fn select<N: Net>(
    export: &Export,
    table: &Table<N>,
    route: RouteId,
    facts: &Facts,
    suppresses: Suppresses<'_, N>,
    out: &mut Vec<Selected>,
) -> Suppressed {
    let net = table.net(route);
    if export.default_originate && net.length() == 0 {
        return Suppressed::No;
    }
    let Some(best) = table.best(route) else { return Suppressed::No };
    let is_local = best.peer == super::facts::SELF;
    let suppressed = if !is_local && suppresses(net, best, facts) { Suppressed::Yes } else { Suppressed::No };
    if suppressed == Suppressed::Yes && export.unsuppress.is_none() {
        return suppressed;
    }
    let passes = |path: &Path| {
        let attributes = &facts.attrs[path.attrs].attributes;
        export.may_pass(attributes, facts.peer(path.peer)) && export.filter.lists_permit(net, attributes)
    };
    let Some(which) = export.add_path else {
        if passes(best) {
            out.push(Selected { attrs: best.attrs, source: best.peer, id: PathId(0) });
        }
        return suppressed;
    };
    let mut ranked: Vec<(PathPlace, &Path)> = in_order_of_preference(table, route, facts);
    match which {
        AddPathTx::All => {}
        AddPathTx::BestSelected(count) => ranked.truncate(usize::from(count)),
        AddPathTx::BestPerAs => {
            let mut seen = Vec::new();
            ranked.retain(|(_, path)| {
                let asn = facts.attrs[path.attrs].neighbor_as;
                let first = !seen.contains(&asn);
                seen.push(asn);
                first
            });
        }
    }
    let selected = ranked.into_iter().filter(|(_, path)| passes(path));
    out.extend(selected.map(|(place, path)| Selected {
        attrs: path.attrs,
        source: path.peer,
        id: PathId(place.0 + 1),
    }));
    out.sort_unstable_by_key(|path| path.id);
    suppressed
}

/// The usable paths of a route, the best first, as the decision process ranks them one against the other.
fn in_order_of_preference<'a, N: Net>(
    table: &'a Table<N>,
    route: RouteId,
    facts: &'a Facts,
) -> Vec<(PathPlace, &'a Path)> {
    let mut candidates: Vec<_> = table.candidates(route, facts).collect();
    let mut ranked = Vec::with_capacity(candidates.len());
    // MED makes the comparison intransitive, so that sorting by it would not be defined: take the best of what
    // is left, again and again.
    while !candidates.is_empty() {
        let left: Vec<_> = candidates.iter().map(|&(_, candidate)| candidate).collect();
        let Some(best) = decision::decide(&left, facts) else { break };
        let (place, _) = candidates.remove(best);
        ranked.push(place);
    }
    ranked.into_iter().filter_map(|place| table.path(place).map(|path| (place, path))).collect()
}
