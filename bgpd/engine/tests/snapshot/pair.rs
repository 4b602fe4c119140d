//! Two engines that are given the same; one of them is saved and restored now and then. Whatever one wants done,
//! the other wants too, octet for octet.

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use bgp_engine::effect::{Effect, Effects};
use bgp_engine::engine::Engine;
use bgp_engine::input::{Connection, Input};
use bgp_engine::value::{Asn, ConnId, Family, IfIndex, Instant, RouterId};
use bgp_engine::wire::capability::{AddPathMode, GracefulRestart};
use bgp_engine::wire::open::OpenMessage;
use bgp_engine::wire::{Capability, emit_keepalive};
use serde::{Deserialize, Serialize};

/// An engine's snapshot as the daemon writes it.
pub fn save(engine: &Engine) -> Vec<u8> {
    let mut out = Vec::new();
    engine.serialize(&mut rmp_serde::Serializer::new(&mut out).with_struct_map()).unwrap();
    out
}

/// The engine of a snapshot.
pub fn restore(snapshot: &[u8]) -> Result<Engine, rmp_serde::decode::Error> {
    Engine::deserialize(&mut rmp_serde::Deserializer::from_read_ref(snapshot))
}

/// One of the two ends' connections.
pub struct Line {
    pub peer: usize,
    /// Octets of the peer's on their way.
    pub queue: VecDeque<u8>,
    /// Octets of the engines' that the kernel has not taken.
    pub waiting: u64,
}

/// What comes of an attempt to connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// A connection.
    Stands,
    /// Nothing.
    Fails,
}

/// Both engines, and the world around them.
pub struct Pair {
    pub plain: Engine,
    pub saved: Engine,
    pub now: u64,
    pub lines: BTreeMap<ConnId, Line>,
    /// Connections asked for and not answered.
    pub asked: Vec<(ConnId, SocketAddr)>,
    next: u64,
}

pub fn address(peer: usize) -> Ipv4Addr {
    Ipv4Addr::new(10, 0, 0, u8::try_from(peer + 1).unwrap())
}

pub fn asn(peer: usize) -> Asn {
    // The third peer is one of this AS.
    Asn(if peer == 2 { 65000 } else { 65001 + u32::try_from(peer).unwrap() })
}

impl Pair {
    pub fn new(seed: u64) -> Pair {
        Pair {
            plain: Engine::new(seed),
            saved: Engine::new(seed),
            now: 1_000_000,
            lines: BTreeMap::new(),
            asked: Vec::new(),
            next: 1,
        }
    }

    /// Both are what a snapshot holds, and nothing is known of their connections.
    pub fn of(snapshot: &[u8], now: u64) -> Pair {
        let (plain, saved) = (restore(snapshot).unwrap(), restore(snapshot).unwrap());
        Pair { plain, saved, now, next: 1 << 40, ..Pair::new(0) }
    }

    /// Saves one engine and goes on with what is restored of it.
    pub fn cut(&mut self) {
        let snapshot = save(&self.saved);
        self.saved = restore(&snapshot).unwrap();
        assert!(save(&self.saved) == snapshot, "what was restored is saved as something else");
        assert!(save(&self.plain) == snapshot, "the engines differ");
        assert_eq!(self.plain.digest(), self.saved.digest());
    }

    pub fn input(&mut self, input: Input<'_>) {
        let (mut one, mut other) = (Effects::default(), Effects::default());
        self.now += 10;
        let now = Instant::from_micros(self.now);
        self.plain.step(now, input.clone(), &mut one);
        self.saved.step(now, input, &mut other);
        assert_eq!(one.list, other.list);
        assert_eq!((one.deadline, one.more), (other.deadline, other.more));
        assert_eq!(self.plain.digest(), self.saved.digest());
        for effect in one.list {
            match effect {
                Effect::Send { conn, octets } => {
                    if let Some(line) = self.lines.get_mut(&conn) {
                        line.waiting += octets.len() as u64;
                    }
                }
                Effect::Connect { conn, remote, .. } => self.asked.push((conn, remote)),
                Effect::Close { conn, .. } => {
                    self.lines.remove(&conn);
                    self.asked.retain(|asked| asked.0 != conn);
                }
                Effect::Options { .. }
                | Effect::ListenKey { .. }
                | Effect::RouterAdvertisements { .. }
                | Effect::Fib(_)
                | Effect::Notice(_) => {}
            }
        }
    }

