//! This router's own routes: `network`, `aggregate-address`, `default-originate`.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::Engine;
use crate::attr::{NextHop, PathAttributes};
use crate::effect::Effects;
use crate::policy::{Asked, Protocol};
use crate::rib::{Moved, PeerFacts, SELF, drain, in_family};
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
            in_family!(&mut self.rib, family, |rib, facts| {
                for net in present.into_iter().filter(|net| !wanted.contains_key(net)) {
                    if let Some(net) = Net::from_ipnet(net) {
                        rib.take_back(net, NETWORK, facts);
                    }
                }
                // One that is there already, with the same attributes, changes nothing.
                for (net, attributes) in wanted {
                    if let Some(net) = Net::from_ipnet(net) {
                        rib.originate(net, attributes, NETWORK, now_s, facts);
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

    fn wanted_networks(&self, family: Family) -> BTreeMap<IpNet, PathAttributes> {
        let Some(bgp) = self.bgp() else { return BTreeMap::new() };
        let checks = bgp.network_import_check && !self.config.without_fib;
        let routes = &self.rib.facts.next_hops.routes;
        let networks = bgp.families[family].networks.iter();
        networks
            .filter(|(net, _)| !checks || routes.contains(**net))
            .filter_map(|(&net, network)| {
                let own = Self::own_attributes();
                let mut attributes = match network.route_map.as_deref() {
                    None => own,
                    name => self.map_own(net, own, name, Protocol::Bgp)?,
                };
                if bgp.graceful_shutdown {
                    drain(&mut attributes);
                }
                Some((net, attributes))
            })
            .collect()
    }

    /// What a route map makes of a route that this router originates (`network`, `redistribute`); `None` where it
    /// is denied. Without a map everything passes as it is.
    pub(super) fn map_own(
        &self,
        net: IpNet,
        attributes: PathAttributes,
        route_map: Option<&str>,
        protocol: Protocol,
    ) -> Option<PathAttributes> {
        let subject = Self::own_subject(self.bgp()?);
        let asked = Asked { subject: &subject, former_med: None, igp_metric: None, protocol };
        match net {
            IpNet::V4(net) => self.policy.map(Family::Ipv4Unicast, route_map).pass(net, attributes, &asked),
            IpNet::V6(net) => self.policy.map(Family::Ipv6Unicast, route_map).pass(net, attributes, &asked),
        }
    }

    /// Sends the default route to a peer (`default-originate`).
    pub(super) fn send_default(&mut self, id: PeerId, conn: ConnId, family: Family, effects: &mut Effects) {
        let own: PeerFacts = *self.rib.facts.peer(SELF);
        let mut out = Vec::new();
        in_family!(&mut self.rib, family, |rib, _facts| {
            let Some((_, group)) = rib.group(id) else { return };
            let export = &group.export;
            let attributes = export.complete(export.prepare(&Self::own_attributes(), &own), &own);
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
