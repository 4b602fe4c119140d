//! A neighbor on the other end of a link, known by the link alone.

use std::net::{Ipv6Addr, SocketAddr, SocketAddrV6};
use std::time::Duration;

use bgp_engine::config::{
    BgpConfig, Configuration, Neighbor, NeighborName, NeighborSettings, Profile, RemoteAs,
};
use bgp_engine::effect::{Effect, Effects};
use bgp_engine::engine::Engine;
use bgp_engine::input::{Connection, Input, Interface};
use bgp_engine::value::{Asn, ConnId, IfIndex, Instant};

const LINK: IfIndex = IfIndex(3);
const OURS: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);
const THEIRS: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 2);

#[derive(PartialEq, Eq)]
enum State {
    Up,
    Down,
}

struct Router {
    engine: Engine,
    now: Instant,
}

impl Router {
    fn new() -> Router {
        let mut router = Router { engine: Engine::new(1), now: Instant::from_micros(1) };
        router.link(State::Up);
        let mut bgp = BgpConfig::new(Asn(65001), Profile::Datacenter);
        let settings = NeighborSettings {
            remote_as: Some(RemoteAs::External),
            password: Some("secret".to_owned()),
            ..NeighborSettings::default()
        };
        bgp.neighbors
            .insert(NeighborName::Interface("eth0".to_owned()), Neighbor { settings, ..Neighbor::default() });
        let configuration = Configuration { bgp: Some(bgp), ..Configuration::default() };
        router.step(Input::Configure(Box::new(configuration)));
        router
    }

    /// Takes an input, and time alone for as long as any timer of the session may run.
    fn step(&mut self, input: Input<'_>) -> Vec<Effect> {
        let mut effects = Effects::default();
        self.engine.step(self.now, input, &mut effects);
        for _ in 0..20 {
            self.now = self.now + Duration::from_secs(1);
            self.engine.step(self.now, Input::Clock, &mut effects);
        }
        effects.list
    }

    fn link(&mut self, state: State) -> Vec<Effect> {
        let addresses = vec![ipnet::IpNet::new(OURS.into(), 64).unwrap()];
        let interface = Interface { index: LINK, name: "eth0".to_owned(), up: state == State::Up, addresses };
        self.step(Input::Interface(interface))
    }

    fn see(&mut self) -> Vec<Effect> {
        self.step(Input::RouterSeen { interface: LINK, address: THEIRS })
    }
}

fn connects(effects: &[Effect]) -> bool {
    let to: SocketAddr = (THEIRS, 179).into();
    effects.iter().any(
        |effect| matches!(effect, Effect::Connect { remote, interface: LINK, .. } if remote.ip() == to.ip()),
    )
}

#[test]
fn the_session_begins_when_the_router_is_seen() {
    let mut router = Router::new();
    let early = router.step(Input::Clock);
    assert!(!connects(&early), "nobody has been seen yet");
    assert!(connects(&router.see()));
}

#[test]
fn the_session_begins_anew_when_the_link_was_down_and_the_router_is_seen_again() {
    let mut router = Router::new();
    assert!(connects(&router.see()));
    router.link(State::Down);
    router.link(State::Up);
    let later = router.see();
    let has_key = |effect: &Effect| matches!(effect, Effect::ListenKey { key: Some(_), .. });
    assert!(later.iter().any(has_key), "without its key the neighbor cannot connect: {later:?}");
    assert!(connects(&later));
}

#[test]
fn a_neighbor_that_connects_before_it_is_seen_is_taken() {
    let mut router = Router::new();
    let end = |address, port| SocketAddr::V6(SocketAddrV6::new(address, port, 0, LINK.0));
    let connection =
        Connection { conn: ConnId(1), local: end(OURS, 179), remote: end(THEIRS, 40_000), interface: LINK };
    let mut effects = Effects::default();
    router.engine.step(router.now, Input::Accepted(connection), &mut effects);
    let opens = |effect: &Effect| match effect {
        Effect::Send { conn: ConnId(1), octets } => octets.get(18) == Some(&1),
        _ => false,
    };
    assert!(effects.list.iter().any(opens), "{:?}", effects.list);
}
