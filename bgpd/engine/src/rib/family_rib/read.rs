//! Reading a family's routes beyond its table: nothing here changes them.

use core::ops::Bound;

use super::FamilyRib;
use crate::rib::adj_rib_out::Group;
use crate::rib::attr_store::AttrId;
use crate::rib::facts::Facts;
use crate::rib::import::ReceivedKey;
use crate::rib::table::RouteId;
use crate::value::{Net, PathId, PeerId};

impl<N: Net> FamilyRib<N> {
    /// Whether an aggregate that is there keeps a prefix from being advertised (`summary-only`).
    #[must_use]
    pub fn suppresses(&self, route: RouteId, facts: &Facts) -> bool {
        let best = self.table.best(route);
        best.is_some_and(|best| self.aggregates.suppresses(self.table.net(route), best, facts))
    }

    /// Every aggregate that is configured, and whether it is there.
    pub fn aggregates(&self) -> impl Iterator<Item = (N, bool)> {
        self.aggregates.0.iter().map(|aggregate| (aggregate.net, aggregate.active))
    }

    /// Every update group by its place.
    pub fn groups(&self) -> impl Iterator<Item = (usize, &Group)> {
        self.groups.iter().enumerate().filter_map(|(at, group)| group.as_ref().map(|group| (at, group)))
    }

    /// What a peer sent, before policy, where that is kept: in order of prefix, behind `last` where that is given.
    pub fn received_after(
        &self,
        peer: PeerId,
        last: Option<ReceivedKey<N>>,
    ) -> impl Iterator<Item = (N, PathId, AttrId)> {
        let from = last.map_or(Bound::Unbounded, Bound::Excluded);
        let paths = self.received.get(&peer).map(|paths| paths.range((from, Bound::Unbounded)));
        paths.into_iter().flatten().map(|(&(net, id), &attrs)| (net, id, attrs))
    }
}
