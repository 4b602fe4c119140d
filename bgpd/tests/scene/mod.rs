//! A router with neighbors, in memory: what the shows are asked about.

mod outside;

use std::sync::Arc;

use bgp_engine::attr::{
    Aggregator, Community, ExtendedCommunity, LargeCommunity, NextHop, Origin, PathAttributes,
};
use bgp_engine::config::NeighborName;
use bgp_engine::input::{Input, Interface};
use bgp_engine::value::{Asn, Duration, Family, FibReport, IfIndex, Instant, Net as _, PathId, RouterId};
use bgp_engine::wire::update::{Announcement, emit_attributes};
use bgpd::command::{Operation, Outcome, Session};
use bgpd::config::{Config, Standby, Strictness, parse_str};
use bgpd::machine::Survivals;
use bgpd::show::fib::{Attachment, Compared};
use bgpd::show::redundancy::{Digests, Log, Primary, Protection, Takeover, Twin, TwinState};
use bgpd::show::{Clock, Process, Progress, Router, Standing, Writing};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::net::Net;

/// The router under test.
const ROUTER: &str = include_str!("router.conf");

/// One where not all is well.
const EDGES: &str = include_str!("edges.conf");

/// One that writes its routes into the kernel and has others beside them.
const KERNEL: &str = include_str!("kernel.conf");

/// A neighbor of it.
fn neighbor(asn: u32, lines: &str) -> String {
    format!(
        "hostname r{asn}\nrouter bgp {asn}\n no bgp ebgp-requires-policy\n no bgp network import-check\n \
         neighbor 10.0.0.1 remote-as 65000\n \
         neighbor 10.0.0.1 passive\n{lines}"
    )
}

/// A router with neighbors.
pub struct Scene {
    net: Net,
    config: Arc<Config>,
}

fn parsed(text: &str) -> Config {
    parse_str("scene", text, Strictness::Strict).expect("the scene's configuration is right").0
}

impl Scene {
    /// Everybody is up, and every path has come.
    pub fn new() -> Scene {
        let both = " address-family ipv6 unicast\n  neighbor 10.0.0.1 activate\n exit-address-family\n";
        let several =
            " address-family ipv4 unicast\n  neighbor 10.0.0.1 addpath-tx-all-paths\n exit-address-family\n";
        let mut scene = Scene::with(ROUTER, [(65001, several), (65002, both), (65000, "")]);
        scene.announce_all();
        scene.net.run(Duration::from_secs(93_784));
        scene
    }

    /// What is not as it should be: no policy, a family that one side has alone, a neighbor that has just been
    /// lost and whose routes are kept; and values too long for their columns.
    pub fn edges() -> Scene {
        let restarts = " bgp graceful-restart\n bgp graceful-restart preserve-fw-state\n";
        let both = " address-family ipv6 unicast\n  neighbor 10.0.0.1 activate\n exit-address-family\n";
        let mut scene = Scene::with(EDGES, [(65001, ""), (65002, restarts), (65000, both)]);
        scene.announce(1, "10.0.0.0/8", path("65001"));
        scene.announce(2, "198.51.100.128/25", path("65002"));
        let mut far = path("");
        far.local_pref = Some(100);
        far.next_hop = NextHop::V6("2001:db8:ffff:ffff::1".parse().unwrap());
        scene.announce(3, "2001:db8:1::/48", far);
        scene.net.run(Duration::from_secs(60));
        let conn = scene.net.engines[0].peer(&name(3)).unwrap().session.connection().unwrap();
        scene.net.input(0, Input::Closed { conn, errno: 104 });
        scene
    }

