//! What one neighbor's direction, one `network` line or one aggregate asks of a route.
//!
//! Filters share lists and maps, hold no names and never look one up. A filter that asks nothing costs nothing.

use alloc::sync::Arc;

use super::Action;
use super::compiled::{CompiledMap, Steps};
use super::indexed::PathIndex;
use super::prefix_index::PrefixIndex;
use super::subject::Asked;
use crate::attr::PathAttributes;
use crate::value::Net;

/// Lists and a map that a route must pass.
///
/// Two filters are equal where they decide alike because they are made of the same entries; so a change of
/// configuration that leaves a neighbor's filter equal leaves its routes alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    pub(super) refuses_all: bool,
    /// `distribute-list`.
    pub(super) access: Option<Arc<PrefixIndex>>,
    /// `prefix-list`.
    pub(super) list: Option<Arc<PrefixIndex>>,
    /// `filter-list`.
    pub(super) paths: Option<Arc<PathIndex>>,
    /// `route-map`.
    pub(super) map: Option<Arc<CompiledMap>>,
}

impl Filter {
    /// Denies every route. The default permits every route.
    #[must_use]
    pub const fn deny_all() -> Filter {
        Filter { refuses_all: true, access: None, list: None, paths: None, map: None }
    }

    /// Whether it permits every route as it is without asking.
    #[must_use]
    pub fn is_trivial(&self) -> bool {
        !self.refuses_all
            && self.access.is_none()
            && self.list.is_none()
            && self.paths.is_none()
            && self.map.is_none()
    }

    /// Whether its answer depends on the prefix, and not on the attributes alone.
    #[must_use]
    pub fn asks_prefix(&self) -> bool {
        self.access.is_some() || self.list.is_some() || self.map.as_ref().is_some_and(|map| map.asks_prefix)
    }

    /// Whether its answer depends on who the neighbor is.
    #[must_use]
    pub fn asks_peer(&self) -> bool {
        self.map.as_ref().is_some_and(|map| map.asks_peer)
    }

    /// Whether it has a map.
    #[must_use]
    pub fn has_map(&self) -> bool {
        self.map.is_some()
    }

    /// Whether it has a map that changes attributes.
    #[must_use]
    pub fn changes(&self) -> bool {
        self.map.as_ref().is_some_and(|map| map.changes)
    }

    /// Whether the lists let a route pass: as in FRR all are asked, and before the map.
    #[must_use]
    pub fn lists_permit<N: Net>(&self, net: N, attributes: &PathAttributes) -> bool {
        !self.refuses_all
            && self.access.as_ref().is_none_or(|list| list.decide(net) == Action::Permit)
            && self.list.as_ref().is_none_or(|list| list.decide(net) == Action::Permit)
            && self.paths.as_ref().is_none_or(|list| list.decide(&attributes.as_path) == Action::Permit)
    }

    /// What the map makes of a route; `None` where it denies it.
    #[must_use]
    pub fn map_route<N: Net>(&self, net: N, attributes: &PathAttributes, asked: &Asked<'_>) -> Option<Steps> {
        match &self.map {
            None => Some(Steps::default()),
            Some(map) => map.decide(net, attributes, asked),
        }
    }

    /// What becomes of a route to this prefix with these attributes; `None` where it is denied.
    #[must_use]
    pub fn decide<N: Net>(&self, net: N, attributes: &PathAttributes, asked: &Asked<'_>) -> Option<Steps> {
        if self.lists_permit(net, attributes) { self.map_route(net, attributes, asked) } else { None }
    }

    /// The route as it is let through; `None` where it is denied.
    #[must_use]
    pub fn pass<N: Net>(
        &self,
        net: N,
        mut attributes: PathAttributes,
        asked: &Asked<'_>,
    ) -> Option<PathAttributes> {
        let steps = self.decide(net, &attributes, asked)?;
        steps.apply(N::FAMILY, &mut attributes, asked);
        Some(attributes)
    }
}
