//! A router with its peers, its links and its kernel, and what the kernel should have: worked out from what the peers
//! said by a loop that knows nothing of logs, groups and batches.

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use bgp_engine::attr::{AsPath, ExtendedCommunity, NextHop, PathAttributes};
use bgp_engine::config::{
    Aggregate, BgpConfig, Configuration, Neighbor, NeighborName, Profile, RemoteAs, StaticRoute, StaticVia,
};
use bgp_engine::effect::{Effect, Effects};
use bgp_engine::engine::Engine;
use bgp_engine::input::{Connection, Input, Interface};
use bgp_engine::value::{
    Asn, ConnId, Family, FibReport, Hop, IfIndex, Instant, PathId, PerFamily, RouterId, Ways,
};
use bgp_engine::wire::open::OpenMessage;
use bgp_engine::wire::update::{self, Announcement, Withdrawal};
use bgp_engine::wire::{Capability, Dialect, MessageType, emit_keepalive, frame};
use ipnet::{IpNet, Ipv4Net};
use serde::{Deserialize, Serialize};

use crate::model::{Kernel, Through};

pub const PEERS: usize = 3;
pub const LINKS: [IfIndex; 2] = [IfIndex(2), IfIndex(3)];
/// What stands behind a static route, through a router on each link.
const FAR: &str = "10.9.0.0/24";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said {
    pub hops: u32,
    /// Which next hop: two on the first link, two on the second, and a far one.
    pub next_hop: u8,
    /// In thousands of octets a second.
    pub bandwidth: Option<u8>,
}

/// What the operator has set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    pub one_path: bool,
    pub aggregate: bool,
    /// This prefix is somebody else's too.
    pub taken: Option<u8>,
    pub suppress: bool,
}

pub struct World {
    pub engine: Engine,
    pub kernel: Kernel,
    pub now: u64,
    pub more: bool,
    pub deadline: Option<u64>,
    pub up: [bool; 2],
    /// What happened to links and routes that the router has not heard of.
    pub news: VecDeque<News>,
    pub said: Vec<BTreeMap<Ipv4Net, Said>>,
    pub heard: Vec<BTreeMap<Ipv4Net, String>>,
    conns: Vec<ConnId>,
    pub settings: Settings,
}

#[derive(Clone, Debug)]
pub enum News {
    Link(usize, bool),
    Report(FibReport),
}

pub fn net(number: u8) -> Ipv4Net {
    Ipv4Net::new(Ipv4Addr::new(20, number, 0, 0), 16).unwrap()
}

fn asn(peer: usize) -> Asn {
    Asn(65001 + u32::try_from(peer).unwrap())
}

fn path(said: Said) -> AsPath {
    AsPath::from_asns((0..said.hops).map(|hop| Asn(100 + hop)))
}

pub fn next_hop(number: u8) -> Ipv4Addr {
    match number {
        0 | 1 => Ipv4Addr::new(10, 0, 0, 1 + number),
        2 | 3 => Ipv4Addr::new(10, 0, 1, number - 1),
        _ => Ipv4Addr::new(10, 9, 0, 1),
    }
}

/// Where a next hop leads while these links are up.
fn resolved(number: u8, up: [bool; 2]) -> Vec<(IpAddr, IfIndex)> {
    let on = |number: u8| (next_hop(number).into(), LINKS[usize::from(number / 2)]);
    let all = if number < 4 { vec![on(number)] } else { vec![on(0), on(2)] };
    all.into_iter().filter(|(_, link)| up[link.0 as usize - 2]).collect()
}

fn dialect() -> Dialect {
    Dialect { four_octet_as: true, families: PerFamily([true, true]), ..Dialect::default() }
}

pub fn aggregate() -> Ipv4Net {
    "20.0.0.0/8".parse().unwrap()
}

impl World {
    pub fn new(kernel: Kernel) -> World {
        let mut world = World {
            engine: Engine::new(5),
            kernel,
            now: 1_000_000,
            more: false,
            deadline: None,
            up: [true; 2],
            news: VecDeque::new(),
            said: vec![BTreeMap::new(); PEERS],
            heard: vec![BTreeMap::new(); PEERS],
            conns: (0..PEERS).map(|peer| ConnId(1 + peer as u64)).collect(),
            settings: Settings { one_path: false, aggregate: false, taken: None, suppress: false },
        };
        (0..2).for_each(|link| world.input(Input::Interface(interface(link))));
        world.configure();
        (0..PEERS).for_each(|peer| world.connect(peer));
        world
    }

    /// A writer comes, looks at the kernel and says what differs.
    pub fn attach(&mut self) {
        let Kernel { objects, ref groups, .. } = self.kernel;
        self.kernel.meant = if objects { groups.clone() } else { groups_told(&self.engine) };
        let highest = self.kernel.groups.keys().next_back().copied();
        self.input(Input::Fib(FibReport::Attached { objects, highest }));
        self.compare();
        self.input(Input::Fib(FibReport::Reconciled));
    }

