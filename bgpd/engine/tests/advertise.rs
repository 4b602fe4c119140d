//! What peers end up with: whatever they announce, withdraw, miss and take late, each one's last word from the
//! router is what a plain reading of the rules gives.
//!
//! The oracle is the model below: a map of maps and a loop, that knows nothing of logs, groups and pieces.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};

use bgp_engine::attr::{AsPath, NextHop, Origin, PathAttributes};
use bgp_engine::config::{BgpConfig, Configuration, Neighbor, NeighborName, Profile, RemoteAs};
use bgp_engine::effect::{Effect, Effects};
use bgp_engine::engine::Engine;
use bgp_engine::input::{Clear, Command, Connection, Input, Interface, Whom};
use bgp_engine::value::{Asn, ConnId, Family, IfIndex, Instant, PathId, PerFamily, RouterId};
use bgp_engine::wire::open::OpenMessage;
use bgp_engine::wire::update::{self, Announcement, Withdrawal};
use bgp_engine::wire::{Capability, Dialect, MessageType, emit_keepalive, frame};
use ipnet::Ipv4Net;
use proptest::prelude::*;

const ROUTER_AS: u32 = 65000;

/// What a peer says of a path: its length and its ORIGIN are what the decision looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Said {
    hops: u32,
    origin: Origin,
}

#[derive(Clone, Debug)]
enum Deed {
    Announce {
        peer: usize,
        net: u8,
        said: Said,
    },
    Withdraw {
        peer: usize,
        net: u8,
    },
    /// The kernel takes what was sent to this peer until now.
    Drain {
        peer: usize,
    },
    /// The peer's session ends and comes up again.
    Bounce {
        peer: usize,
    },
    /// The peer is sent everything again.
    Resend {
        peer: usize,
    },
    Clock,
}

struct Router {
    engine: Engine,
    now: u64,
    peers: Vec<FakePeer>,
}

struct FakePeer {
    conn: ConnId,
    waiting: u64,
    /// What this peer has announced.
    said: BTreeMap<Ipv4Net, Said>,
    /// What this peer has heard.
    heard: BTreeMap<Ipv4Net, String>,
}

fn dialect() -> Dialect {
    Dialect { four_octet_as: true, families: PerFamily([true, true]), ..Dialect::default() }
}

fn net(number: u8) -> Ipv4Net {
    Ipv4Net::new(Ipv4Addr::new(20, number, 0, 0), 16).unwrap()
}

fn address(peer: usize) -> Ipv4Addr {
    Ipv4Addr::new(10, 0, 0, u8::try_from(peer + 1).unwrap())
}

fn asn(peer: usize) -> Asn {
    Asn(65001 + u32::try_from(peer).unwrap())
}

fn path(peer: usize, said: Said) -> AsPath {
    AsPath::from_asns((0..said.hops).map(|hop| if hop == 0 { asn(peer) } else { Asn(100 + hop) }))
}

impl Router {
    fn new(peers: usize) -> Router {
        let mut bgp = BgpConfig::new(Asn(ROUTER_AS), Profile::Traditional);
        bgp.router_id = Some(RouterId(9));
        bgp.ebgp_requires_policy = false;
        bgp.best_path.compare_router_id = true;
        for peer in 0..peers {
            let mut neighbor = Neighbor::default();
            neighbor.settings.remote_as = Some(RemoteAs::Is(asn(peer)));
            neighbor.settings.passive = Some(true);
            bgp.neighbors.insert(NeighborName::Address(address(peer).into()), neighbor);
        }
        let mut router = Router { engine: Engine::new(3), now: 1_000_000, peers: Vec::new() };
        let interface = Interface {
            index: IfIndex(2),
            name: "eth0".into(),
            up: true,
            addresses: vec!["10.0.0.254/24".parse().unwrap()],
        };
        router.input(Input::Interface(interface));
        router
            .input(Input::Configure(Box::new(Configuration { bgp: Some(bgp), ..Configuration::default() })));
        for peer in 0..peers {
            let conn = ConnId(1 + peer as u64);
            router.peers.push(FakePeer { conn, waiting: 0, said: BTreeMap::new(), heard: BTreeMap::new() });
            router.connect(peer);
        }
        router
    }

