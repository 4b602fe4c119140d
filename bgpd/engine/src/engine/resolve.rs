//! From the configuration to what the tables work with: what shapes a peer's input and output.

use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};

use ipnet::IpNet;

use super::Engine;
use super::peer::Peer;
use crate::config::{BgpConfig, CommunityKinds, NeighborFamily, NeighborName};
use crate::input::Interface;
use crate::policy::{Filter, FilterNames, Side, Subject};
use crate::rib::{Export, Import, OwnAddress, PeerFacts, Source, Towards, Unchanged};
use crate::session::Negotiated;
use crate::value::{Asn, Family, IfIndex, PeerKind, PerFamily, RouterId};

/// Which way routes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    In,
    Out,
}

impl Engine {
    /// This router's identifier: configured, or the highest IPv4 address of an interface that is no loopback.
    #[must_use]
    pub fn router_id(&self) -> RouterId {
        if let Some(id) = self.bgp().and_then(|bgp| bgp.router_id) {
            return id;
        }
        let addresses = self.links.values().flat_map(|link| &link.interface.addresses);
        let v4 = addresses.filter_map(|net| match net.addr() {
            IpAddr::V4(address) if !address.is_loopback() && !address.is_unspecified() => Some(address),
            IpAddr::V4(_) | IpAddr::V6(_) => None,
        });
        v4.max().map_or(RouterId(0), RouterId::from)
    }

    pub(super) fn cluster_id(&self, bgp: &BgpConfig) -> RouterId {
        bgp.cluster_id.unwrap_or_else(|| self.router_id())
    }

    /// The filter of a peer in a family and a direction; all is denied where RFC 8212 asks for a policy.
    pub(super) fn filter(
        &self,
        bgp: &BgpConfig,
        peer: &Peer,
        kind: PeerKind,
        family: Family,
        direction: Direction,
    ) -> Filter {
        let names = names(&peer.settings.families[family], direction);
        //= rfc8212#section-3
        //# Routes contained in an Adj-RIB-In associated with an EBGP peer SHALL NOT be considered eligible in the
        //# Decision Process if no explicit Import Policy has been applied.
        if bgp.ebgp_requires_policy && kind == PeerKind::External && !names.is_policy() {
            return Filter::deny_all();
        }
        self.policy.filter(family, names)
    }

    /// A peer's `unsuppress-map`.
    pub(super) fn unsuppress(&self, peer: &Peer, family: Family) -> Option<Filter> {
        let name = peer.settings.families[family].unsuppress_map.as_deref()?;
        Some(self.policy.map(family, Some(name)))
    }

    /// Whether RFC 8212 keeps routes from going this way.
    #[must_use]
    pub fn lacks_policy(&self, peer: &Peer, family: Family) -> bool {
        let Some(bgp) = self.bgp() else { return false };
        let Some(negotiated) = peer.session.negotiated() else { return false };
        bgp.ebgp_requires_policy
            && negotiated.kind == PeerKind::External
            && !names(&peer.settings.families[family], Direction::In).is_policy()
    }

    /// What a route map may ask about a peer.
    fn subject(bgp: &BgpConfig, peer: &Peer, peer_as: Asn, side: Side) -> Subject {
        let interface = match &peer.name {
            NeighborName::Interface(name) => Some(name.clone()),
            NeighborName::Address(_) => None,
        };
        Subject {
            side,
            peer: peer.address,
            interface,
            peer_as,
            local_as: peer.settings.local_as.map_or(bgp.asn, |local| local.asn),
            ..Self::own_subject(bgp)
        }
    }

    /// Whether routes from and to a peer are drained (RFC 8326).
    fn drains(bgp: &BgpConfig, peer: &Peer) -> bool {
        bgp.graceful_shutdown || peer.settings.graceful_shutdown.unwrap_or(false)
    }

    pub(super) fn import(
        &self,
        bgp: &BgpConfig,
        peer: &Peer,
        negotiated: &Negotiated,
        family: Family,
    ) -> Import {
        Import {
            filter: self.filter(bgp, peer, negotiated.kind, family, Direction::In),
            subject: Self::subject(bgp, peer, negotiated.peer_as, Side::In),
            keep_received: peer.settings.families[family].soft_reconfiguration.unwrap_or(false),
            drains: negotiated.kind == PeerKind::External && Self::drains(bgp, peer),
            external: negotiated.kind == PeerKind::External,
        }
    }

    pub(super) fn facts(&self, peer: &Peer, negotiated: &Negotiated, generation: PerFamily<u8>) -> PeerFacts {
        PeerFacts {
            source: match negotiated.kind {
                PeerKind::External => Source::External,
                PeerKind::Internal => Source::Internal,
                PeerKind::Confederation => Source::Confederation,
            },
            router_id: negotiated.peer_id,
            address: peer.address.unwrap_or(IpAddr::V4(core::net::Ipv4Addr::UNSPECIFIED)),
            asn: negotiated.peer_as,
            interface: peer.interface,
            generation,
            reflector_client: PerFamily::from_fn(|family| {
                peer.settings.families[family].route_reflector_client.unwrap_or(false)
            }),
            server_client: PerFamily::from_fn(|family| {
                peer.settings.families[family].route_server_client.unwrap_or(false)
            }),
        }
    }

