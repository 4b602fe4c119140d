//! Changes to a route, and what follows from them for the aggregates.

use alloc::vec::Vec;

use super::{FamilyRib, Task};
use crate::attr::{Aggregator, PathAttributes};
use crate::rib::aggregate::{AGGREGATE, Aggregate, AggregateSettings, Contribution};
use crate::rib::facts::Facts;
use crate::rib::table::{RouteId, Table};
use crate::value::Net;

impl<N: Net> FamilyRib<N> {
    fn contribution(&self, net: N, facts: &Facts) -> Option<Contribution> {
        let best = self.table.best(self.table.find(net)?)?;
        Contribution::of(best, facts)
    }

    /// Does something to the paths of one prefix, and notes what follows from it for the aggregates.
    pub(super) fn change<R>(
        &mut self,
        net: N,
        facts: &mut Facts,
        change: impl FnOnce(&mut Table<N>, &mut Facts) -> R,
    ) -> R {
        if self.aggregates.0.is_empty() {
            return change(&mut self.table, facts);
        }
        let before = self.contribution(net, facts);
        let result = change(&mut self.table, facts);
        let now = self.contribution(net, facts);
        if let Some(route) = self.table.find(net) {
            let counted = self.counted();
            self.due.extend(self.aggregates.note((route, net), counted, before, now));
        }
        result
    }

    /// Up to which route fresh aggregates have counted.
    fn counted(&self) -> u32 {
        let job = self.jobs.iter().find(|job| job.task == Task::CountAggregates);
        job.map_or(u32::MAX, |job| job.at)
    }

    /// Counts one route for the aggregates that have not counted all yet.
    pub(super) fn count_route(&mut self, route: RouteId, facts: &Facts) {
        let net = self.table.net(route);
        let Some(contribution) = self.table.best(route).and_then(|best| Contribution::of(best, facts)) else {
            return;
        };
        for aggregate in self.aggregates.0.iter_mut().filter(|a| a.fresh && a.is_held_by(net)) {
            aggregate.count(contribution, 1);
        }
    }

    /// Every route has been counted.
    pub(super) fn end_count(&mut self) {
        for aggregate in self.aggregates.0.iter_mut().filter(|aggregate| aggregate.fresh) {
            aggregate.fresh = false;
            self.due.insert(aggregate.net);
        }
    }

    /// Originates, changes or takes back the aggregates whose routes have changed in this step.
    pub(super) fn follow_aggregates(&mut self, facts: &mut Facts) {
        for net in core::mem::take(&mut self.due) {
            self.follow_aggregate(net, facts);
        }
    }

    fn follow_aggregate(&mut self, net: N, facts: &mut Facts) {
        let Some(at) = self.aggregates.0.iter().position(|aggregate| aggregate.net == net) else { return };
        let aggregate = &self.aggregates.0[at];
        let mut base = PathAttributes::default();
        base.med = Some(0);
        let aggregator = self.aggregator;
        base.edit_rare(|rare| rare.aggregator = aggregator);
        let attributes = aggregate.attributes(&base, facts);
        let hides = aggregate.settings.summary_only || aggregate.settings.suppress.is_some();
        let active = attributes.is_some();
        let was_active = core::mem::replace(&mut self.aggregates.0[at].active, active);
        match attributes {
            Some(attributes) => {
                let now_s = facts.next_hops.routes.now_s();
                self.originate(net, attributes, AGGREGATE, now_s, facts);
            }
            None => self.take_back(net, AGGREGATE, facts),
        }
        if hides && active != was_active {
            self.add_job(Task::TouchCovered);
        }
    }

    /// These aggregates and no others. Those that stay as they are are left alone; what is new is counted in slices.
    pub fn set_aggregates(
        &mut self,
        wanted: Vec<(N, AggregateSettings)>,
        aggregator: Aggregator,
        facts: &mut Facts,
    ) {
        let mut former: Vec<Aggregate<N>> = core::mem::take(&mut self.aggregates.0);
        let other_aggregator = self.aggregator.replace(aggregator) != Some(aggregator);
        let mut recount = false;
        let mut next = Vec::with_capacity(wanted.len());
        for (net, settings) in wanted {
            let Some(at) = former.iter().position(|aggregate| aggregate.net == net) else {
                recount = true;
                next.push(Aggregate::new(net, settings));
                continue;
            };
            let mut aggregate = former.swap_remove(at);
            let was = &aggregate.settings;
            if was.summary_only != settings.summary_only || was.suppress != settings.suppress {
                self.add_job(Task::TouchAll);
            }
            let counts = was.as_set == settings.as_set && was.same_med == settings.same_med;
            if other_aggregator || *was != settings {
                self.due.insert(net);
            }
            aggregate.settings = settings;
            if !counts {
                aggregate.forget();
                recount = true;
            }
            next.push(aggregate);
        }
        self.aggregates.0 = next;
        for aggregate in former {
            self.take_back(aggregate.net, AGGREGATE, facts);
            self.add_job(Task::TouchAll);
        }
        if recount {
            self.aggregates.0.iter_mut().filter(|a| a.fresh).for_each(Aggregate::forget);
            self.add_job(Task::CountAggregates);
        }
    }

    /// Gives each aggregate what only the configuration says. What it has counted is as it was saved.
    pub fn restore_aggregates(&mut self, wanted: Vec<(N, AggregateSettings)>) {
        for (net, settings) in wanted {
            if let Some(aggregate) = self.aggregates.0.iter_mut().find(|aggregate| aggregate.net == net) {
                aggregate.settings = settings;
                aggregate.active = self.networks.contains(&(net, AGGREGATE));
            }
        }
    }
}
