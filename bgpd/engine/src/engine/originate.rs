//! This router's own routes: `network`, `aggregate-address`, `default-originate`.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::Engine;
use crate::attr::{Aggregator, NextHop, PathAttributes};
use crate::effect::Effects;
use crate::rib::{Moved, PeerFacts, SELF, in_family};
use crate::value::{ConnId, Family, Net, PathId, PeerId};
use crate::wire::update::{Announcement, Withdrawal, emit_attributes};

/// FRR's weight for what this router originates.
pub(super) const OWN_WEIGHT: u32 = 32768;

/// The identifier of `network`'s path among this router's own.
const NETWORK: PathId = PathId(0);

impl Engine {
    fn own_attributes() -> PathAttributes {
        let mut attributes = PathAttributes::default();
        // As FRR: a route of one's own is zero hops away, and says so.
        attributes.med = Some(0);
        attributes.weight = OWN_WEIGHT;
        attributes
    }

    /// Brings `network`'s routes up to date with the configuration and the routes outside of BGP.
    pub(super) fn originate_networks(&mut self) {
        for family in Family::ALL {
            let wanted = self.wanted_networks(family);
            let present = in_family!(&mut self.rib, family, |rib, _facts| rib.own_networks(NETWORK));
            let now_s = self.now_s();
            let attributes = Self::own_attributes();
            in_family!(&mut self.rib, family, |rib, facts| {
                for &net in present.difference(&wanted) {
                    if let Some(net) = Net::from_ipnet(net) {
                        rib.take_back(net, NETWORK, facts);
                    }
                }
                for &net in wanted.difference(&present) {
                    if let Some(net) = Net::from_ipnet(net) {
                        rib.originate(net, attributes.clone(), NETWORK, now_s, facts);
                    }
                }
            });
        }
    }

    /// Brings this router's own routes up to date with routes outside of BGP that changed.
    pub(super) fn originate_after(&mut self, moved: &Moved, effects: &mut Effects) {
        let Some(bgp) = self.bgp() else { return };
        // A static route leads somewhere or not by what leads to its router.
        let fixed: BTreeSet<IpNet> = self.config.static_routes.iter().map(|route| route.prefix).collect();
        let nets: BTreeSet<IpNet> = moved.nets.union(&fixed).copied().collect();
        let concerned = |family| {
            let networks = &bgp.families[family].networks;
            moved.all || nets.iter().any(|net| networks.contains_key(net))
        };
        let redistributes = Family::ALL.iter().any(|&family| !bgp.families[family].redistribute.is_empty());
        if Family::ALL.into_iter().any(concerned) {
            self.originate_networks();
        }
        match (redistributes, moved.all) {
            (true, true) => self.redistribute_all(effects),
            (true, false) => self.redistribute(&nets),
            (false, _) => {}
        }
    }

    fn wanted_networks(&self, family: Family) -> BTreeSet<IpNet> {
        let Some(bgp) = self.bgp() else { return BTreeSet::new() };
        let checks = bgp.network_import_check && !self.config.without_fib;
        let routes = &self.rib.facts.next_hops.routes;
        let attributes = Self::own_attributes();
        let passes = |net: IpNet, map: Option<&str>| {
            let filter = self.policy.filter(family, map, None);
            match net {
                IpNet::V4(net) => filter.permits(net, &attributes),
                IpNet::V6(net) => filter.permits(net, &attributes),
            }
        };
        bgp.families[family]
            .networks
            .iter()
            .filter(|(net, _)| !checks || routes.contains(**net))
            .filter(|(net, network)| {
                network.route_map.is_none() || passes(**net, network.route_map.as_deref())
            })
            .map(|(&net, _)| net)
            .collect()
    }

    pub(super) fn set_aggregates(&mut self) {
        let Some(bgp) = self.bgp() else { return };
        let aggregator = Aggregator { asn: bgp.asn, router_id: self.router_id() };
        let of =
            |family: Family| bgp.families[family].aggregates.iter().map(|(&net, a)| (net, a.summary_only));
        let v4: Vec<(Ipv4Net, bool)> =
            of(Family::Ipv4Unicast).filter_map(|(net, only)| Some((Net::from_ipnet(net)?, only))).collect();
        let v6: Vec<(Ipv6Net, bool)> =
            of(Family::Ipv6Unicast).filter_map(|(net, only)| Some((Net::from_ipnet(net)?, only))).collect();
        self.rib.v4.set_aggregates(&v4, aggregator, &mut self.rib.facts);
        self.rib.v6.set_aggregates(&v6, aggregator, &mut self.rib.facts);
    }

    /// Sends the default route to a peer (`default-originate`).
    pub(super) fn send_default(&mut self, id: PeerId, conn: ConnId, family: Family, effects: &mut Effects) {
        let own: PeerFacts = *self.rib.facts.peer(SELF);
        let mut out = Vec::new();
        in_family!(&mut self.rib, family, |rib, _facts| {
            let Some((_, group)) = rib.group(id) else { return };
            let export = &group.export;
            let attributes = export.transform(&Self::own_attributes(), &own);
            if attributes.next_hop == NextHop::Own {
                return;
            }
            let mut encoded = Vec::new();
            emit_attributes(&attributes, &export.dialect, family, &mut encoded);
            if let Ok(mut message) =
                Announcement::begin(&mut out, &encoded, &attributes.next_hop, family, &export.dialect)
            {
                push_default(family, |net| match net {
                    IpNet::V4(net) => message.push(PathId(0), net),
                    IpNet::V6(net) => message.push(PathId(0), net),
                });
                message.finish();
            }
        });
        if let Some(peer) = self.peer_mut(id) {
            peer.families[family].default_due = false;
            peer.families[family].default_sent = true;
        }
        if !out.is_empty() {
            self.send_messages(id, conn, out.into(), effects);
        }
    }

    /// `default-originate` was written or taken back while the session is up.
    pub(super) fn follow_default(&mut self, id: PeerId, family: Family, wanted: bool, effects: &mut Effects) {
        let Some(peer) = self.peer_mut(id) else { return };
        let state = &mut peer.families[family];
        if wanted {
            state.default_due |= !state.default_sent;
            return;
        }
        state.default_due = false;
        if !core::mem::take(&mut state.default_sent) {
            return;
        }
        let (Some(conn), Some(dialect)) =
            (peer.session.connection(), peer.session.negotiated().map(|negotiated| negotiated.dialect))
        else {
            return;
        };
        let mut out = Vec::new();
        let mut message = Withdrawal::begin(&mut out, family, &dialect);
        push_default(family, |net| match net {
            IpNet::V4(net) => message.push(PathId(0), net),
            IpNet::V6(net) => message.push(PathId(0), net),
        });
        message.finish();
        self.send_messages(id, conn, out.into(), effects);
    }
}

/// Gives the default route's prefix of a family to `push`.
fn push_default(family: Family, push: impl FnOnce(IpNet) -> bool) {
    push(match family {
        Family::Ipv4Unicast => IpNet::V4(Ipv4Net::default()),
        Family::Ipv6Unicast => IpNet::V6(Ipv6Net::default()),
    });
}
