//! A group's route map at work on the routes of a batch.
//!
//! A map sees a route as it would be sent without it, but for what depends on the session alone: the own AS in
//! front, the next hop, the communities left out. What it makes of a set is kept once for all prefixes of which
//! the same entries make the same, and the group remembers that in place of the table's own set.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::attr_store::AttrId;
use super::export::{Export, Towards};
use super::facts::{Facts, Source};
use super::select::Selected;
use crate::attr::PathAttributes;
use crate::policy::{Asked, Filter, Protocol, Steps};
use crate::value::{Net, PeerId};

/// Whether an aggregate stands for a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suppressed {
    /// It does, and the peers have an `unsuppress-map` that is asked in place of the route map.
    Yes,
    /// None does.
    No,
}

/// The map at work.
#[derive(Debug)]
pub struct Outbound<'e> {
    export: &'e Export,
    known: BTreeMap<(AttrId, PeerId), Known>,
}

/// What is known of a set from one source.
#[derive(Debug)]
struct Known {
    /// As the map sees it.
    prepared: PathAttributes,
    /// What entries have made of it, with a reference.
    made: Vec<(Steps, AttrId)>,
}

impl<'e> Outbound<'e> {
    /// Nothing asked yet.
    #[must_use]
    pub const fn new(export: &'e Export) -> Self {
        Outbound { export, known: BTreeMap::new() }
    }

    /// What becomes of a path; `None` where it is denied. The references to what is made here are kept until
    /// [`Outbound::finish`].
    pub fn pass<N: Net>(
        &mut self,
        net: N,
        path: Selected,
        suppressed: Suppressed,
        facts: &mut Facts,
    ) -> Option<Selected> {
        let export = self.export;
        let map: &Filter = match (suppressed, &export.unsuppress) {
            (Suppressed::No, _) => &export.filter,
            (Suppressed::Yes, Some(map)) => map,
            (Suppressed::Yes, None) => return None,
        };
        if !map.has_map() && !export.rewrites() {
            return Some(path);
        }
        let source = *facts.peer(path.source);
        let igp_metric = facts.reach(path.attrs).metric;
        let former_med = facts.attrs[path.attrs].attributes.med;
        let asked = Asked { subject: &export.subject, former_med, igp_metric, protocol: Protocol::Bgp };
        let known = self.known.entry((path.attrs, path.source)).or_insert_with(|| Known {
            prepared: export.prepare(&facts.attrs[path.attrs].attributes, &source),
            made: Vec::new(),
        });
        let mut steps = map.map_route(net, &known.prepared, &asked)?;
        if !export.rewrites() {
            return Some(path);
        }
        if !export.reflects_changes
            && source.source == Source::Internal
            && matches!(export.towards, Towards::Internal { .. })
        {
            // As FRR (and RFC 4456 §10): a reflector does not change what it reflects, unless it is told to.
            steps = Steps::default();
        }
        if let Some((_, made)) = known.made.iter().find(|(other, _)| *other == steps) {
            return Some(Selected { attrs: *made, ..path });
        }
        let mut attributes = known.prepared.clone();
        steps.apply(N::FAMILY, &mut attributes, &asked);
        let made = facts.intern(attributes, source.interface);
        known.made.push((steps, made));
        Some(Selected { attrs: made, ..path })
    }

    /// What becomes of each of a route's paths; those that are denied go.
    pub fn pass_all<N: Net>(
        &mut self,
        net: N,
        suppressed: Suppressed,
        facts: &mut Facts,
        paths: &mut Vec<Selected>,
    ) {
        paths.retain_mut(|path| match self.pass(net, *path, suppressed, facts) {
            Some(passed) => {
                *path = passed;
                true
            }
            None => false,
        });
    }

    /// Gives the references back.
    pub fn finish(self, facts: &mut Facts) {
        for (_, made) in self.known.into_values().flat_map(|known| known.made) {
            facts.release(made);
        }
    }
}
