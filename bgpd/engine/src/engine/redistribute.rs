//! `redistribute`: routes that are not BGP's become this router's own.
//!
//! Of the routes to a prefix the one that counts goes in, if its kind is wanted, once. A change outside is followed for
//! the prefixes that it is about; a change of the configuration has every prefix looked at again, in slices.

use alloc::collections::BTreeSet;
use core::net::{IpAddr, Ipv6Addr};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::Engine;
use super::originate::OWN_WEIGHT;
use crate::attr::{NextHop, Origin, PathAttributes};
use crate::config::Redistribute;
use crate::effect::Effects;
use crate::policy::Protocol;
use crate::rib::in_family;
use crate::rib::{NextHopKey, OutsideRoute, Reach, is_link_local};
use crate::value::{Family, IfIndex, Net, PathId};

/// The identifier of a redistributed path among this router's own.
const REDISTRIBUTED: PathId = PathId(2);
/// How many prefixes are looked at in one slice.
const SLICE: usize = 1024;

/// Where the look at every prefix is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Sweep {
    /// It begins.
    Begin,
    /// It goes on behind this prefix.
    Behind(IpNet),
}

impl Engine {
    /// Has every prefix looked at again.
    pub(super) fn redistribute_all(&mut self, effects: &mut Effects) {
        self.sweep = Some(Sweep::Begin);
        effects.more = true;
    }

    /// Goes on with the look at every prefix. True if work is left.
    pub(super) fn redistribute_some(&mut self) -> bool {
        let Some(sweep) = self.sweep else { return false };
        let after = match sweep {
            Sweep::Begin => None,
            Sweep::Behind(net) => Some(net),
        };
        // Both lists in order: what is there outside, and what went in before.
        let routes = self.rib.facts.next_hops.routes.iter_after(after).map(|(net, _)| net);
        let mut nets: BTreeSet<IpNet> = routes.take(SLICE).collect();
        nets.extend(self.rib.v4.own_networks_after(REDISTRIBUTED, after).take(SLICE));
        nets.extend(self.rib.v6.own_networks_after(REDISTRIBUTED, after).take(SLICE));
        let slice: BTreeSet<IpNet> = nets.into_iter().take(SLICE).collect();
        self.sweep = slice.last().copied().map(Sweep::Behind);
        self.redistribute(&slice);
        self.sweep.is_some()
    }

    /// Brings the redistributed routes to these prefixes up to date.
    pub(super) fn redistribute(&mut self, nets: &BTreeSet<IpNet>) {
        let now_s = self.now_s();
        for &ip_net in nets {
            let family = family_of(ip_net);
            let wanted = self.redistributed(ip_net, family);
            in_family!(&mut self.rib, family, |rib, facts| {
                let Some(net) = Net::from_ipnet(ip_net) else { continue };
                match wanted {
                    Some(attributes) => rib.originate(net, attributes, REDISTRIBUTED, now_s, facts),
                    None if rib.is_own(net, REDISTRIBUTED) => rib.take_back(net, REDISTRIBUTED, facts),
                    None => {}
                }
            });
        }
    }

    /// The path that goes in for a prefix, if one does.
    fn redistributed(&self, net: IpNet, family: Family) -> Option<PathAttributes> {
        let wanted = &self.bgp()?.families[family].redistribute;
        if wanted.is_empty() || !may_be_told(net) {
            return None;
        }
        let route = self.rib.facts.next_hops.routes.selected(net)?;
        let redistribute = wanted.get(&route.source.kind())?;
        let attributes = self.attributes_of(net, route, redistribute);
        self.map_own(net, attributes, redistribute.route_map.as_deref(), Protocol::from(route.source.kind()))
    }

    /// As FRR has them: the route's metric or the configured one, and the route's own next hop where it has one.
    fn attributes_of(&self, net: IpNet, route: &OutsideRoute, redistribute: &Redistribute) -> PathAttributes {
        let routes = &self.rib.facts.next_hops.routes;
        let router = route.ways.iter().find_map(|way| way.router()).filter(|router| {
            let key = NextHopKey { address: *router, interface: IfIndex(0) };
            // A router of the other family, or one on a link alone, means nothing to a neighbor.
            router.is_ipv4() == net.addr().is_ipv4()
                && !is_link_local(*router)
                && routes.reach_of(key) != Reach::NONE
        });
        let mut attributes = PathAttributes::default();
        attributes.origin = Origin::Incomplete;
        attributes.med = Some(redistribute.metric.unwrap_or(route.metric()));
        attributes.weight = OWN_WEIGHT;
        attributes.next_hop = match router {
            Some(IpAddr::V4(router)) => NextHop::V4(router),
            Some(IpAddr::V6(router)) => NextHop::V6(router),
            None => NextHop::Own,
        };
        attributes
    }
}

fn family_of(net: IpNet) -> Family {
    match net {
        IpNet::V4(_) => Family::Ipv4Unicast,
        IpNet::V6(_) => Family::Ipv6Unicast,
    }
}

/// Whether a prefix means something to other routers: FRR redistributes no loopback, link-local or multicast one.
fn may_be_told(net: IpNet) -> bool {
    match net.addr() {
        IpAddr::V4(address) => !address.is_loopback() && !address.is_link_local() && !address.is_multicast(),
        IpAddr::V6(address) => {
            address != Ipv6Addr::LOCALHOST && !address.is_unicast_link_local() && !address.is_multicast()
        }
    }
}