    /// The kernel takes routes and refuses one, has not answered yet for another, and has others' routes.
    pub fn kernel() -> Scene {
        let both = " address-family ipv6 unicast\n  neighbor 10.0.0.1 activate\n exit-address-family\n";
        let mut scene = Scene::with(KERNEL, [(65001, ""), (65002, both), (65000, "")]);
        outside::add(&mut scene.net);
        for report in [FibReport::Attached { objects: true, highest: None }, FibReport::Reconciled] {
            scene.net.input(0, Input::Fib(report));
        }
        scene.announce(1, "20.0.0.0/8", path("65001"));
        scene.announce(2, "20.0.0.0/8", path("65002"));
        for net in ["23.0.0.0/8", "30.0.0.0/8", "31.0.0.0/8", "40.0.0.0/8", "100.64.1.0/24"] {
            scene.announce(1, net, path("65001"));
        }
        let mut far = path("");
        (far.local_pref, far.med) = (Some(100), Some(30));
        far.next_hop = NextHop::V4([172, 17, 0, 9].into());
        scene.announce(3, "21.0.0.0/8", far.clone());
        far.next_hop = NextHop::V4([203, 0, 113, 77].into());
        scene.announce(3, "22.0.0.0/8", far);
        scene.announce(2, "2001:db8:20::/48", path("65002"));
        scene.net.run(Duration::from_secs(100));
        outside::answer(&mut scene.net, "23.0.0.0/8", "24.0.0.0/8");
        scene.announce(1, "24.0.0.0/8", path("65001"));
        outside::answer(&mut scene.net, "23.0.0.0/8", "24.0.0.0/8");
        scene
    }

    fn with(router: &str, neighbors: [(u32, &str); 3]) -> Scene {
        let mut net = Net::new(4);
        for n in 0..4 {
            let host = n + 1;
            let addresses =
                [format!("10.0.0.{host}/24"), format!("fd00::{host}/64"), format!("fe80::{host}/64")];
            let addresses = addresses.iter().map(|text| text.parse().unwrap()).collect();
            let interface = Interface { index: IfIndex(2), name: "eth0".into(), up: true, addresses };
            net.input(n, Input::Interface(interface));
        }
        let config = parsed(router);
        net.configure(0, config.engine.clone());
        for (n, (asn, lines)) in (1..).zip(neighbors) {
            net.configure(n, parsed(&neighbor(asn, lines)).engine);
        }
        net.run(Duration::from_secs(20));
        Scene { net, config: Arc::new(config) }
    }

    fn announce_all(&mut self) {
        let mut rich = path("65001 65010");
        rich.med = Some(20);
        rich.atomic_aggregate = true;
        rich.origin = Origin::Incomplete;
        rich.communities = [Community(0xfde9_0064), Community::NO_EXPORT].into_iter().collect();
        rich.edit_rare(|rare| {
            rare.aggregator = Some(Aggregator { asn: Asn(65010), router_id: RouterId(0x0a00_0009) });
            rare.extended_communities =
                [ExtendedCommunity([0, 2, 0xfd, 0xe8, 0, 0, 0, 1])].into_iter().collect();
            rare.large_communities = [LargeCommunity([65001, 1, 2])].into_iter().collect();
        });
        self.announce(1, "203.0.113.128/25", rich);
        self.announce(1, "198.51.100.0/24", path("65001 65010"));
        self.announce(1, "10.0.0.0/8", path("65001"));
        self.announce(1, "100.64.0.0/22", path("65001"));
        self.announce(2, "198.51.100.0/24", path("65002 65010"));
        self.announce(2, "100.64.1.0/24", path("65002 64999"));
        self.announce(2, "172.20.0.0/16", path("65002"));
        self.announce(2, "2001:db8:1::/48", path("65002"));
        let mut reflected = path("65011 65010");
        reflected.local_pref = Some(100);
        reflected.edit_rare(|rare| {
            rare.originator_id = Some(RouterId(0x0a00_0007));
            rare.cluster_list = [RouterId(0x0a00_0008)].into_iter().collect();
        });
        self.announce(3, "198.51.100.0/24", reflected);
        let mut preferred = path("");
        preferred.local_pref = Some(200);
        self.announce(3, "172.16.0.0/12", preferred);
        let mut unreachable = path("");
        unreachable.local_pref = Some(100);
        unreachable.next_hop = NextHop::V4([8, 8, 8, 8].into());
        self.announce(3, "1.1.1.0/24", unreachable);
    }

