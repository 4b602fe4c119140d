//! What sessions want done, done.

use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};

use super::peer::{Kind, Peer, PeerFamily};
use super::{Conn, Engine};
use crate::config::{NeighborName, RemoteAs, UpdateSource};
use crate::effect::{Close, Effect, Effects, SocketOptions};
use crate::notice::{NoticeEvent, Severity};
use crate::rib::{in_family, is_link_local};
use crate::session::{Action, Event, Negotiated, State};
use crate::value::{ConnId, Family, IfIndex, PeerId, PeerKind, PerFamily};

/// BGP's port (RFC 4271 §8).
pub(super) const PORT: u16 = 179;

impl Engine {
    /// Gives a session an event and does what it wants.
    pub(super) fn event(&mut self, id: PeerId, event: Event<'_>, effects: &mut Effects) {
        let now = self.now;
        let Some(peer) = self.peer_mut(id) else { return };
        let mut actions = Vec::new();
        peer.session.step(event, now, &mut actions);
        self.act(id, actions, effects);
        self.forget_if_idle(id);
    }

    /// A dynamic neighbor lives as long as its connection.
    fn forget_if_idle(&mut self, id: PeerId) {
        let Some(peer) = self.peer_by_id(id) else { return };
        let idle = matches!(peer.session.state(), State::Idle | State::Connect | State::Active);
        let connected = || self.conns.values().any(|conn| conn.peer == Some(id));
        if peer.kind == Kind::Dynamic && idle && !self.leaving.contains(&id) && !connected() {
            self.forget(id);
        }
    }

    pub(super) fn act(&mut self, id: PeerId, actions: Vec<Action>, effects: &mut Effects) {
        for action in actions {
            match action {
                Action::Connect => self.connect(id, effects),
                Action::CancelConnect => {
                    if let Some(conn) = self.peer_mut(id).and_then(|peer| peer.connecting.take()) {
                        self.close(conn, Close::Abort, effects);
                    }
                }
                Action::Send(conn, octets) => self.send(conn, octets.into(), effects),
                Action::Close(conn, how) => self.close(conn, how, effects),
                Action::Up { conn, negotiated } => self.up(id, conn, &negotiated, effects),
                Action::Down { stale, .. } => self.down(id, stale, effects),
                Action::FlushStale(family) => {
                    in_family!(&mut self.rib, family, |rib, _facts| rib.sweep(id));
                    effects.more = true;
                }
                Action::Notice(severity, event) => self.notice(Some(id), severity, event, effects),
            }
        }
    }

    fn close(&mut self, conn: ConnId, how: Close, effects: &mut Effects) {
        if self.conns.remove(&conn).is_some() {
            effects.list.push(Effect::Close { conn, how });
        }
    }

    fn connect(&mut self, id: PeerId, effects: &mut Effects) {
        let Some(peer) = self.peer_by_id(id) else { return };
        let conn = ConnId(self.next_conn);
        let Some(address) = peer.address.filter(|&address| self.is_in_reach(peer, address)) else {
            let text = "no connection: the address is not on a connected network; use ebgp-multihop or \
                        disable-connected-check if it need not be";
            self.notice(Some(id), Severity::Debug, NoticeEvent::Session(text.to_string()), effects);
            return self.event(id, Event::ConnectFailed(conn), effects);
        };
        let remote = SocketAddr::new(address, peer.settings.port.unwrap_or(PORT));
        let options = self.socket_options(peer);
        let local = self.source_address(peer, address);
        let interface = if is_link_local(address) { peer.interface } else { IfIndex(0) };
        self.next_conn += 1;
        self.conns.insert(conn, Conn::new(id, None));
        if let Some(peer) = self.peer_mut(id) {
            peer.connecting = Some(conn);
        }
        effects.list.push(Effect::Connect { conn, remote, interface, local, options });
    }

    /// What a peer is to this router, as far as is known before its OPEN.
    pub(super) fn expected_kind(&self, peer: &Peer) -> PeerKind {
        peer.session.config().expected_kind().unwrap_or(PeerKind::External)
    }

    /// Whether a peer may be spoken to at this address: one of another AS only on a connected network, unless
    /// the operator says otherwise.
    pub(super) fn is_in_reach(&self, peer: &Peer, address: IpAddr) -> bool {
        let settings = &peer.settings;
        let external = self.expected_kind(peer) == PeerKind::External;
        let far = settings.ebgp_multihop.is_some()
            || settings.disable_connected_check.unwrap_or(false)
            || settings.ttl_security_hops.is_some_and(|hops| hops > 1);
        !external
            || far
            || is_link_local(address)
            || address.is_loopback()
            || self.rib.facts.next_hops.routes.connected_link(address).is_some()
    }

