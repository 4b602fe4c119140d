//! Neighbors come, change and go with the configuration.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::IpAddr;

use super::Engine;
use super::peer::{Kind, Peer};
use crate::config::{Neighbor, NeighborName, NeighborSettings};
use crate::effect::Effects;
use crate::rib::{PeerFacts, in_family};
use crate::session::{Change, Event, Identity, Session, SessionConfig, StopReason};
use crate::value::{Duration, Family, IfIndex, PeerId, PerFamily};

/// What the software version capability says.
const SOFTWARE_VERSION: &str = concat!("FTBGP/", env!("CARGO_PKG_VERSION"));

/// FRR's default for `restart-time`.
const RESTART_S: u16 = 120;

impl Engine {
    fn identity(&self, id: PeerId) -> Identity {
        let bgp = self.bgp();
        let restarts =
            bgp.is_some_and(|bgp| bgp.graceful_restart.mode == crate::config::GracefulRestartMode::Restarter);
        let restart_s = bgp.and_then(|bgp| bgp.graceful_restart.restart_time_s).unwrap_or(RESTART_S);
        Identity {
            router_id: self.router_id(),
            host_name: self.config.hostname.clone().unwrap_or_default(),
            software_version: SOFTWARE_VERSION.to_string(),
            restarting_until: self
                .started
                .filter(|_| restarts)
                .map(|started| started + Duration::from_secs(restart_s.into())),
            seed: self.seed ^ (u64::from(id.0) << 32),
        }
    }

    fn session_config(
        &self,
        id: PeerId,
        name: &NeighborName,
        settings: &NeighborSettings,
        kind: Kind,
    ) -> Option<SessionConfig> {
        let bgp = self.bgp()?;
        let mut config = SessionConfig::resolve(bgp, name, settings, self.identity(id))?;
        config.passive |= kind == Kind::Dynamic;
        Some(config)
    }

    /// Takes a neighbor in. `None` if it has no `remote-as`.
    pub(super) fn add_peer(
        &mut self,
        name: &NeighborName,
        neighbor: &Neighbor,
        kind: Kind,
    ) -> Option<PeerId> {
        let settings = self.bgp()?.effective(neighbor);
        let id = self.free_place()?;
        let config = self.session_config(id, name, &settings, kind)?;
        let (address, interface) = match name {
            NeighborName::Address(address) => (Some(*address), IfIndex(0)),
            NeighborName::Interface(interface) => self.neighbor_on(interface),
        };
        let peer = Peer {
            id,
            name: name.clone(),
            kind,
            group: neighbor.group.clone(),
            settings,
            session: Session::new(config),
            address,
            interface,
            ends: None,
            connecting: None,
            families: PerFamily::default(),
        };
        let place = usize::from(id.0);
        if self.peers.len() <= place {
            self.peers.resize_with(place + 1, || None);
        }
        if self.rib.facts.peers.len() <= place {
            self.rib.facts.peers.resize(place + 1, PeerFacts::default());
        }
        // The generation goes on counting, so that no path of the place's former peer is taken for one of this.
        let generation = self.rib.facts.peers[place].generation;
        self.rib.facts.peers[place] = PeerFacts { generation, ..PeerFacts::default() };
        self.peers[place] = Some(peer);
        self.names.insert(name.clone(), id);
        Some(id)
    }

    fn free_place(&self) -> Option<PeerId> {
        let free = (1..self.peers.len()).find(|&at| self.peers[at].is_none()).unwrap_or(self.peers.len());
        u16::try_from(free).ok().map(PeerId)
    }

    /// Starts a neighbor's session, once its address is known.
    pub(super) fn start(&mut self, id: PeerId, effects: &mut Effects) {
        if self.peer_by_id(id).is_some_and(|peer| peer.address.is_some()) && !self.stopping {
            self.event(id, Event::Start, effects);
        }
    }

    /// Ends a neighbor's session and takes the neighbor out.
    pub(super) fn remove_peer(&mut self, id: PeerId, effects: &mut Effects) {
        self.event(id, Event::Stop(StopReason::Deconfigured), effects);
        self.forget(id);
    }