    pub fn configure(&mut self) {
        let mut bgp = BgpConfig::new(Asn(65000), Profile::Traditional);
        bgp.router_id = Some(RouterId(9));
        bgp.ebgp_requires_policy = false;
        bgp.enforce_first_as = false;
        bgp.fast_external_failover = false;
        bgp.best_path.compare_router_id = true;
        bgp.best_path.multipath_relax = true;
        bgp.suppress_fib_pending = self.settings.suppress;
        for peer in 0..PEERS {
            let mut neighbor = Neighbor::default();
            neighbor.settings.remote_as = Some(RemoteAs::Is(asn(peer)));
            neighbor.settings.passive = Some(true);
            neighbor.settings.ebgp_multihop = Some(9);
            bgp.neighbors.insert(NeighborName::Address(peer_address(peer)), neighbor);
        }
        let family = &mut bgp.families[Family::Ipv4Unicast];
        family.maximum_paths = self.settings.one_path.then_some(1);
        if self.settings.aggregate {
            family.aggregates.insert(aggregate().into(), Aggregate::default());
        }
        let mut config = Configuration { bgp: Some(bgp), ..Configuration::default() };
        for router in [0, 2] {
            config.static_routes.insert(StaticRoute {
                prefix: FAR.parse().unwrap(),
                via: StaticVia::Address(next_hop(router).into()),
                distance: 1,
            });
        }
        if let Some(taken) = self.settings.taken {
            config.static_routes.insert(StaticRoute {
                prefix: net(taken).into(),
                via: StaticVia::Blackhole,
                distance: 1,
            });
        }
        self.input(Input::Configure(Box::new(config)));
    }