    pub(super) fn export(
        &self,
        bgp: &BgpConfig,
        peer: &Peer,
        negotiated: &Negotiated,
        family: Family,
    ) -> Export {
        let settings = &peer.settings.families[family];
        let transparent = settings.route_server_client.unwrap_or(false);
        let unchanged = Unchanged {
            as_path: transparent || settings.as_path_unchanged.unwrap_or(false),
            next_hop: transparent || settings.next_hop_unchanged.unwrap_or(false),
            med: transparent || settings.med_unchanged.unwrap_or(false),
        };
        let external = negotiated.kind == PeerKind::External;
        let filter = self.filter(bgp, peer, negotiated.kind, family, Direction::Out);
        let unsuppress = self.unsuppress(peer, family);
        let asks_peer = filter.asks_peer() || unsuppress.as_ref().is_some_and(Filter::asks_peer);
        Export {
            family,
            dialect: negotiated.dialect,
            towards: match negotiated.kind {
                PeerKind::External => Towards::External,
                PeerKind::Internal => {
                    Towards::Internal { client: settings.route_reflector_client.unwrap_or(false) }
                }
                PeerKind::Confederation => Towards::Confederation,
            },
            prepend: prepended(bgp, peer, negotiated),
            member_as: bgp.asn,
            // Only what depends on it may tell groups apart.
            peer_as: if settings.as_override.unwrap_or(false) || settings.remove_private_as.is_some() {
                negotiated.peer_as
            } else {
                Asn(0)
            },
            own_address: self.own_address(peer),
            shared: if external { self.shared_subnet(peer) } else { None },
            next_hop_self: settings.next_hop_self,
            unchanged,
            remove_private_as: settings.remove_private_as,
            as_override: settings.as_override.unwrap_or(false),
            communities: settings.send_community.unwrap_or(CommunityKinds {
                standard: true,
                extended: true,
                large: true,
            }),
            role: negotiated.roles.map(|(local, _)| local),
            aigp: negotiated.dialect.aigp,
            default_local_pref: bgp.default_local_pref.unwrap_or(100),
            router_id: self.router_id(),
            cluster_id: self.cluster_id(bgp),
            client_to_client: bgp.client_to_client_reflection,
            add_path: settings.add_path_tx.filter(|_| negotiated.dialect.add_path_tx[family]),
            default_originate: settings.default_originate.is_some(),
            filter,
            unsuppress,
            // Only what a map asks may tell groups apart.
            subject: if asks_peer {
                Self::subject(bgp, peer, negotiated.peer_as, Side::Out)
            } else {
                Subject { side: Side::Out, ..Self::own_subject(bgp) }
            },
            reflects_changes: bgp.reflects_changes,
            drains: Self::drains(bgp, peer),
        }
    }

    fn link_of(&self, peer: &Peer) -> Option<&Interface> {
        let local = peer.ends.map(|(local, _)| local.ip())?;
        let by_name = match &peer.name {
            NeighborName::Interface(name) => self.links.values().find(|link| link.interface.name == *name),
            NeighborName::Address(_) => None,
        };
        let by_index = || self.links.get(&peer.interface);
        let by_address = || {
            self.links.values().find(|link| link.interface.addresses.iter().any(|net| net.addr() == local))
        };
        by_name.or_else(by_index).or_else(by_address).map(|link| &link.interface)
    }

    /// This router's addresses towards a peer: the session's own one, and beside it those of the same link.
    pub(super) fn own_address(&self, peer: &Peer) -> OwnAddress {
        let Some(local) = peer.ends.map(|(local, _)| local.ip()) else { return OwnAddress::default() };
        let addresses: Vec<IpAddr> = self
            .link_of(peer)
            .map(|link| link.addresses.iter().map(IpNet::addr).collect())
            .unwrap_or_default();
        let mut own = OwnAddress::default();
        for address in core::iter::once(local).chain(addresses) {
            match address {
                IpAddr::V4(address) => own.v4 = own.v4.or(Some(address)),
                IpAddr::V6(address) if address.is_unicast_link_local() => {
                    own.link_local = own.link_local.or(Some(address));
                }
                IpAddr::V6(address) => own.v6 = own.v6.or(Some(address)),
            }
        }
        // A link-local address helps only a peer on the same link (RFC 2545 §3).
        let on_link = self.shared_subnet(peer).is_some() || peer.interface != IfIndex(0);
        if !on_link {
            own.link_local = None;
        }
        own
    }

    /// The subnet that this router shares with a peer.
    fn shared_subnet(&self, peer: &Peer) -> Option<IpNet> {
        let remote = peer.ends.map(|(_, remote): (SocketAddr, SocketAddr)| remote.ip())?;
        self.rib.facts.next_hops.routes.connected_link(remote).map(|(net, _)| net)
    }
}

/// The lists and the map that a neighbor has in one direction.
fn names(settings: &NeighborFamily, direction: Direction) -> FilterNames<'_> {
    let (distribute_list, prefix_list, filter_list, route_map) = match direction {
        Direction::In => (
            &settings.distribute_list_in,
            &settings.prefix_list_in,
            &settings.filter_list_in,
            &settings.route_map_in,
        ),
        Direction::Out => (
            &settings.distribute_list_out,
            &settings.prefix_list_out,
            &settings.filter_list_out,
            &settings.route_map_out,
        ),
    };
    FilterNames {
        distribute_list: distribute_list.as_deref(),
        prefix_list: prefix_list.as_deref(),
        filter_list: filter_list.as_deref(),
        route_map: route_map.as_deref(),
    }
}

/// The ASes put before a path on its way to a peer of another AS, the nearest to the peer first.
fn prepended(bgp: &BgpConfig, peer: &Peer, negotiated: &Negotiated) -> Vec<Asn> {
    let outside = bgp.confederation.as_ref().map_or(bgp.asn, |confederation| confederation.identifier);
    match peer.settings.local_as {
        Some(local) if local.replace_as => alloc::vec![local.asn],
        Some(local) if local.asn != outside => alloc::vec![local.asn, outside],
        _ if negotiated.kind == PeerKind::External => alloc::vec![outside],
        _ => alloc::vec![bgp.asn],
    }
}
