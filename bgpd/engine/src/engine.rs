//! The machine: alone knows sessions, policy and routes at once, and only passes between them.
//!
//! How to use it: make one with [`Engine::new`], then [`Engine::step`] it with every input in the order of the
//! log, each with its time, and carry out the effects in their order. The time never goes back. Everything is a
//! function of the seed and the inputs: two engines that are given the same have the same state and want the
//! same. Reading (`peers`, `peer`, `rib`, …) changes nothing and may be done between any two steps.

mod actions;
mod aggregates;
mod command;
mod configure;
mod connections;
mod fib;
mod limits;
mod originate;
mod outside;
mod peer;
mod poison;
mod receive;
mod redistribute;
mod refresh;
mod resolve;
mod save;
mod sessions;
mod transmit;

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

pub use outside::Link;
pub use peer::{Kind, Peer, PeerFamily, Refused};
pub use poison::{PoisonRecord, Reaction};
pub(crate) use save::SavedEngine;

use crate::config::{BgpConfig, Configuration, NeighborName};
use crate::effect::{Effect, Effects};
use crate::input::Input;
use crate::notice::{Notice, NoticeEvent, Severity};
use crate::policy::Policy;
use crate::rib::Rib;
use crate::session::Event;
use crate::value::{ConnId, Digest, IfIndex, Instant, PeerId};

/// The first name of the connections that the engine asks for; the shell's names for accepted ones are below.
pub const FIRST_OWN_CONN: u64 = 1 << 63;

/// A deterministic BGP speaker.
#[derive(Debug)]
pub struct Engine {
    config: Configuration,
    /// The configuration's lists and maps, ready to be asked.
    policy: Policy,
    /// The routes.
    rib: Rib,
    /// By [`PeerId`]; the first place is this router's own and stays empty.
    peers: Vec<Option<Peer>>,
    names: BTreeMap<NeighborName, PeerId>,
    conns: BTreeMap<ConnId, Conn>,
    links: BTreeMap<IfIndex, Link>,
    own_addresses: BTreeSet<IpAddr>,
    /// Peers that are gone but for their paths.
    leaving: BTreeSet<PeerId>,
    listen_keys: BTreeMap<(IpNet, IfIndex), alloc::string::String>,
    advertised_links: BTreeSet<alloc::string::String>,
    next_conn: u64,
    seed: u64,
    now: Instant,
    /// The time of the first input.
    started: Option<Instant>,
    /// After a restart routes are not advertised before this moment, or before the peers have sent theirs
    /// (RFC 4724 §4.1).
    deferred_until: Option<Instant>,
    /// The router id that the sessions were given.
    configured_id: Option<crate::value::RouterId>,
    refusals: connections::Refusals,
    quarantine: poison::Quarantine,
    /// Where the look at every prefix that may be redistributed is.
    sweep: Option<redistribute::Sweep>,
    stopping: bool,
}

/// A connection.
#[derive(Debug, Serialize, Deserialize)]
struct Conn {
    peer: Option<PeerId>,
    ends: Option<(SocketAddr, SocketAddr)>,
    /// The beginning of a message that is not whole yet.
    #[serde(with = "crate::value::octets::plain")]
    partial: Vec<u8>,
    /// Octets given to the shell that the kernel has not taken.
    outstanding: u64,
    /// Of all octets given to the shell.
    digest: Digest,
}

impl Conn {
    fn new(peer: PeerId, ends: Option<(SocketAddr, SocketAddr)>) -> Self {
        Conn { peer: Some(peer), ends, partial: Vec::new(), outstanding: 0, digest: Digest::default() }
    }
}

