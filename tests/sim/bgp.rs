//! The router as the subject: the real engine with its configuration, as the daemon runs it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use bgpd::machine::{Interface, OwnEffect, OwnInput, Speaker, Surroundings};
use ftcore::core::effect::Effects;
use ftcore::core::input::{Input, Time};
use ftcore::core::machine::Machine;
use tests::bench::encode::{self, AsWidth, Identity, kind};
use tests::bench::table::{AttributeSet, Prefix4};

use super::cluster::Subject;
use super::schedule::Schedule;
use super::script::{Script, Stimulus};
use super::world::{LOCAL, World};

impl Subject for Speaker {
    type Seed = u64;

    fn genesis(seed: &u64) -> Self {
        Speaker::new(*seed)
    }

    fn go_astray(&mut self) {
        self.step(Time(u64::MAX >> 8), Input::Other(&OwnInput::Stop.emit()), &mut Effects::default());
    }

    fn forewarned(seed: &u64) -> u64 {
        *seed
    }

    fn is_quiet(&self) -> bool {
        true
    }

    fn carry_out(_: OwnEffect, _: &mut World) {}
}

/// What all neighbors have in common: no timer of theirs runs out while the script waits.
const CONFIG: &str = "\
router bgp 65001
 bgp router-id 192.0.2.1
 no bgp ebgp-requires-policy
 no bgp network import-check
 timers bgp 0 0
 neighbor 192.0.2.2 remote-as 65002
 neighbor 192.0.2.2 passive
 neighbor 192.0.2.2 advertisement-interval 0
 neighbor 192.0.2.3 remote-as 65003
 neighbor 192.0.2.3 passive
 neighbor 192.0.2.3 advertisement-interval 0
 neighbor 192.0.2.4 remote-as 65001
 neighbor 192.0.2.4 passive
 neighbor 192.0.2.4 advertisement-interval 0
 address-family ipv4 unicast
  network 198.51.100.0/24
 exit-address-family
";

fn identity(peer: u8) -> Identity {
    let asn = [65002, 65003, 65001][usize::from(peer)];
    let address = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2 + peer));
    Identity { asn, address, hold_time_s: 0, as_width: AsWidth::Four }
}

/// Where a neighbor connects from.
pub fn connection_from(address: IpAddr) -> SocketAddr {
    SocketAddr::new(address, 40_000)
}

fn connects(peer: u8) -> Stimulus {
    Stimulus::Connect(connection_from(identity(peer).address))
}

/// OPEN and the first KEEPALIVE.
fn greets(connection: usize, peer: u8) -> Stimulus {
    let mut octets = encode::open(&identity(peer));
    octets.extend(encode::message(kind::KEEPALIVE, &[]));
    Stimulus::Send(connection, octets)
}

fn prefix(n: u32) -> Prefix4 {
    Prefix4 { address: 0x0a00_0000 | n << 8, length: 24 }
}

/// So many prefixes from `first` on, in runs with paths of different lengths.
fn announces(connection: usize, peer: u8, first: u32, count: u32) -> Stimulus {
    let mut octets = Vec::new();
    for run in 0..count.div_ceil(7) {
        let hops = 1 + (run + u32::from(peer)) % 3;
        let set = AttributeSet {
            origin: 0,
            tail: (0..hops).map(|hop| 65_100 + hop + run).collect(),
            communities: vec![65_002 << 16 | run],
        };
        let attributes = encode::attributes(&identity(peer), &set, usize::from(peer != 2));
        let prefixes: Vec<Prefix4> = (run * 7..count.min(run * 7 + 7)).map(|n| prefix(first + n)).collect();
        encode::announce(&mut octets, &attributes, &prefixes);
    }
    Stimulus::Send(connection, octets)
}

fn withdraws(connection: usize, first: u32, count: u32) -> Stimulus {
    let mut octets = Vec::new();
    encode::withdraw(&mut octets, &(first..first + count).map(prefix).collect::<Vec<_>>());
    Stimulus::Send(connection, octets)
}

/// The program is given an input of its own.
pub fn tells(input: &OwnInput) -> Stimulus {
    Stimulus::Tell(input.emit())
}

/// Sessions come and go, tables load both ways, routes are withdrawn and asked for again.
pub fn schedule() -> Schedule<u64> {
    let interface = Interface { index: 2, name: "eth0".into(), up: true, addresses: vec![(LOCAL, 24)] };
    let surroundings = Surroundings { without_fib: true, ..Surroundings::default() };
    let refresh = encode::message(5, &[0, 1, 0, 1]);
    let steps = vec![
        tells(&OwnInput::Interface(interface)),
        tells(&OwnInput::Configuration { text: CONFIG.into(), surroundings }),
        connects(0),
        greets(0, 0),
        announces(0, 0, 0, 90),
        connects(1),
        greets(1, 1),
        announces(1, 1, 40, 90),
        connects(2),
        greets(2, 2),
        withdraws(0, 10, 40),
        Stimulus::Send(2, refresh),
        announces(2, 2, 200, 20),
        // A second connection of a neighbor that has one.
        connects(1),
        Stimulus::Reset(0),
        connects(0),
        greets(4, 0),
        announces(4, 0, 0, 30),
        // An UPDATE that cannot be read: the session ends with a NOTIFICATION.
        Stimulus::Send(1, encode::message(kind::UPDATE, &[0xff; 9])),
        Stimulus::End(1),
        withdraws(4, 0, 30),
    ];
    let mut schedule = Schedule::plain(7, Script { steps });
    schedule.setup.digest_us = 100_000;
    schedule.setup.step_us = 20_000_000;
    schedule.setup.ring = 1 << 18;
    schedule.setup.slice = 4096;
    schedule
}

/// How many messages of each type a peer has seen, from OPEN on.
pub fn messages(mut octets: &[u8]) -> [usize; 5] {
    let mut counts = [0; 5];
    while let [_, .., kind] = octets.get(..encode::HEADER).unwrap_or_default() {
        counts[usize::from(*kind) - 1] += 1;
        let length = usize::from(octets[16]) << 8 | usize::from(octets[17]);
        octets = &octets[length..];
    }
    assert!(octets.is_empty(), "a message that was cut");
    counts
}