    /// Gives a neighbor new settings, touching only what differs.
    pub(super) fn change_peer(&mut self, id: PeerId, neighbor: &Neighbor, effects: &mut Effects) {
        let Some(bgp) = self.bgp() else { return };
        let settings = bgp.effective(neighbor);
        let Some(peer) = self.peer_by_id(id) else { return };
        let Some(config) = self.session_config(id, &peer.name, &settings, peer.kind) else {
            return self.remove_peer(id, effects);
        };
        let transport = |s: &NeighborSettings| {
            (s.password.clone(), s.update_source.clone(), s.ebgp_multihop, s.ttl_security_hops, s.port)
        };
        let reconnect = transport(&peer.settings) != transport(&settings);
        let now = self.now;
        let mut actions = Vec::new();
        let Some(peer) = self.peer_mut(id) else { return };
        peer.settings = settings;
        peer.group.clone_from(&neighbor.group);
        peer.session.reconfigure(config, now, &mut actions);
        self.act(id, actions, effects);
        if reconnect {
            self.event(id, Event::Stop(StopReason::Changed(Change::Transport)), effects);
        }
        self.refresh_policy(id, effects);
    }

    /// Gives every neighbor its settings again: what all of them share has changed.
    pub(super) fn reconfigure_all(&mut self, effects: &mut Effects) {
        let neighbors = self.bgp().map(|bgp| bgp.neighbors.clone()).unwrap_or_default();
        for (name, neighbor) in &neighbors {
            if let Some(&id) = self.names.get(name) {
                self.change_peer(id, neighbor, effects);
            }
        }
    }

    /// Brings a peer's input and output filters up to date with the configuration.
    pub(super) fn refresh_policy(&mut self, id: PeerId, effects: &mut Effects) {
        for family in Family::ALL {
            self.refresh_export(id, family, effects);
            self.refresh_import(id, family, effects);
        }
    }

    fn refresh_export(&mut self, id: PeerId, family: Family, effects: &mut Effects) {
        let (Some(bgp), Some(peer)) = (self.bgp(), self.peer_by_id(id)) else { return };
        let Some(negotiated) = peer.session.negotiated().filter(|_| peer.families[family].import.is_some())
        else {
            return;
        };
        let facts = self.facts(peer, negotiated, self.rib.facts.peer(id).generation);
        let export = self.export(bgp, peer, negotiated, family);
        let same = in_family!(&mut self.rib, family, |rib, all| {
            all.peers[usize::from(id.0)] = facts;
            rib.group(id).is_some_and(|(_, group)| *group.export == export)
        });
        if same {
            return;
        }
        self.follow_default(id, family, export.default_originate, effects);
        in_family!(&mut self.rib, family, |rib, all| {
            let told = rib.leave(id, all);
            rib.join(id, export, told);
        });
        effects.more = true;
    }

    fn refresh_import(&mut self, id: PeerId, family: Family, effects: &mut Effects) {
        let (Some(bgp), Some(peer)) = (self.bgp(), self.peer_by_id(id)) else { return };
        let Some(negotiated) = peer.session.negotiated() else { return };
        let import = self.import(bgp, peer, negotiated, family);
        let state = &peer.families[family];
        if state.import.is_none() || state.import.as_ref() == Some(&import) {
            return;
        }
        let kept = import.keep_received && state.import.as_ref().is_some_and(|former| former.keep_received);
        let forget = !import.keep_received;
        if let Some(peer) = self.peer_mut(id) {
            peer.families[family].import = Some(import);
        }
        if forget {
            in_family!(&mut self.rib, family, |rib, facts| rib.forget_received(id, facts));
        }
        self.soft_in(id, family, kept, effects);
    }

    /// The neighbors' names of one address, as `clear` takes them.
    pub(super) fn is_at(&self, id: PeerId, address: IpAddr) -> bool {
        self.peer_by_id(id).is_some_and(|peer| peer.address == Some(address))
    }

    /// The members of a peer group.
    pub(super) fn is_in_group(&self, id: PeerId, group: &String) -> bool {
        self.peer_by_id(id).is_some_and(|peer| peer.group.as_ref() == Some(group))
    }
}
