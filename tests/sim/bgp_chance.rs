//! Scripts of the router by chance: neighbors of every kind come, load, change their minds and go, and an operator
//! types meanwhile. Everything follows from the seed.

use std::net::{IpAddr, Ipv4Addr};

use bgpd::machine::{Interface, KernelRoute, KernelWay, LineOf, OwnInput, RequestId, Surroundings};
use tests::bench::encode::{self, AsWidth, Identity, kind};
use tests::bench::table::{AttributeSet, Prefix4};

use super::bgp::{connection_from, tells};
use super::chance::Chance;
use super::schedule::Schedule;
use super::script::{Script, Stimulus};
use super::world::LOCAL;

/// The neighbors' ASes; 65001 is the router's own.
const PEERS: [u32; 5] = [65002, 65003, 65001, 65004, 65001];
const CONFIGURE: &str = "configure terminal";
const ROUTER: &str = "router bgp 65001";
const FAMILY: &str = "address-family ipv4 unicast";
/// The router's own idea of a neighbor that says nothing.
const HOLD_S: u16 = 90;

/// What an operator may type: in which mode, and the line. `PEER` is one of the neighbors.
pub const LINES: &[(&[&str], &str)] = &[
    (&[], "clear bgp *"),
    (&[], "clear bgp PEER"),
    (&[], "clear bgp * soft"),
    (&[], "clear bgp PEER soft out"),
    (&[], "clear bgp PEER soft in"),
    (&[CONFIGURE], "ip prefix-list SOME seq 5 deny 10.0.8.0/21 le 24"),
    (&[CONFIGURE], "ip prefix-list SOME seq 10 permit 0.0.0.0/0 le 32"),
    (&[CONFIGURE], "no ip prefix-list SOME seq 5 deny 10.0.8.0/21 le 24"),
    (&[CONFIGURE, "route-map PART permit 10"], "match ip address prefix-list SOME"),
    (&[CONFIGURE], "no route-map PART permit 10"),
    (&[CONFIGURE, ROUTER], "bgp bestpath as-path ignore"),
    (&[CONFIGURE, ROUTER], "no bgp bestpath as-path ignore"),
    (&[CONFIGURE, ROUTER], "bgp default local-preference 200"),
    (&[CONFIGURE, ROUTER], "neighbor PEER description changed"),
    (&[CONFIGURE, ROUTER], "neighbor PEER shutdown"),
    (&[CONFIGURE, ROUTER], "no neighbor PEER shutdown"),
    (&[CONFIGURE, ROUTER], "neighbor PEER password secret"),
    (&[CONFIGURE, ROUTER], "no neighbor PEER password secret"),
    (&[CONFIGURE, ROUTER, FAMILY], "network 203.0.113.0/24"),
    (&[CONFIGURE, ROUTER, FAMILY], "no network 203.0.113.0/24"),
    (&[CONFIGURE, ROUTER, FAMILY], "aggregate-address 10.0.0.0/16"),
    (&[CONFIGURE, ROUTER, FAMILY], "aggregate-address 10.0.0.0/16 summary-only"),
    (&[CONFIGURE, ROUTER, FAMILY], "no aggregate-address 10.0.0.0/16"),
    (&[CONFIGURE, ROUTER, FAMILY], "maximum-paths 4"),
    (&[CONFIGURE, ROUTER, FAMILY], "redistribute static metric 7"),
    (&[CONFIGURE, ROUTER, FAMILY], "neighbor PEER default-originate"),
    (&[CONFIGURE, ROUTER, FAMILY], "no neighbor PEER default-originate"),
    (&[CONFIGURE, ROUTER, FAMILY], "neighbor PEER next-hop-self"),
    (&[CONFIGURE, ROUTER, FAMILY], "neighbor PEER soft-reconfiguration inbound"),
    (&[CONFIGURE, ROUTER, FAMILY], "neighbor PEER weight 200"),
    (&[CONFIGURE, ROUTER, FAMILY], "neighbor PEER maximum-prefix 60"),
    (&[CONFIGURE, ROUTER, FAMILY], "neighbor PEER prefix-list SOME in"),
    (&[CONFIGURE, ROUTER, FAMILY], "neighbor PEER prefix-list SOME out"),
    (&[CONFIGURE, ROUTER, FAMILY], "neighbor PEER route-map PART out"),
    (&[CONFIGURE, ROUTER, FAMILY], "no neighbor PEER route-map PART out"),
];

/// The neighbors of a schedule, as far as its writer knows how they stand.
struct Writer<'a> {
    chance: &'a mut Chance,
    steps: Vec<Stimulus>,
    /// Connections so far, and the one of each neighbor that is up.
    connections: usize,
    up: [Option<usize>; PEERS.len()],
    hold_time_s: u16,
    lines: u64,
}