    fn connect(&mut self, peer: usize) {
        let conn = self.conns[peer];
        let remote = SocketAddr::new(peer_address(peer), 4000);
        let local = "10.0.0.254:179".parse().unwrap();
        self.input(Input::Accepted(Connection { conn, local, remote, interface: IfIndex(0) }));
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

    pub fn input(&mut self, input: Input<'_>) {
        let mut effects = Effects::default();
        self.now += 10;
        self.engine.step(Instant::from_micros(self.now), input, &mut effects);
        self.more = effects.more;
        self.deadline = effects.deadline.map(Instant::as_micros);
        let mut drained = Vec::new();
        for effect in effects.list {
            match effect {
                Effect::Send { conn, octets } => {
                    let peer = self.conns.iter().position(|&other| other == conn).unwrap();
                    self.hear(peer, &octets);
                    drained.push((conn, octets.len() as u64));
                }
                Effect::Fib(batch) => self.kernel.give(batch),
                _ => {}
            }
        }
        for (conn, octets) in drained {
            self.input(Input::Drained { conn, octets });
        }
    }

    fn hear(&mut self, peer: usize, mut octets: &[u8]) {
        while let Some(frame) = frame::next(octets, frame::MAX_LEN).unwrap() {
            octets = &octets[frame.len..];
            if frame.kind != MessageType::Update {
                continue;
            }
            let message = update::parse(frame.body, &dialect()).unwrap();
            for (_, net) in message.withdrawn.v4() {
                self.heard[peer].remove(&net);
            }
            if let Some(attributes) = &message.attributes {
                for (_, net) in message.announced.v4() {
                    self.heard[peer].insert(net, attributes.as_path.to_string());
                }
            }
        }
    }

    pub fn announce(&mut self, peer: usize, number: u8, said: Said) {
        let mut attributes = PathAttributes::default();
        attributes.as_path = path(said);
        attributes.next_hop = NextHop::V4(next_hop(said.next_hop));
        if let Some(bandwidth) = said.bandwidth {
            let community = ExtendedCommunity::from_link_bandwidth(asn(peer), f32::from(bandwidth) * 1000.0);
            attributes.edit_rare(|rare| rare.extended_communities = vec![community].into());
        }
        let (mut encoded, mut octets) = (Vec::new(), Vec::new());
        update::emit_attributes(&attributes, &dialect(), Family::Ipv4Unicast, &mut encoded);
        let (hop, family) = (&attributes.next_hop, Family::Ipv4Unicast);
        let mut message = Announcement::begin(&mut octets, &encoded, hop, family, &dialect()).unwrap();
        assert!(message.push(PathId(0), net(number)));
        message.finish();
        self.said[peer].insert(net(number), said);
        let conn = self.conns[peer];
        self.input(Input::Received { conn, octets: &octets });
    }

    pub fn withdraw(&mut self, peer: usize, number: u8) {
        let mut octets = Vec::new();
        let mut message = Withdrawal::begin(&mut octets, Family::Ipv4Unicast, &dialect());
        assert!(message.push(PathId(0), net(number)));
        message.finish();
        self.said[peer].remove(&net(number));
        let conn = self.conns[peer];
        self.input(Input::Received { conn, octets: &octets });
    }

    pub fn bounce(&mut self, peer: usize) {
        let conn = self.conns[peer];
        self.input(Input::Closed { conn, errno: 0 });
        self.conns[peer] = ConnId(conn.0 + 100);
        self.said[peer].clear();
        self.heard[peer].clear();
        self.now += 40_000_000;
        self.input(Input::Clock);
        self.connect(peer);
    }

    /// The engine is saved, and what is restored goes on.
    pub fn cut(&mut self) {
        let snapshot = save(&self.engine);
        let restored = Engine::deserialize(&mut rmp_serde::Deserializer::from_read_ref(&snapshot)).unwrap();
        assert_eq!(restored.digest(), self.engine.digest());
        assert!(save(&restored) == snapshot, "what was restored is saved as something else");
        self.engine = restored;
    }

    /// The router hears the next thing that happened outside.
    pub fn hear_news(&mut self) -> bool {
        match self.news.pop_front() {
            Some(News::Link(link, up)) => self.input(Input::Interface(Interface { up, ..interface(link) })),
            Some(News::Report(report)) => self.input(Input::Fib(report)),
            None => return false,
        }
        true
    }

    /// Says what differs between the kernel and what the engine says that it told it. Only what no waiting batch is
    /// about is looked at.
    pub fn compare(&mut self) -> usize {
        let told = routes_told(&self.engine);
        let groups = groups_told(&self.engine);
        let mut reports = Vec::new();
        let (mut lost, mut moved_routes, mut stray) = (Vec::new(), Vec::new(), Vec::new());
        for (net, group) in &told {
            let right = match self.kernel.routes.get(net) {
                Some(Through::Group(id)) => id == group,
                Some(Through::Ways(ways)) => groups.get(group) == Some(ways),
                None => {
                    lost.push(*net);
                    continue;
                }
            };
            if !right {
                moved_routes.push(*net);
            }
        }
        let unwanted = self.kernel.routes.iter().filter(|(net, _)| !told.contains_key(*net));
        stray.extend(unwanted.map(|(net, through)| match through {
            Through::Group(id) => (*net, *id),
            Through::Ways(_) => (*net, bgp_engine::value::GroupId(0)),
        }));
        if self.kernel.objects {
            let missing = groups.keys().filter(|id| !self.kernel.groups.contains_key(*id)).copied();
            let moved = groups
                .iter()
                .filter(|(id, ways)| self.kernel.groups.get(*id).is_some_and(|other| other != *ways))
                .map(|(&id, _)| id);
            let strays = self.kernel.groups.keys().filter(|id| !groups.contains_key(*id)).copied();
            reports.push(FibReport::GroupsLost(missing.collect()));
            reports.push(FibReport::GroupsMoved(moved.collect()));
            reports.push(FibReport::StrayGroups(strays.collect()));
        }
        reports.push(FibReport::Lost(lost));
        reports.push(FibReport::RoutesMoved(moved_routes));
        reports.push(FibReport::Stray(stray));
        let count = |report: &FibReport| match report {
            FibReport::GroupsLost(ids) | FibReport::GroupsMoved(ids) | FibReport::StrayGroups(ids) => {
                ids.len()
            }
            FibReport::Lost(nets) | FibReport::RoutesMoved(nets) => nets.len(),
            FibReport::Stray(routes) => routes.len(),
            FibReport::Attached { .. } | FibReport::Reconciled | FibReport::Done { .. } => 0,
        };
        let differences = reports.iter().map(count).sum();
        for report in reports.into_iter().filter(|report| count(report) > 0) {
            self.input(Input::Fib(report));
        }
        differences
    }

    /// Everything is heard, every batch is done, and time passes until nothing is left to do.
    pub fn settle(&mut self) {
        for round in 0.. {
            assert!(round < 5_000, "it never comes to rest");
            if self.hear_news() {
                continue;
            }
            if let Some(report) = self.kernel.answer(0) {
                self.input(Input::Fib(report));
            } else if std::mem::take(&mut self.kernel.in_doubt) {
                self.compare();
            } else if self.more {
                self.input(Input::Clock);
            } else if let Some(deadline) = self.deadline {
                self.now = self.now.max(deadline);
                self.input(Input::Clock);
            } else {
                return;
            }
        }
    }

    /// What the kernel should have.
    pub fn expected(&self) -> BTreeMap<IpNet, Ways> {
        let mut expected = BTreeMap::new();
        for number in 0..=u8::MAX {
            let paths = self.paths(net(number));
            if paths.is_empty() {
                continue;
            }
            if self.settings.aggregate {
                expected.insert(aggregate().into(), Ways::Blackhole);
            }
            if self.settings.taken != Some(number) {
                expected.insert(net(number).into(), self.ways(&paths));
            }
        }
        expected
    }

    /// The usable paths to a prefix, the best first.
    fn paths(&self, net: Ipv4Net) -> Vec<(usize, Said)> {
        let all = self.said.iter().enumerate().filter_map(|(peer, said)| Some((peer, *said.get(&net)?)));
        let mut paths: Vec<_> =
            all.filter(|(_, said)| !resolved(said.next_hop, self.up).is_empty()).collect();
        paths.sort_by_key(|(peer, said)| (said.hops, *peer));
        paths
    }

    fn ways(&self, paths: &[(usize, Said)]) -> Ways {
        let best = paths[0].1;
        let mut used: Vec<Said> = Vec::new();
        for (_, said) in paths.iter().filter(|(_, said)| said.hops == best.hops) {
            let known = used.iter().any(|other| other.next_hop == said.next_hop);
            if !known && (used.is_empty() || !self.settings.one_path) {
                used.push(*said);
            }
        }
        let most = used.iter().filter_map(|said| said.bandwidth).max();
        let weighted = used.iter().all(|said| said.bandwidth.is_some());
        let share = |said: &Said| match (said.bandwidth, most) {
            (Some(own), Some(most)) if weighted => {
                (f64::from(own) * 255.0 / f64::from(most)).round().max(1.0)
            }
            _ => 1.0,
        };
        let weights: Vec<u32> = reduce(used.iter().map(|said| share(said) as u32).collect());
        let mut hops: BTreeMap<(IpAddr, IfIndex), u32> = BTreeMap::new();
        for (said, weight) in used.iter().zip(weights) {
            for hop in resolved(said.next_hop, self.up) {
                *hops.entry(hop).or_default() += weight;
            }
        }
        let weights = reduce(hops.values().map(|&weight| weight.min(255)).collect());
        let hop = |((gateway, interface), weight): ((IpAddr, IfIndex), u32)| Hop {
            gateway: Some(gateway),
            interface,
            weight: u8::try_from(weight).unwrap(),
        };
        Ways::Hops(hops.into_keys().zip(weights).map(hop).collect())
    }

    /// What the kernel has.
    pub fn installed(&self) -> BTreeMap<IpNet, Ways> {
        let routes = self.kernel.routes.keys();
        routes.map(|net| (*net, self.kernel.ways(net).expect("a route without a group"))).collect()
    }
}

/// Without a common divisor.
fn reduce(weights: Vec<u32>) -> Vec<u32> {
    let divisor = (1..=255).rev().find(|divisor| weights.iter().all(|weight| weight % divisor == 0)).unwrap();
    weights.into_iter().map(|weight| weight / divisor).collect()
}

fn peer_address(peer: usize) -> IpAddr {
    Ipv4Addr::new(10, 0, 0, 100 + u8::try_from(peer).unwrap()).into()
}

/// A link that is up.
pub fn interface(link: usize) -> Interface {
    Interface {
        index: LINKS[link],
        name: format!("eth{link}"),
        up: true,
        addresses: vec![format!("10.0.{link}.254/24").parse().unwrap()],
    }
}

fn save(engine: &Engine) -> Vec<u8> {
    let mut out = Vec::new();
    engine.serialize(&mut rmp_serde::Serializer::new(&mut out).with_struct_map()).unwrap();
    out
}

/// Where the kernel was told that groups lead.
fn groups_told(engine: &Engine) -> BTreeMap<bgp_engine::value::GroupId, Ways> {
    let groups = engine.rib().facts.groups.iter();
    groups.filter_map(|(id, group)| Some((id, group.told.clone()?))).collect()
}

/// What the kernel was told of routes, whatever came of it.
fn routes_told(engine: &Engine) -> BTreeMap<IpNet, bgp_engine::value::GroupId> {
    let rib = &engine.rib().v4;
    let Some(told) = &rib.told else { return BTreeMap::new() };
    let routes = (0..rib.table.places()).map(bgp_engine::rib::RouteId);
    routes.filter_map(|route| Some((rib.table.net(route).into(), told.slot(route).group?))).collect()
}

impl World {
    /// What a peer must have heard in the end.
    pub fn advertised(&self, hearer: usize) -> BTreeMap<Ipv4Net, String> {
        let mut advertised = BTreeMap::new();
        for number in 0..=u8::MAX {
            let paths = self.paths(net(number));
            let Some(&(best, said)) = paths.first() else { continue };
            if self.settings.aggregate {
                advertised.insert(aggregate(), "65000".to_owned());
            }
            let in_kernel = self.settings.taken != Some(number);
            if best != hearer && (in_kernel || !self.settings.suppress) {
                advertised.insert(net(number), format!("65000 {}", path(said)));
            }
        }
        advertised
    }
}
