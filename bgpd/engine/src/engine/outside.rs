//! Links and addresses, and what follows from them: next hops, own addresses, unnumbered neighbors.

use alloc::vec::Vec;
use core::net::{IpAddr, Ipv6Addr};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::Engine;
use crate::config::{NeighborName, StaticVia};
use crate::effect::Effects;
use crate::input::{Interface, KernelRoute};
use crate::rib::{OutsideRoute, RouteSource, Way, is_link_local};
use crate::session::{Event, StopReason};
use crate::value::{IfIndex, PeerId, PeerKind};

/// A link and the neighbor seen on it.
#[derive(Debug, Serialize, Deserialize)]
pub struct Link {
    /// The interface.
    pub interface: Interface,
    /// Who sent router advertisements last.
    pub router: Option<Ipv6Addr>,
}

impl Engine {
    pub(super) fn interface(&mut self, interface: Interface, effects: &mut Effects) {
        let index = interface.index;
        let router = self.links.get(&index).and_then(|link| link.router).filter(|_| interface.up);
        let went_down = !interface.up && self.links.get(&index).is_some_and(|link| link.interface.up);
        let name = interface.name.clone();
        let came_up = interface.up;
        self.links.insert(index, Link { interface, router });
        if went_down {
            self.rib.link_lost(index);
            self.fail_over(index, &name, effects);
        }
        self.outside_changed(effects);
        if came_up {
            self.set_listen_keys(effects);
        }
    }

    pub(super) fn interface_gone(&mut self, index: IfIndex, effects: &mut Effects) {
        let Some(link) = self.links.remove(&index) else { return };
        self.rib.link_lost(index);
        self.fail_over(index, &link.interface.name, effects);
        self.outside_changed(effects);
    }

    /// Ends the sessions with peers of other ASes on a link that is down, at once (`fast-external-failover`).
    fn fail_over(&mut self, index: IfIndex, name: &str, effects: &mut Effects) {
        if !self.bgp().is_some_and(|bgp| bgp.fast_external_failover) {
            return;
        }
        let routes = &self.rib.facts.next_hops.routes;
        let on_link = |peer: &super::Peer| match (&peer.name, peer.address) {
            (NeighborName::Interface(interface), _) => interface == name,
            (NeighborName::Address(_), Some(address)) => {
                self.expected_kind(peer) == PeerKind::External
                    && peer.settings.ebgp_multihop.is_none()
                    && routes.connected_link(address).is_some_and(|(_, link)| link == index)
            }
            (NeighborName::Address(_), None) => false,
        };
        let ids: Vec<PeerId> =
            self.peers.iter().flatten().filter(|peer| on_link(peer)).map(|peer| peer.id).collect();
        for id in ids {
            self.event(id, Event::Stop(StopReason::InterfaceDown), effects);
        }
    }

    /// The routes that are not BGP's have changed.
    pub(super) fn outside_changed(&mut self, effects: &mut Effects) {
        let id_before = self.configured_id;
        let up = self.links.values().filter(|link| link.interface.up);
        let links_up = up.map(|link| link.interface.index).collect();
        let own: Vec<(IpNet, OutsideRoute)> = self.connected_routes().chain(self.static_routes()).collect();
        let addresses = self.links.values().flat_map(|link| link.interface.addresses.iter());
        self.own_addresses = addresses.map(IpNet::addr).filter(|address| !is_link_local(*address)).collect();
        let routes = &mut self.rib.facts.next_hops.routes;
        routes.replace_own(own);
        routes.set_links_up(links_up);
        self.settle_next_hops(effects);
        self.wake(effects);
        let id_now = self.router_id();
        if id_before != Some(id_now) {
            self.configured_id = Some(id_now);
            self.reconfigure_all(effects);
        }
    }