    /// The peer connects and speaks.
    pub fn meet(&mut self, peer: usize) {
        let conn = ConnId(self.next);
        self.next += 1;
        let remote = SocketAddr::new(address(peer).into(), 4000);
        let local = "10.0.0.254:179".parse().unwrap();
        self.lines.insert(conn, Line { peer, queue: VecDeque::new(), waiting: 0 });
        self.input(Input::Accepted(Connection { conn, local, remote, interface: IfIndex(0) }));
        self.greet(conn, peer);
    }

    /// A connection that was asked for stands, or does not.
    pub fn answer(&mut self, attempt: Attempt) {
        let Some((conn, remote)) = (!self.asked.is_empty()).then(|| self.asked.remove(0)) else { return };
        let IpAddr::V4(host) = remote.ip() else { return };
        let peer = usize::from(host.octets()[3]) - 1;
        if attempt == Attempt::Fails {
            return self.input(Input::ConnectFailed { conn, errno: 111 });
        }
        let local = "10.0.0.254:4001".parse().unwrap();
        self.lines.insert(conn, Line { peer, queue: VecDeque::new(), waiting: 0 });
        self.input(Input::Connected(Connection { conn, local, remote, interface: IfIndex(0) }));
        self.greet(conn, peer);
    }

    fn greet(&mut self, conn: ConnId, peer: usize) {
        let both = Family::ALL.map(|family| (family.afi_safi(), AddPathMode::Both));
        let mut capabilities: Vec<Capability> =
            Family::ALL.map(|family| Capability::MultiProtocol(family.afi_safi())).into();
        capabilities.extend([
            Capability::RouteRefresh,
            Capability::EnhancedRouteRefresh,
            Capability::FourOctetAs(asn(peer)),
        ]);
        if peer != 0 {
            capabilities.push(Capability::AddPath(both.into()));
        }
        if peer == 3 {
            capabilities.push(Capability::GracefulRestart(GracefulRestart {
                restarting: false,
                notification: true,
                time_s: 100,
                families: Family::ALL.map(|family| (family.afi_safi(), true)).into(),
            }));
        }
        let mut octets = Vec::new();
        OpenMessage {
            version: 4,
            my_as: OpenMessage::header_as(asn(peer)),
            hold_time_s: 90,
            router_id: RouterId(100 + u32::try_from(peer).unwrap()),
            capabilities,
        }
        .emit(&mut octets);
        emit_keepalive(&mut octets);
        self.say(conn, &octets, usize::MAX);
    }

    /// Queues octets of the peer's and delivers some of what is queued.
    pub fn say(&mut self, conn: ConnId, octets: &[u8], bite: usize) {
        let Some(line) = self.lines.get_mut(&conn) else { return };
        line.queue.extend(octets);
        let bite = bite.min(line.queue.len());
        let octets: Vec<u8> = line.queue.drain(..bite).collect();
        if !octets.is_empty() {
            self.input(Input::Received { conn, octets: &octets });
        }
    }

    pub fn drain(&mut self, conn: ConnId, most: u64) {
        let Some(line) = self.lines.get_mut(&conn) else { return };
        let octets = most.min(line.waiting);
        line.waiting -= octets;
        if octets > 0 {
            self.input(Input::Drained { conn, octets });
        }
    }

    /// The newest connection of a peer.
    pub fn line(&self, peer: usize) -> Option<ConnId> {
        self.lines.iter().filter(|(_, line)| line.peer == peer).map(|(&conn, _)| conn).next_back()
    }
}
