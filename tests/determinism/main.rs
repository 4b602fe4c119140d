//! Engines that are given the same inputs do the same: the same octets, the same digests, in any process.
//!
//! The inputs are a real update stream of twenty full-feed peers and two receivers that drain at different paces.
//! The test starts itself again as separate processes, with other environments (and so other stacks and heaps),
//! and compares what they print.

mod restored;

use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;

use bgp_engine::config::{
    BgpConfig, Configuration, Neighbor, NeighborName, Profile, RemoteAs, StaticRoute, StaticVia,
};
use bgp_engine::effect::{Effect, Effects};
use bgp_engine::engine::Engine;
use bgp_engine::input::{Connection, Input, Interface};
use bgp_engine::value::{Asn, ConnId, Digest, IfIndex, Instant, RouterId};
use bgp_engine::wire::open::OpenMessage;
use bgp_engine::wire::{Capability, emit_keepalive};
use tests::mrt::route::Family;
use tests::mrt::{read, source};

/// Tells a child process which message of the stream to leave out, or that none is.
const CHILD: &str = "FTBGP_DETERMINISM_WITHOUT";

const RECEIVERS: usize = 2;

/// An engine, the time, and digests of everything that it wanted done.
struct Player {
    engine: Engine,
    now: u64,
    wanted: Digest,
    octets: u64,
    waiting: Vec<u64>,
}

fn address(peer: usize) -> Ipv4Addr {
    Ipv4Addr::new(10, 0, 0, u8::try_from(peer + 1).expect("few peers"))
}

fn asn(peer: usize) -> Asn {
    Asn(64600 + u32::try_from(peer).expect("few peers"))
}

fn configuration(peers: usize) -> Configuration {
    let mut bgp = BgpConfig::new(Asn(65000), Profile::Traditional);
    bgp.router_id = Some(RouterId(1));
    bgp.ebgp_requires_policy = false;
    bgp.enforce_first_as = false;
    for peer in 0..peers {
        let mut neighbor = Neighbor::default();
        neighbor.settings.remote_as = Some(RemoteAs::Is(asn(peer)));
        neighbor.settings.passive = Some(true);
        bgp.neighbors.insert(NeighborName::Address(address(peer).into()), neighbor);
    }
    // The stream's next hops are anywhere; these routes make all of them reachable.
    let halves = ["0.0.0.0/1", "128.0.0.0/1"].map(|prefix| StaticRoute {
        prefix: prefix.parse().expect("a prefix"),
        via: StaticVia::Interface("eth0".into()),
        distance: 1,
    });
    Configuration { bgp: Some(bgp), static_routes: halves.into(), ..Configuration::default() }
}

impl Player {
    fn new(peers: usize) -> Self {
        let mut player = Player {
            engine: Engine::new(7),
            now: 1_000_000,
            wanted: Digest::default(),
            octets: 0,
            waiting: vec![0; peers],
        };
        player.input(Input::Interface(Interface {
            index: IfIndex(2),
            name: "eth0".into(),
            up: true,
            addresses: vec!["10.0.0.254/24".parse().expect("an address")],
        }));
        player.input(Input::Configure(Box::new(configuration(peers))));
        (0..peers).for_each(|peer| player.connect(peer));
        player
    }

    fn connect(&mut self, peer: usize) {
        let conn = ConnId(peer as u64);
        let remote = SocketAddr::new(address(peer).into(), 4000);
        let local = "10.0.0.254:179".parse().expect("an address");
        self.input(Input::Accepted(Connection { conn, local, remote, interface: IfIndex(0) }));
        let mut octets = Vec::new();
        OpenMessage {
            version: 4,
            my_as: OpenMessage::header_as(asn(peer)),
            hold_time_s: 180,
            router_id: RouterId(100 + u32::try_from(peer).expect("few peers")),
            capabilities: vec![
                Capability::MultiProtocol(bgp_engine::value::Family::Ipv4Unicast.afi_safi()),
                Capability::FourOctetAs(asn(peer)),
            ],
        }
        .emit(&mut octets);
        emit_keepalive(&mut octets);
        self.input(Input::Received { conn, octets: &octets });
    }

