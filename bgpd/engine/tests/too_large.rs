//! Attributes that came in a large message and must go out in a small one.

use std::net::{Ipv4Addr, SocketAddr};

use bgp_engine::attr::{AsPath, Community, NextHop, PathAttributes};
use bgp_engine::config::{BgpConfig, Configuration, Neighbor, NeighborName, Profile, RemoteAs};
use bgp_engine::effect::{Effect, Effects};
use bgp_engine::engine::Engine;
use bgp_engine::input::{Connection, Input, Interface};
use bgp_engine::notice::NoticeEvent;
use bgp_engine::value::{Asn, ConnId, Family, IfIndex, Instant, PathId, PerFamily, RouterId};
use bgp_engine::wire::open::OpenMessage;
use bgp_engine::wire::update::{self, Announcement};
use bgp_engine::wire::{Capability, Dialect, MessageType, emit_keepalive, frame};
use ipnet::Ipv4Net;

fn address(peer: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 0, 0, peer)
}

fn asn(peer: u8) -> Asn {
    Asn(65000 + u32::from(peer))
}

struct Router {
    engine: Engine,
    now: u64,
    effects: Vec<Effect>,
}

impl Router {
    fn input(&mut self, input: Input<'_>) {
        let mut effects = Effects::default();
        self.now += 10;
        self.engine.step(Instant::from_micros(self.now), input, &mut effects);
        self.effects.append(&mut effects.list);
    }

    /// A router of AS 65100 with peers 1, 2 and 3, of which 1 and 2 take extended messages.
    fn start() -> Router {
        let mut bgp = BgpConfig::new(Asn(65100), Profile::Traditional);
        bgp.router_id = Some(RouterId(9));
        bgp.ebgp_requires_policy = false;
        for peer in 1..=3 {
            let mut neighbor = Neighbor::default();
            neighbor.settings.remote_as = Some(RemoteAs::Is(asn(peer)));
            neighbor.settings.passive = Some(true);
            bgp.neighbors.insert(NeighborName::Address(address(peer).into()), neighbor);
        }
        let mut router = Router { engine: Engine::new(3), now: 1_000_000, effects: Vec::new() };
        router.input(Input::Interface(Interface {
            index: IfIndex(2),
            name: "eth0".into(),
            up: true,
            addresses: vec!["10.0.0.254/24".parse().unwrap()],
        }));
        router
            .input(Input::Configure(Box::new(Configuration { bgp: Some(bgp), ..Configuration::default() })));
        for peer in 1..=3 {
            router.connect(peer);
        }
        router
    }

    fn connect(&mut self, peer: u8) {
        let conn = ConnId(peer.into());
        self.input(Input::Accepted(Connection {
            conn,
            local: "10.0.0.254:179".parse().unwrap(),
            remote: SocketAddr::new(address(peer).into(), 4000),
            interface: IfIndex(0),
        }));
        let mut capabilities = vec![
            Capability::MultiProtocol(Family::Ipv4Unicast.afi_safi()),
            Capability::FourOctetAs(asn(peer)),
        ];
        if peer < 3 {
            capabilities.push(Capability::ExtendedMessage);
        }
        let my_as = OpenMessage::header_as(asn(peer));
        let router_id = RouterId(100 + u32::from(peer));
        let mut octets = Vec::new();
        OpenMessage { version: 4, my_as, hold_time_s: 0, router_id, capabilities }.emit(&mut octets);
        emit_keepalive(&mut octets);
        self.input(Input::Received { conn, octets: &octets });
    }

    /// Announces 20.0.0.0/16 from peer 1 with so many communities.
    fn announce(&mut self, communities: u32) {
        let dialect = dialect(1);
        let mut attributes = PathAttributes::default();
        attributes.as_path = AsPath::from_asns([asn(1)]);
        attributes.next_hop = NextHop::V4(address(1));
        attributes.communities = (0..communities).map(Community).collect();
        let (mut encoded, mut octets) = (Vec::new(), Vec::new());
        update::emit_attributes(&attributes, &dialect, Family::Ipv4Unicast, &mut encoded);
        let next_hop = &attributes.next_hop;
        let mut message =
            Announcement::begin(&mut octets, &encoded, next_hop, Family::Ipv4Unicast, &dialect).unwrap();
        assert!(message.push(PathId(0), net()));
        message.finish();
        self.input(Input::Received { conn: ConnId(1), octets: &octets });
    }

    /// What peer `peer` was told of 20.0.0.0/16 since the last time: the number of communities, or that it is
    /// gone.
    fn told(&mut self, peer: u8) -> Vec<Option<usize>> {
        let mut told = Vec::new();
        for effect in &self.effects {
            let Effect::Send { conn, octets } = effect else { continue };
            if *conn != ConnId(peer.into()) {
                continue;
            }
            let mut octets = &octets[..];
            while let Some(frame) = frame::next(octets, dialect(peer).max_len()).unwrap() {
                octets = &octets[frame.len..];
                if frame.kind == MessageType::Update {
                    let message = update::parse(frame.body, &dialect(peer)).unwrap();
                    told.extend(message.withdrawn.v4().map(|_| None));
                    let count = message.attributes.map(|attributes| attributes.communities.len());
                    told.extend(message.announced.v4().map(|_| count));
                }
            }
        }
        told
    }
}

fn net() -> Ipv4Net {
    "20.0.0.0/16".parse().unwrap()
}

fn dialect(peer: u8) -> Dialect {
    let families = PerFamily([true, false]);
    Dialect { four_octet_as: true, extended_message: peer < 3, families, ..Dialect::default() }
}

//= rfc8654#section-4
//# If a BGP UPDATE message with a Message Length greater than 4,096 octets is received by a BGP listener who needs
//# to advertise this BGP UPDATE message to one of its neighbors that does not support BGP Extended Messages, …
//# the listener MUST treat-as-withdraw
#[test]
fn a_route_too_large_for_a_peer_is_withdrawn_from_it_and_told_of_and_goes_to_the_others() {
    let mut router = Router::start();
    router.effects.clear();
    router.announce(10);
    assert_eq!(router.told(2), [Some(10)]);
    assert_eq!(router.told(3), [Some(10)]);

    router.effects.clear();
    router.announce(15_000);
    assert_eq!(router.told(2), [Some(15_000)]);
    assert_eq!(router.told(3), [None]);
    let notices = router.effects.iter().filter(
        |effect| matches!(effect, Effect::Notice(n) if matches!(&n.event, NoticeEvent::TooLarge(text) if text.contains("20.0.0.0/16"))),
    );
    assert_eq!(notices.count(), 1);

    router.effects.clear();
    router.announce(20);
    assert_eq!(router.told(3), [Some(20)]);
}