    fn connect(&mut self, peer: usize) {
        let conn = self.peers[peer].conn;
        let ends = Connection {
            conn,
            local: "10.0.0.254:179".parse().unwrap(),
            remote: SocketAddr::new(address(peer).into(), 4000),
            interface: IfIndex(0),
        };
        self.input(Input::Accepted(ends));
        let mut octets = Vec::new();
        OpenMessage {
            version: 4,
            my_as: OpenMessage::header_as(asn(peer)),
            hold_time_s: 0,
            router_id: RouterId(100 + u32::try_from(peer).unwrap()),
            capabilities: vec![
                Capability::MultiProtocol(Family::Ipv4Unicast.afi_safi()),
                Capability::FourOctetAs(asn(peer)),
            ],
        }
        .emit(&mut octets);
        emit_keepalive(&mut octets);
        self.input(Input::Received { conn, octets: &octets });
    }

    fn input(&mut self, input: Input<'_>) {
        let mut effects = Effects::default();
        self.now += 10;
        self.engine.step(Instant::from_micros(self.now), input, &mut effects);
        for effect in effects.list {
            if let Effect::Send { conn, octets } = effect {
                let peer = self.peers.iter_mut().find(|peer| peer.conn == conn).unwrap();
                peer.waiting += octets.len() as u64;
                peer.hear(&octets);
            }
        }
    }

    fn drain(&mut self, peer: usize) {
        let octets = std::mem::take(&mut self.peers[peer].waiting);
        let conn = self.peers[peer].conn;
        if octets > 0 {
            self.input(Input::Drained { conn, octets });
        }
    }

    fn send(&mut self, peer: usize, octets: &[u8]) {
        let conn = self.peers[peer].conn;
        self.input(Input::Received { conn, octets });
    }

    fn act(&mut self, deed: &Deed) {
        match *deed {
            Deed::Announce { peer, net: number, said } => {
                let mut attributes = PathAttributes::default();
                attributes.as_path = path(peer, said);
                attributes.origin = said.origin;
                attributes.next_hop = NextHop::V4(address(peer));
                let (mut encoded, mut octets) = (Vec::new(), Vec::new());
                update::emit_attributes(&attributes, &dialect(), Family::Ipv4Unicast, &mut encoded);
                let next_hop = &attributes.next_hop;
                let mut message =
                    Announcement::begin(&mut octets, &encoded, next_hop, Family::Ipv4Unicast, &dialect())
                        .unwrap();
                assert!(message.push(PathId(0), net(number)));
                message.finish();
                self.peers[peer].said.insert(net(number), said);
                self.send(peer, &octets);
            }
            Deed::Withdraw { peer, net: number } => {
                let mut octets = Vec::new();
                let mut message = Withdrawal::begin(&mut octets, Family::Ipv4Unicast, &dialect());
                assert!(message.push(PathId(0), net(number)));
                message.finish();
                self.peers[peer].said.remove(&net(number));
                self.send(peer, &octets);
            }
            Deed::Drain { peer } => self.drain(peer),
            Deed::Bounce { peer } => {
                let conn = self.peers[peer].conn;
                let next = ConnId(conn.0 + 100);
                self.peers[peer] =
                    FakePeer { conn: next, waiting: 0, said: BTreeMap::new(), heard: BTreeMap::new() };
                self.input(Input::Closed { conn, errno: 0 });
                self.now += 40_000_000;
                self.input(Input::Clock);
                self.connect(peer);
            }
            Deed::Resend { peer } => {
                let whom = Whom::Neighbor(NeighborName::Address(address(peer).into()));
                self.input(Input::Command(Command::Clear { whom, how: Clear::SoftOut, family: None }));
            }
            Deed::Clock => self.input(Input::Clock),
        }
    }