    fn input(&mut self, input: Input<'_>) {
        let mut effects = Effects::default();
        self.now += 100;
        self.engine.step(Instant::from_micros(self.now), input, &mut effects);
        for effect in effects.list {
            match effect {
                Effect::Send { conn, octets } => {
                    self.wanted.add(conn.0);
                    self.wanted.add_octets(&octets);
                    self.octets += octets.len() as u64;
                    self.waiting[usize::try_from(conn.0).expect("few peers")] += octets.len() as u64;
                }
                other => self.wanted.add_octets(format!("{other:?}").as_bytes()),
            }
        }
        self.wanted.add(effects.deadline.map_or(0, |deadline| deadline.as_micros()));
    }

    fn drain(&mut self, peer: usize) {
        let octets = std::mem::take(&mut self.waiting[peer]);
        if octets > 0 {
            self.input(Input::Drained { conn: ConnId(peer as u64), octets });
        }
    }

    /// Sends everything that is still to be sent, and says what came of it all.
    fn finish(mut self) -> String {
        for _ in 0..200 {
            self.input(Input::Clock);
            (0..self.waiting.len()).for_each(|peer| self.drain(peer));
        }
        format!(
            "digest {} wanted {} octets {} paths {}",
            self.engine.digest(),
            self.wanted,
            self.octets,
            self.engine.rib().v4.table.path_count(),
        )
    }
}

/// An UPDATE's body with its header.
fn framed(update: &[u8]) -> Vec<u8> {
    let mut octets = vec![0xff; 16];
    let len = u16::try_from(19 + update.len()).expect("a message");
    octets.extend_from_slice(&len.to_be_bytes());
    octets.push(2);
    octets.extend_from_slice(update);
    octets
}

/// Plays the stream without its message number `without`, and says what came of it.
fn play(without: usize) -> String {
    let bytes = read::unpack("updates-2026.mrt.bz2").expect("the stream is in the tree");
    let streams = source::streams(&bytes, Family::V4);
    let order: Vec<_> = streams.keys().copied().collect();
    let senders = order.len();
    let mut player = Player::new(senders + RECEIVERS);
    for (number, (speaker, update)) in source::messages(&bytes).enumerate() {
        let Some(peer) = order.iter().position(|known| *known == speaker) else { continue };
        if number == without {
            continue;
        }
        player.input(Input::Received { conn: ConnId(peer as u64), octets: &framed(update) });
        (0..senders).for_each(|peer| player.drain(peer));
        player.drain(senders);
        if number % 500 == 0 {
            player.drain(senders + 1);
        }
    }
    player.finish()
}

fn child(without: usize, environment: &[(&str, String)]) -> String {
    let this = std::env::current_exe().expect("this program");
    let output = Command::new(this)
        .args(["--exact", "a_child_plays_the_stream", "--nocapture"])
        .env(CHILD, without.to_string())
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .output()
        .expect("this program runs again");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = text.lines().find_map(|line| line.split_once("played: ")).map(|(_, played)| played.to_owned());
    line.unwrap_or_else(|| panic!("the child said nothing: {text}"))
}

/// Does nothing unless this process is a child of the other test.
#[test]
fn a_child_plays_the_stream() {
    if let Ok(without) = std::env::var(CHILD) {
        println!("played: {}", play(without.parse().expect("a number")));
    }
}

#[test]
fn processes_that_take_the_same_inputs_want_the_same_and_have_the_same_digest() {
    let all = usize::MAX;
    let first = child(all, &[]);
    let second = child(all, &[("PADDING", "x".repeat(70_000)), ("MALLOC_PERTURB_", "90".to_owned())]);
    assert_eq!(first, second);
    let other = child(20_000, &[]);
    assert_ne!(first, other, "one message less, and the digest is the same");
}