    fn source_address(&self, peer: &Peer, remote: IpAddr) -> Option<IpAddr> {
        match peer.settings.update_source.as_ref()? {
            UpdateSource::Address(address) => Some(*address),
            UpdateSource::Interface(name) => {
                let link = self.links.values().find(|link| link.interface.name == *name)?;
                let addresses = link.interface.addresses.iter().map(ipnet::IpNet::addr);
                let usable = |address: &IpAddr| {
                    address.is_ipv4() == remote.is_ipv4() && is_link_local(*address) == is_link_local(remote)
                };
                addresses.filter(usable).max()
            }
        }
    }

    //= rfc5082#section-3
    //# GTSM … the TTL of 255, and accept packets with no less than 255 minus the hops
    pub(super) fn socket_options(&self, peer: &Peer) -> SocketOptions {
        let settings = &peer.settings;
        let (ttl, min_ttl) = match (settings.ttl_security_hops, self.expected_kind(peer)) {
            (Some(hops), _) => (255, Some(255 - hops.saturating_sub(1))),
            (None, PeerKind::External) => (settings.ebgp_multihop.unwrap_or(1), None),
            (None, PeerKind::Internal | PeerKind::Confederation) => (255, None),
        };
        let interface = match &peer.name {
            NeighborName::Interface(name) => Some(name.clone()),
            NeighborName::Address(_) => None,
        };
        SocketOptions { ttl: Some(ttl), min_ttl, key: settings.password.clone(), interface }
    }

    fn up(&mut self, id: PeerId, conn: ConnId, negotiated: &Negotiated, effects: &mut Effects) {
        let ends = self.conns.get(&conn).and_then(|conn| conn.ends);
        let generation = self.rib.facts.peer(id).generation;
        let Some(peer) = self.peer_mut(id) else { return };
        peer.ends = ends;
        peer.families = PerFamily::default();
        let Some(peer) = self.peer_by_id(id) else { return };
        let facts = self.facts(peer, negotiated, generation);
        self.rib.facts.peers[usize::from(id.0)] = facts;
        for family in Family::ALL.into_iter().filter(|&family| negotiated.dialect.families[family]) {
            let (Some(bgp), Some(peer)) = (self.bgp(), self.peer_by_id(id)) else { return };
            let import = self.import(bgp, peer, negotiated, family);
            let export = self.export(bgp, peer, negotiated, family);
            let state = PeerFamily {
                import: Some(import),
                default_due: export.default_originate,
                ..PeerFamily::default()
            };
            if let Some(peer) = self.peer_mut(id) {
                peer.families[family] = state;
            }
            in_family!(&mut self.rib, family, |rib, _facts| rib.join(id, export, Vec::new()));
        }
        self.warn_of_missing_policy(id, effects);
    }

    fn warn_of_missing_policy(&mut self, id: PeerId, effects: &mut Effects) {
        let Some(peer) = self.peer_by_id(id) else { return };
        let lacking: Vec<Family> = Family::ALL
            .into_iter()
            .filter(|&family| peer.families[family].import.is_some() && self.lacks_policy(peer, family))
            .collect();
        for family in lacking {
            let text = format!(
                "no {family} routes are taken in: RFC 8212 asks for a policy; give the neighbor a route-map or \
                 prefix-list in and out, or say 'no bgp ebgp-requires-policy'"
            );
            self.notice(Some(id), Severity::Warning, NoticeEvent::Configuration(text), effects);
        }
    }

    fn down(&mut self, id: PeerId, stale: PerFamily<bool>, effects: &mut Effects) {
        let Some(peer) = self.peer_mut(id) else { return };
        peer.ends = None;
        for family in Family::ALL {
            let Some(peer) = self.peer_mut(id) else { return };
            let state = &mut peer.families[family];
            let was_used = state.import.take().is_some();
            state.default_due = false;
            in_family!(&mut self.rib, family, |rib, facts| {
                rib.leave(id, facts);
                if was_used {
                    rib.age(id, facts);
                }
                if !stale[family] {
                    rib.sweep(id);
                }
            });
        }
        effects.more = true;
    }

    /// Takes a peer out; its place is free when its paths are gone.
    pub(super) fn forget(&mut self, id: PeerId) {
        let Some(peer) = self.peer_by_id(id) else { return };
        let name = peer.name.clone();
        if self.names.get(&name) == Some(&id) {
            self.names.remove(&name);
        }
        for family in Family::ALL {
            in_family!(&mut self.rib, family, |rib, facts| {
                rib.leave(id, facts);
                rib.age(id, facts);
                rib.sweep(id);
            });
        }
        self.leaving.insert(id);
    }

    /// The AS that a peer is expected to be of, where one is named.
    #[must_use]
    pub fn remote_as(&self, peer: &Peer) -> Option<crate::value::Asn> {
        let named = match peer.settings.remote_as? {
            RemoteAs::Is(asn) => Some(asn),
            RemoteAs::Internal => self.bgp().map(|bgp| bgp.asn),
            RemoteAs::External | RemoteAs::Auto => None,
        };
        peer.session.negotiated().map(|negotiated| negotiated.peer_as).or(named)
    }
}