impl Engine {
    /// A speaker without a configuration. Everything that looks like chance follows from `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Engine {
            config: Configuration::default(),
            policy: Policy::default(),
            rib: Rib::new(seed),
            peers: alloc::vec![None],
            names: BTreeMap::new(),
            conns: BTreeMap::new(),
            links: BTreeMap::new(),
            own_addresses: BTreeSet::new(),
            leaving: BTreeSet::new(),
            listen_keys: BTreeMap::new(),
            advertised_links: BTreeSet::new(),
            next_conn: FIRST_OWN_CONN,
            seed,
            now: Instant::default(),
            started: None,
            deferred_until: None,
            configured_id: None,
            refusals: connections::Refusals::default(),
            quarantine: poison::Quarantine::default(),
            sweep: None,
            stopping: false,
        }
    }

    /// Takes one input in, at its time, and appends what it wants done to `effects`.
    pub fn step(&mut self, now: Instant, input: Input<'_>, effects: &mut Effects) {
        self.now = self.now.max(now);
        self.rib.facts.next_hops.routes.set_time(self.now);
        self.started.get_or_insert(now);
        match input {
            Input::Configure(config) => self.configure(*config, effects),
            Input::Interface(interface) => self.interface(interface, effects),
            Input::InterfaceGone(index) => self.interface_gone(index, effects),
            Input::KernelRoutes(routes) => self.kernel_routes(routes, effects),
            Input::RouterSeen { interface, address } => self.router_seen(interface, address, effects),
            Input::Accepted(connection) => self.accept(connection, effects),
            Input::Connected(connection) => self.connected(connection, effects),
            Input::ConnectFailed { conn, errno } => self.connect_failed(conn, errno, effects),
            Input::Closed { conn, errno } => self.closed(conn, errno, effects),
            Input::Received { conn, octets } => self.received(conn, octets, effects),
            Input::Drained { conn, octets } => self.drained(conn, octets, effects),
            Input::Poison { conn, octets, treatment } => self.poison(conn, octets, treatment, effects),
            Input::Fib(report) => self.rib.report_of_fib(report, self.now),
            Input::Command(command) => self.command(command, effects),
            Input::Clock => self.expire(effects),
        }
        effects.more |= self.redistribute_some();
        effects.more |= self.work();
        self.let_go();
        self.tell_kernel(effects);
        self.transmit(effects);
        effects.deadline = self.deadline();
    }

    /// Works on what concerns whole tables, for a slice. True if work is left.
    fn work(&mut self) -> bool {
        let now_s = self.now_s();
        let peers = &self.peers;
        let imports = |id: PeerId, family| {
            let peer = peers.get(usize::from(id.0))?.as_ref()?;
            peer.families[family].import.as_ref()
        };
        self.rib.work(&imports, now_s)
    }

    /// Gives every session whose timer has run out the time.
    fn expire(&mut self, effects: &mut Effects) {
        for at in 0..self.peers.len() {
            let Some(peer) = &self.peers[at] else { continue };
            if peer.session.deadline().is_some_and(|deadline| deadline <= self.now) {
                let id = peer.id;
                self.event(id, Event::Clock, effects);
            }
        }
        self.end_deferral_if_due(effects);
    }

    fn deadline(&self) -> Option<Instant> {
        let sessions = self.peers.iter().flatten().filter_map(|peer| peer.session.deadline()).min();
        let fib = self.rib.fib_deadline();
        [sessions, self.next_advertisement(), self.deferral_deadline(), fib].into_iter().flatten().min()
    }

    /// Frees the places of peers whose last path is gone.
    fn let_go(&mut self) {
        let rib = &self.rib;
        let gone: Vec<PeerId> = self
            .leaving
            .iter()
            .copied()
            .filter(|&id| !rib.v4.is_sweeping(id) && !rib.v6.is_sweeping(id))
            .collect();
        for id in gone {
            self.leaving.remove(&id);
            self.peers[usize::from(id.0)] = None;
        }
    }

    fn bgp(&self) -> Option<&BgpConfig> {
        self.config.bgp.as_ref()
    }

    fn peer_mut(&mut self, id: PeerId) -> Option<&mut Peer> {
        self.peers.get_mut(usize::from(id.0)).and_then(Option::as_mut)
    }

    /// The time in whole seconds of the log's clock.
    fn now_s(&self) -> u32 {
        u32::try_from(self.now.as_micros() / 1_000_000).unwrap_or(u32::MAX)
    }

    fn notice(
        &mut self,
        peer: Option<PeerId>,
        severity: Severity,
        event: NoticeEvent,
        effects: &mut Effects,
    ) {
        let peer = peer.and_then(|id| self.peers[usize::from(id.0)].as_ref()).map(|peer| peer.name.clone());
        effects.list.push(Effect::Notice(Notice { severity, peer, event }));
    }
}

/// Reading.
impl Engine {
    /// The configuration in force.
    #[must_use]
    pub fn configuration(&self) -> &Configuration {
        &self.config
    }

    /// The configuration's lists and maps, ready to be asked.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The routes.
    #[must_use]
    pub fn rib(&self) -> &Rib {
        &self.rib
    }

    /// The time of the last input.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.now
    }

    /// The time of the first input.
    #[must_use]
    pub fn started(&self) -> Option<Instant> {
        self.started
    }

    /// Every neighbor, in the order of their names.
    pub fn peers(&self) -> impl Iterator<Item = &Peer> {
        self.names.values().filter_map(|&id| self.peer_by_id(id))
    }

    /// The neighbor of this name.
    #[must_use]
    pub fn peer(&self, name: &NeighborName) -> Option<&Peer> {
        self.names.get(name).and_then(|&id| self.peer_by_id(id))
    }

    /// The neighbor at this place.
    #[must_use]
    pub fn peer_by_id(&self, id: PeerId) -> Option<&Peer> {
        self.peers.get(usize::from(id.0)).and_then(Option::as_ref)
    }

    /// The interfaces on which router advertisements are wanted.
    pub fn advertised_links(&self) -> impl Iterator<Item = &str> {
        self.advertised_links.iter().map(alloc::string::String::as_str)
    }

    /// The beginning of a message that is not whole yet on this connection.
    #[must_use]
    pub fn begun(&self, conn: ConnId) -> &[u8] {
        self.conns.get(&conn).map_or(&[], |conn| conn.partial.as_slice())
    }

    /// A link by its number.
    #[must_use]
    pub fn link(&self, index: IfIndex) -> Option<&Link> {
        self.links.get(&index)
    }

    /// The links and their addresses.
    pub fn links(&self) -> impl Iterator<Item = &Link> {
        self.links.values()
    }

    /// Every connection with the octets made for it and not yet taken by the kernel, and the digest of all that
    /// were made.
    pub fn connections(&self) -> impl Iterator<Item = (ConnId, u64, Digest)> {
        self.conns.iter().map(|(&id, conn)| (id, conn.outstanding, conn.digest))
    }

    /// Octets made for a connection and not yet taken by the kernel.
    #[must_use]
    pub fn outstanding(&self, conn: ConnId) -> u64 {
        self.conns.get(&conn).map_or(0, |conn| conn.outstanding)
    }
}
