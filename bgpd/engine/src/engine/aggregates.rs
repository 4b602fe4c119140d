//! `aggregate-address`: from the configuration to the tables.

use alloc::vec::Vec;

use super::Engine;
use crate::attr::Aggregator;
use crate::config::{Aggregate, BgpConfig};
use crate::policy::{Policy, Subject};
use crate::rib::AggregateSettings;
use crate::value::{Family, Net};

impl Engine {
    /// What a route map may ask about a route of this router's own.
    pub(super) fn own_subject(bgp: &BgpConfig) -> Subject {
        Subject { local_as: bgp.asn, own_as: bgp.asn, ..Subject::default() }
    }

    pub(super) fn set_aggregates(&mut self) {
        let Some(bgp) = self.config.bgp.as_ref() else { return };
        let outside = bgp.confederation.as_ref().map_or(bgp.asn, |confederation| confederation.identifier);
        let aggregator = Aggregator { asn: outside, router_id: self.router_id() };
        let (v4, v6) = (wanted(bgp, &self.policy), wanted(bgp, &self.policy));
        self.rib.v4.set_aggregates(v4, aggregator, &mut self.rib.facts);
        self.rib.v6.set_aggregates(v6, aggregator, &mut self.rib.facts);
    }

    /// Gives restored aggregates what only the configuration says.
    pub(super) fn restore_aggregates(&mut self) {
        let Some(bgp) = self.config.bgp.as_ref() else { return };
        self.rib.v4.restore_aggregates(wanted(bgp, &self.policy));
        self.rib.v6.restore_aggregates(wanted(bgp, &self.policy));
    }
}

fn wanted<N: Net>(bgp: &BgpConfig, policy: &Policy) -> Vec<(N, AggregateSettings)> {
    let aggregates = bgp.families[N::FAMILY].aggregates.iter();
    aggregates
        .filter_map(|(&net, aggregate)| {
            Some((N::from_ipnet(net)?, settings(bgp, policy, N::FAMILY, aggregate)))
        })
        .collect()
}

fn settings(bgp: &BgpConfig, policy: &Policy, family: Family, aggregate: &Aggregate) -> AggregateSettings {
    AggregateSettings {
        summary_only: aggregate.summary_only,
        as_set: aggregate.as_set,
        same_med: aggregate.matching_med_only,
        origin: aggregate.origin,
        // A suppress map that is not there suppresses nothing.
        suppress: aggregate.suppress_map.as_deref().map(|name| policy.map(family, Some(name))),
        map: policy.map(family, aggregate.route_map.as_deref()),
        subject: Engine::own_subject(bgp),
        drains: bgp.graceful_shutdown,
    }
}