/// A schedule without faults; `chance` is used up as far as the script needs it.
pub fn schedule_by_chance(chance: &mut Chance) -> Schedule<u64> {
    let seed = chance.next();
    let hold_time_s = chance.one_of(&[0, 0, HOLD_S]);
    let mut writer =
        Writer { chance, steps: Vec::new(), connections: 0, up: [None; PEERS.len()], hold_time_s, lines: 0 };
    writer.write();
    let mut schedule = Schedule::plain(seed, Script { steps: writer.steps });
    let setup = &mut schedule.setup;
    setup.digest_us = 100_000;
    // Timers of neighbors that came in different steps never run out together.
    setup.step_us = 20_123_457;
    setup.ring = chance.one_of(&[1 << 17, 1 << 18]);
    setup.slice = chance.one_of(&[100, 700, 4096]);
    setup.most = chance.one_of(&[300, 900, usize::MAX]);
    setup.twin_every = chance.one_of(&[1, 1, 3, 50]);
    setup.twin_budget = chance.one_of(&[500, u64::MAX]);
    schedule
}

/// The configuration that the router starts with.
pub fn config(hold_time_s: u16) -> String {
    let mut text = format!(
        "router bgp 65001\n bgp router-id 192.0.2.1\n no bgp ebgp-requires-policy\n \
         no bgp network import-check\n timers bgp {} {hold_time_s}\n",
        // No timer runs out together with another one's third: the order of both would be chance's.
        hold_time_s * 29 / 90
    );
    for (peer, asn) in PEERS.iter().enumerate() {
        let address = address(peer);
        text += &format!(
            " neighbor {address} remote-as {asn}\n neighbor {address} passive\n \
             neighbor {address} advertisement-interval 0\n"
        );
    }
    text += " address-family ipv4 unicast\n  network 198.51.100.0/24\n";
    text += &format!("  neighbor {} route-reflector-client\n exit-address-family\n", address(4));
    text
}

/// A neighbor's address.
pub fn address(peer: usize) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2 + peer as u8))
}