    fn settle(&mut self) {
        let mut quiet = 0;
        while quiet < 10 {
            self.input(Input::Clock);
            quiet = if self.peers.iter().all(|peer| peer.waiting == 0) { quiet + 1 } else { 0 };
            (0..self.peers.len()).for_each(|peer| self.drain(peer));
        }
    }

    /// What a peer must have heard in the end.
    fn expected(&self, hearer: usize) -> BTreeMap<Ipv4Net, String> {
        let mut expected = BTreeMap::new();
        for number in 0..=u8::MAX {
            let net = net(number);
            let paths = self
                .peers
                .iter()
                .enumerate()
                .filter_map(|(peer, state)| Some((peer, *state.said.get(&net)?)));
            let Some((best, said)) = paths.min_by_key(|(peer, said)| (said.hops, said.origin, *peer)) else {
                continue;
            };
            if best != hearer {
                expected.insert(net, format!("{ROUTER_AS} {} {:?}", path(best, said), said.origin));
            }
        }
        expected
    }
}

impl FakePeer {
    fn hear(&mut self, mut octets: &[u8]) {
        while let Some(frame) = frame::next(octets, frame::MAX_LEN).unwrap() {
            octets = &octets[frame.len..];
            if frame.kind != MessageType::Update {
                continue;
            }
            let message = update::parse(frame.body, &dialect()).unwrap();
            assert!(message.errors.is_empty());
            for (_, net) in message.withdrawn.v4() {
                self.heard.remove(&net);
            }
            if let Some(attributes) = &message.attributes {
                for (_, net) in message.announced.v4() {
                    self.heard.insert(net, format!("{} {:?}", attributes.as_path, attributes.origin));
                }
            }
        }
        assert!(octets.is_empty(), "whole messages only");
    }
}

fn deed(peers: usize) -> impl Strategy<Value = Deed> {
    let said = (1u32..4, prop_oneof![Just(Origin::Igp), Just(Origin::Incomplete)]);
    let said = said.prop_map(|(hops, origin)| Said { hops, origin });
    prop_oneof![
        12 => (0..peers, 0u8..12, said).prop_map(|(peer, net, said)| Deed::Announce { peer, net, said }),
        6 => (0..peers, 0u8..12).prop_map(|(peer, net)| Deed::Withdraw { peer, net }),
        4 => (0..peers).prop_map(|peer| Deed::Drain { peer }),
        1 => (0..peers).prop_map(|peer| Deed::Bounce { peer }),
        1 => (0..peers).prop_map(|peer| Deed::Resend { peer }),
        1 => Just(Deed::Clock),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn every_peer_ends_up_with_the_best_path_of_the_others(
        deeds in proptest::collection::vec(deed(4), 1..120),
    ) {
        let mut router = Router::new(4);
        deeds.iter().for_each(|deed| router.act(deed));
        router.settle();
        for peer in 0..4 {
            prop_assert_eq!(&router.peers[peer].heard, &router.expected(peer), "peer {}", peer);
        }
    }
}

/// A peer that does not read for long falls behind what its group keeps, and then has to help itself.
#[test]
fn a_peer_that_did_not_read_ends_up_with_the_same_as_one_that_did() {
    let mut router = Router::new(3);
    let said = |round: u32| Said { hops: 1 + round % 3, origin: Origin::Igp };
    for round in 0..40u32 {
        for number in 0..=u8::MAX {
            let deed = if (u32::from(number) + round) % 7 == 0 {
                Deed::Withdraw { peer: 0, net: number }
            } else {
                Deed::Announce { peer: 0, net: number, said: said(round + u32::from(number)) }
            };
            router.act(&deed);
            router.act(&Deed::Drain { peer: 1 });
        }
    }
    let before = router.peers[2].heard.len();
    router.settle();
    assert_eq!(router.peers[1].heard, router.expected(1));
    assert_eq!(router.peers[2].heard, router.expected(2));
    assert!(before > 0, "the first window went out");
}