    /// Puts an UPDATE from a neighbor on the wire.
    fn announce(&mut self, from: u8, net: &str, mut attributes: PathAttributes) {
        self.net.run(Duration::from_secs(1));
        let host = from + 1;
        let net: IpNet = net.parse().unwrap();
        if attributes.next_hop == NextHop::Own {
            attributes.next_hop = match net {
                IpNet::V4(_) => NextHop::V4([10, 0, 0, host].into()),
                IpNet::V6(_) => {
                    let (global, local) = (format!("fd00::{host}"), format!("fe80::{host}"));
                    NextHop::V6WithLinkLocal(Box::new((global.parse().unwrap(), local.parse().unwrap())))
                }
            };
        }
        let speaker = self.net.engines[usize::from(from)].peer(&name(1)).unwrap();
        let dialect = speaker.session.negotiated().expect("the session is up").dialect;
        let family = if net.addr().is_ipv4() { Family::Ipv4Unicast } else { Family::Ipv6Unicast };
        let (mut octets, mut set) = (Vec::new(), Vec::new());
        emit_attributes(&attributes, &dialect, family, &mut set);
        let mut message =
            Announcement::begin(&mut octets, &set, &attributes.next_hop, family, &dialect).unwrap();
        assert!(match net {
            IpNet::V4(net) => message.push(PathId(1), Ipv4Net::from_bits(net.bits(), net.length())),
            IpNet::V6(net) => message.push(PathId(1), Ipv6Net::from_bits(net.bits(), net.length())),
        });
        message.finish();
        let conn = self.net.engines[0].peer(&name(host)).unwrap().session.connection().unwrap();
        self.net.input(0, Input::Received { conn, octets: &octets });
    }

    /// What the shell answers.
    pub fn ask(&self, line: &str) -> (String, Progress) {
        let mut config = Arc::clone(&self.config);
        let outcome = Session::default().execute(line, &mut config);
        let Ok(Outcome::Run(Operation::Show(mut show))) = outcome else {
            panic!("'{line}' is no show: {outcome:?}");
        };
        let clock = Clock { now: self.net.now, wall_ahead_us: 1_787_130_000_000_000 };
        let process = Process { pid: 4711, started: Instant::from_micros(1_000_000) };
        let (standing, survivals) = (&standing(), &Survivals::default());
        let (engine, config) = (&self.net.engines[0], &self.config);
        let writing = &writing();
        let router = Router { engine, config, clock, process, standing, writing, survivals };
        let mut answer = String::new();
        for _ in 0..100_000 {
            let progress = show.write_some(&router, &mut answer);
            if progress != Progress::More {
                return (answer, progress);
            }
        }
        panic!("'{line}' does not end");
    }
}

/// A writer that has compared once.
fn writing() -> Writing {
    let compared =
        Compared { unix_ms: 1_787_130_030_000, compared: 7, missing: 2, different: 1, stray: 0, groups: 1 };
    Writing {
        writer: Attachment::Ready,
        compared: Some(compared),
        next: Some(Instant::from_micros(300_000_000)),
        refusals: vec![("the route to 23.0.0.0/8".into(), 22, "Invalid next hop".into())],
    }
}

/// A router that has lived through two takeovers and is protected again.
fn standing() -> Standing {
    let takeover = |epoch, cause, signal: Option<&str>, detect_us| Takeover {
        epoch,
        unix_ms: 1_787_130_000_000 + i64::try_from(epoch).unwrap() * 60_000,
        cause,
        signal: signal.map(str::to_owned),
        detect: Duration::from_micros(detect_us),
        takeover: Duration::from_micros(987),
        sessions_kept: 3,
        sessions_lost: 0,
    };
    Standing {
        mode: Standby::Hot,
        protection: Protection::Protected,
        epoch: 3,
        primary: Primary { pid: 4711, started: Instant::from_micros(1_000_000), entry: 815 },
        twin: Twin {
            pid: Some(4712),
            version: Some("0.0.1".to_owned()),
            state: TwinState::InStep,
            applied_entry: 814,
            lag_entries: 1,
            lag_octets: 96,
            lag: Duration::from_micros(12),
        },
        digest: Digests { entry: 810, primary: Some(0xabc), twin: Some(0xabc) },
        takeovers: vec![takeover(3, "hang", Some("SIGKILL"), 500_250), takeover(2, "switchover", None, 0)],
        log: Log { octets: 4096, capacity: 256 << 20 },
    }
}

fn name(host: u8) -> NeighborName {
    NeighborName::Address([10, 0, 0, host].into())
}

fn path(ases: &str) -> PathAttributes {
    let mut attributes = PathAttributes::default();
    attributes.as_path = ases.parse().unwrap();
    attributes
}