    /// The networks of this router's addresses.
    fn connected_routes(&self) -> impl Iterator<Item = (IpNet, OutsideRoute)> {
        self.links.values().filter(|link| link.interface.up).flat_map(|link| {
            let way = Way::Link(link.interface.index);
            let route = move |net: &IpNet| {
                (net.trunc(), OutsideRoute::new(RouteSource::Connected, 0, alloc::vec![way]))
            };
            link.interface.addresses.iter().map(route)
        })
    }

    /// The configuration's routes, but for those out of a link that is not there or down.
    fn static_routes(&self) -> impl Iterator<Item = (IpNet, OutsideRoute)> {
        let up = |name: &str| {
            let link = self.links.values().find(|link| link.interface.name == name && link.interface.up)?;
            Some(link.interface.index)
        };
        self.config.static_routes.iter().filter_map(move |route| {
            let way = match &route.via {
                StaticVia::Address(router) => Way::Through(*router),
                StaticVia::Interface(name) => Way::Link(up(name)?),
                StaticVia::AddressOnInterface(router, name) => Way::Over(*router, up(name)?),
                StaticVia::Blackhole => Way::Blackhole,
            };
            let priority = route.distance.into();
            Some((route.prefix, OutsideRoute::new(RouteSource::Static, priority, alloc::vec![way])))
        })
    }

    pub(super) fn kernel_routes(&mut self, changed: Vec<KernelRoute>, effects: &mut Effects) {
        let routes = &mut self.rib.facts.next_hops.routes;
        for KernelRoute { net, protocol, metric: priority, ways } in changed {
            let source = RouteSource::Kernel(protocol);
            if ways.is_empty() {
                routes.take(net, source, priority);
            } else {
                routes.put(net, OutsideRoute::new(source, priority, ways));
            }
        }
        self.settle_next_hops(effects);
    }

    /// Looks up the next hops again that changed routes are about, and follows with what is originated.
    pub(super) fn settle_next_hops(&mut self, effects: &mut Effects) {
        let moved = self.rib.facts.next_hops.settle();
        self.rib.next_hops_moved(&moved);
        self.originate_after(&moved, effects);
        if moved.reach {
            self.rib.v4.reconsider_all();
            self.rib.v6.reconsider_all();
            effects.more = true;
        }
    }

    /// Has the peers that wait for their next attempt try now: what kept them apart may be gone.
    fn wake(&mut self, effects: &mut Effects) {
        let waits = |peer: &&super::Peer| {
            let session = &peer.session;
            session.is_wanted() && session.connections().next().is_none() && peer.connecting.is_none()
        };
        let ids: Vec<PeerId> = self.peers.iter().flatten().filter(waits).map(|peer| peer.id).collect();
        for id in ids {
            self.start(id, effects);
        }
    }

    pub(super) fn router_seen(&mut self, index: IfIndex, address: Ipv6Addr, effects: &mut Effects) {
        let Some(link) = self.links.get_mut(&index) else { return };
        let former = link.router.replace(address);
        let name = NeighborName::Interface(link.interface.name.clone());
        let Some(&id) = self.names.get(&name) else { return };
        let Some(peer) = self.peer_mut(id) else { return };
        // A link that was down forgets its router, and its neighbor's session begins anew when it is seen again.
        let known = peer.address == Some(IpAddr::V6(address)) && former == Some(address);
        let up = peer.session.connection().is_some();
        if known || (up && former.is_none()) {
            return;
        }
        peer.address = Some(IpAddr::V6(address));
        peer.interface = index;
        self.set_listen_keys(effects);
        if up {
            // Another router took the other end of the link.
            self.event(id, Event::Stop(StopReason::InterfaceDown), effects);
        }
        self.start(id, effects);
    }

    /// The address of the neighbor on an interface, as far as it was seen, and the link.
    pub(super) fn neighbor_on(&self, name: &str) -> (Option<IpAddr>, IfIndex) {
        let link = self.links.values().find(|link| link.interface.name == name);
        link.map_or((None, IfIndex(0)), |link| (link.router.map(IpAddr::V6), link.interface.index))
    }
}