fn link(carrier: Carrier) -> OwnInput {
    let (name, addresses) = ("eth0".into(), vec![(LOCAL, 24)]);
    OwnInput::Interface(Interface { index: 2, name, up: carrier == Carrier::Up, addresses })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Carrier {
    Up,
    Down,
}

impl Writer<'_> {
    fn write(&mut self) {
        let surroundings = Surroundings { without_fib: true, ..Surroundings::default() };
        self.steps.push(tells(&link(Carrier::Up)));
        self.steps.push(tells(&OwnInput::Configuration { text: config(self.hold_time_s), surroundings }));
        for peer in 0..2 + self.chance.below(2) as usize {
            self.connect(peer);
        }
        for _ in 0..5 + self.chance.below(16) {
            if self.chance.percent(15) {
                self.operate();
                continue;
            }
            let peer = self.chance.below(PEERS.len() as u64) as usize;
            match self.up[peer] {
                Some(connection) => self.speak(peer, connection),
                None => self.connect(peer),
            }
        }
    }

    fn identity(&self, peer: usize) -> Identity {
        let (asn, address) = (PEERS[peer], address(peer));
        Identity { asn, address, hold_time_s: self.hold_time_s, as_width: AsWidth::Four }
    }

    /// A neighbor connects and says who it is; some say the wrong thing, or no more than half of it.
    fn connect(&mut self, peer: usize) {
        self.steps.push(Stimulus::Connect(connection_from(address(peer))));
        let connection = self.connections;
        self.connections += 1;
        let mut identity = self.identity(peer);
        let mut octets = match self.chance.below(30) {
            0 => {
                identity.asn += 7;
                encode::open(&identity)
            }
            1 => {
                self.up[peer] = Some(connection);
                return;
            }
            _ => {
                self.up[peer] = Some(connection);
                encode::open(&identity)
            }
        };
        octets.extend(encode::message(kind::KEEPALIVE, &[]));
        if self.chance.percent(30) {
            octets.extend(self.updates(peer));
        }
        self.steps.push(Stimulus::Send(connection, octets));
    }

    /// What a neighbor does that is there.
    fn speak(&mut self, peer: usize, connection: usize) {
        let octets = match self.chance.below(100) {
            0..=57 => self.updates(peer),
            58..=64 => encode::message(5, &[0, 1, 0, 1]),
            65..=67 => encode::message(kind::UPDATE, &[0; 4]),
            68..=73 => encode::message(kind::KEEPALIVE, &[]),
            // Routes with an attribute that cannot be: taken as withdrawn (RFC 7606).
            74..=76 => self.announcement(peer, 9),
            77..=78 => encode::message(kind::UPDATE, &[0xff; 9]),
            79..=80 => encode::message(3, &[6, 4]),
            81..=83 => {
                self.up[peer] = None;
                return self.steps.push(Stimulus::End(connection));
            }
            84..=87 => {
                self.up[peer] = None;
                return self.steps.push(Stimulus::Reset(connection));
            }
            88..=89 => return self.connect(peer),
            90..=95 => {
                // In two parts, somewhere.
                let whole = self.updates(peer);
                let (first, rest) = whole.split_at(self.chance.below(whole.len() as u64) as usize);
                self.steps.push(Stimulus::Send(connection, first.to_vec()));
                rest.to_vec()
            }
            _ => {
                let mut all = self.updates(peer);
                all.extend(encode::message(5, &[0, 1, 0, 1]));
                all.extend(self.updates(peer));
                all
            }
        };
        self.steps.push(Stimulus::Send(connection, octets));
    }

    /// One or more UPDATEs: routes that come, routes that go.
    fn updates(&mut self, peer: usize) -> Vec<u8> {
        let mut octets = Vec::new();
        for _ in 0..1 + self.chance.below(4) {
            if self.chance.percent(30) {
                encode::withdraw(&mut octets, &self.prefixes());
            } else {
                let origin = self.chance.below(3) as u8;
                octets.extend(self.announcement(peer, origin));
            }
        }
        octets
    }

    /// Some prefixes with the same attributes. `origin` is ORIGIN's value, 0 to 2 where it is to be understood.
    fn announcement(&mut self, peer: usize, origin: u8) -> Vec<u8> {
        let own_hops = usize::from(PEERS[peer] != 65001);
        let hops = self.chance.below(4);
        let tail = (0..hops).map(|_| 65_100 + self.chance.below(6) as u32).collect();
        let communities = (0..self.chance.below(3)).map(|n| 65_002 << 16 | n as u32).collect();
        let mut attributes =
            encode::attributes(&self.identity(peer), &AttributeSet { origin, tail, communities }, own_hops);
        if own_hops == 0 {
            // LOCAL_PREF, which goes before the communities or not at all: the order is the sender's matter.
            attributes.extend_from_slice(&[0x40, 5, 4, 0, 0, 0, 90 + self.chance.below(20) as u8]);
        } else if self.chance.percent(30) {
            attributes.extend_from_slice(&[0x80, 4, 4, 0, 0, 0, self.chance.below(9) as u8]);
        }
        let (mut octets, prefixes) = (Vec::new(), self.prefixes());
        encode::announce(&mut octets, &attributes, &prefixes);
        octets
    }

    /// A few, seldom many, of some hundred that all neighbors fight over.
    fn prefixes(&mut self) -> Vec<Prefix4> {
        let most = if self.chance.percent(8) { 400 } else { 40 };
        let (first, count) = (self.chance.below(60) as u32, 1 + self.chance.below(most) as u32);
        let length = self.chance.one_of(&[24, 24, 23, 22]);
        let mask = u32::MAX << (32 - u32::from(length));
        let mut prefixes: Vec<Prefix4> = (first..first + count)
            .map(|n| Prefix4 { address: (0x0a00_0000 | n << 8) & mask, length })
            .collect();
        prefixes.dedup();
        prefixes
    }

    /// The operator, or the machine that the router runs on.
    fn operate(&mut self) {
        let input = match self.chance.below(10) {
            0 => link(Carrier::Down),
            1 => link(Carrier::Up),
            2..=3 => {
                let net = (IpAddr::V4(Ipv4Addr::new(172, 16, self.chance.below(3) as u8, 0)), 24);
                let ways = self.chance.one_of(&[vec![], vec![KernelWay::Over(address(0), 2)]]);
                OwnInput::KernelRoutes(vec![KernelRoute { net, protocol: 4, metric: 20, ways }])
            }
            _ => {
                let peer = self.chance.below(PEERS.len() as u64) as usize;
                let (mode, line) = self.chance.one_of(LINES);
                self.lines += 1;
                OwnInput::Line(line_of(self.lines, mode, line, peer))
            }
        };
        self.steps.push(tells(&input));
    }
}

/// A line of [`LINES`], about this neighbor.
pub fn line_of(number: u64, mode: &[&str], line: &str, peer: usize) -> LineOf {
    let request = RequestId { client: 1, number };
    let mode = mode.iter().map(|line| (*line).to_owned()).collect();
    LineOf { request, mode, line: line.replace("PEER", &address(peer).to_string()), author: None }
}
