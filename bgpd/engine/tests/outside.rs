//! Routes that are not BGP's, as the engine takes them: what is originated from them, and what they make of next hops.

use std::collections::BTreeMap;

use bgp_engine::attr::NextHop;
use bgp_engine::config::{BgpConfig, Configuration, Network, Profile, Redistribute, StaticRoute, StaticVia};
use bgp_engine::effect::Effects;
use bgp_engine::engine::Engine;
use bgp_engine::input::{Input, Interface, KernelRoute};
use bgp_engine::rib::{RouteId, Table, Way};
use bgp_engine::value::{Asn, Family, IfIndex, Instant, Net, RouteKind};
use ipnet::IpNet;
use proptest::prelude::*;

fn step(engine: &mut Engine, input: Input<'_>) {
    let mut effects = Effects::default();
    engine.step(Instant::from_micros(1), input, &mut effects);
    while effects.more {
        effects = Effects::default();
        engine.step(Instant::from_micros(1), Input::Clock, &mut effects);
    }
}

/// A link that is up.
fn link(index: u32, addresses: &[&str]) -> Interface {
    let addresses = addresses.iter().map(|address| address.parse().unwrap()).collect();
    Interface { index: IfIndex(index), name: format!("eth{index}"), up: true, addresses }
}

fn kernel(net: &str, protocol: u8, metric: u32, ways: &[Way]) -> KernelRoute {
    KernelRoute { net: net.parse().unwrap(), protocol, metric, ways: ways.to_vec() }
}

fn over(router: &str, link: u32) -> Way {
    Way::Over(router.parse().unwrap(), IfIndex(link))
}

fn config(kinds: &[RouteKind], networks: &[&str]) -> Configuration {
    let mut bgp = BgpConfig::new(Asn(65001), Profile::Traditional);
    for family in Family::ALL {
        for &kind in kinds {
            bgp.families[family].redistribute.insert(kind, Redistribute::default());
        }
        let of_family = networks.iter().map(|net| net.parse::<IpNet>().unwrap());
        for net in of_family.filter(|net| net.addr().is_ipv4() == (family == Family::Ipv4Unicast)) {
            bgp.families[family].networks.insert(net, Network::default());
        }
    }
    Configuration { bgp: Some(bgp), ..Configuration::default() }
}

/// Every path of a table in a line: origin, metric, next hop.
fn paths_of<N: Net>(table: &Table<N>, engine: &Engine, to: &mut BTreeMap<IpNet, Vec<String>>) {
    for route in (0..table.places()).map(RouteId).filter(|&route| table.is_live(route)) {
        let mut lines: Vec<String> = table
            .paths(route)
            .map(|(_, path)| {
                let attributes = &engine.rib().facts.attrs[path.attrs].attributes;
                let next_hop = match &attributes.next_hop {
                    NextHop::Own => "own".to_owned(),
                    other => other.address().unwrap().to_string(),
                };
                format!("{} {} {next_hop}", attributes.origin, attributes.med.unwrap())
            })
            .collect();
        lines.sort();
        to.insert(table.net(route).into(), lines);
    }
}

fn paths(engine: &Engine) -> BTreeMap<IpNet, Vec<String>> {
    let mut paths = BTreeMap::new();
    paths_of(&engine.rib().v4.table, engine, &mut paths);
    paths_of(&engine.rib().v6.table, engine, &mut paths);
    paths
}

fn told(engine: &Engine) -> Vec<String> {
    paths(engine).into_iter().map(|(net, lines)| format!("{net} {}", lines.join(", "))).collect()
}

#[test]
fn what_is_redistributed_has_the_routes_metric_and_next_hop() {
    let mut engine = Engine::new(1);
    step(
        &mut engine,
        Input::Interface(link(2, &["10.0.0.1/24", "127.0.0.1/8", "fe80::1/64", "2001:db8::1/64"])),
    );
    let routes = vec![
        kernel("10.7.0.0/16", 3, 33, &[over("10.0.0.7", 2), over("10.0.0.8", 2)]),
        kernel("10.0.0.0/24", 2, 0, &[Way::Link(IfIndex(2))]),
        kernel("10.6.0.0/16", 3, 0, &[Way::Blackhole]),
        kernel("10.5.0.0/16", 3, 0, &[over("10.0.5.1", 9)]),
        kernel("10.4.0.0/16", 3, 0, &[over("2001:db8::4", 2)]),
        kernel("2001:db8:7::/48", 16, 1024, &[over("2001:db8::7", 2)]),
    ];
    step(&mut engine, Input::KernelRoutes(routes));
    step(&mut engine, Input::Configure(Box::new(config(&[RouteKind::Kernel, RouteKind::Connected], &[]))));
    assert_eq!(
        told(&engine),
        [
            "10.0.0.0/24 incomplete 0 own",
            "10.4.0.0/16 incomplete 0 own",
            "10.6.0.0/16 incomplete 0 own",
            "10.7.0.0/16 incomplete 33 10.0.0.7",
            "2001:db8::/64 incomplete 0 own",
            "2001:db8:7::/48 incomplete 1024 2001:db8::7",
        ]
    );
    let mut only_kernel = config(&[RouteKind::Kernel], &["10.7.0.0/16", "10.9.0.0/16"]);
    only_kernel.bgp.as_mut().unwrap().families[Family::Ipv4Unicast]
        .redistribute
        .insert(RouteKind::Kernel, Redistribute { metric: Some(7), route_map: None });
    step(&mut engine, Input::Configure(Box::new(only_kernel)));
    let expected = ["10.4.0.0/16 incomplete 7 own", "10.6.0.0/16 incomplete 7 own"];
    assert_eq!(told(&engine)[..2], expected);
    assert_eq!(told(&engine)[2], "10.7.0.0/16 IGP 0 own, incomplete 7 10.0.0.7");
}

#[test]
fn a_network_stands_while_its_route_does() {
    let mut engine = Engine::new(1);
    step(&mut engine, Input::Interface(link(2, &["10.0.0.1/24"])));
    step(&mut engine, Input::Configure(Box::new(config(&[], &["10.7.0.0/16"]))));
    assert!(told(&engine).is_empty());
    let route = kernel("10.7.0.0/16", 3, 0, &[over("10.0.0.7", 2)]);
    step(&mut engine, Input::KernelRoutes(vec![route.clone()]));
    assert_eq!(told(&engine), ["10.7.0.0/16 IGP 0 own"]);
    // A link that lost its carrier keeps its routes in the kernel, and they lead nowhere.
    step(&mut engine, Input::Interface(Interface { up: false, ..link(2, &["10.0.0.1/24"]) }));
    assert!(told(&engine).is_empty());
    step(&mut engine, Input::Interface(link(2, &["10.0.0.1/24"])));
    assert_eq!(told(&engine), ["10.7.0.0/16 IGP 0 own"]);
    step(&mut engine, Input::KernelRoutes(vec![KernelRoute { ways: vec![], ..route }]));
    assert!(told(&engine).is_empty());
}

#[test]
fn a_static_route_is_redistributed_while_its_router_is_reached() {
    let mut engine = Engine::new(1);
    step(&mut engine, Input::Interface(link(2, &["10.0.0.1/24"])));
    let mut config = config(&[RouteKind::Static], &[]);
    let via = StaticVia::Address("10.7.0.9".parse().unwrap());
    config.static_routes.insert(StaticRoute { prefix: "10.9.0.0/16".parse().unwrap(), via, distance: 1 });
    step(&mut engine, Input::Configure(Box::new(config)));
    assert!(told(&engine).is_empty());
    let route = kernel("10.7.0.0/16", 3, 0, &[over("10.0.0.7", 2)]);
    step(&mut engine, Input::KernelRoutes(vec![route.clone()]));
    assert_eq!(told(&engine), ["10.9.0.0/16 incomplete 0 10.7.0.9"]);
    step(&mut engine, Input::KernelRoutes(vec![KernelRoute { ways: vec![], ..route }]));
    assert!(told(&engine).is_empty());
}

#[derive(Clone, Debug)]
enum Change {
    Kernel(u8, u8, bool),
    Link(u32, bool),
    Config(u8),
}

fn any_change() -> impl Strategy<Value = Change> {
    prop_oneof![
        6 => (0..12u8, 1..5u8, any::<bool>()).prop_map(|(net, protocol, gone)| Change::Kernel(net, protocol, gone)),
        1 => (2..4u32, any::<bool>()).prop_map(|(link, up)| Change::Link(link, up)),
        1 => any::<u8>().prop_map(Change::Config),
    ]
}

fn inputs(change: &Change) -> Input<'static> {
    match *change {
        Change::Kernel(net, protocol, gone) => {
            let link = 2 + u32::from(net % 2);
            let ways = if gone { vec![] } else { vec![over(&format!("10.0.{link}.{}", net + 1), link)] };
            Input::KernelRoutes(vec![kernel(&format!("10.{}.0.0/16", 10 + net), protocol, 0, &ways)])
        }
        Change::Link(index, up) => {
            Input::Interface(Interface { up, ..link(index, &[&format!("10.0.{index}.1/24")]) })
        }
        Change::Config(bits) => {
            let kinds: Vec<RouteKind> = RouteKind::ALL
                .into_iter()
                .enumerate()
                .filter(|(at, _)| bits >> at & 1 == 1)
                .map(|(_, kind)| kind)
                .collect();
            let mut config =
                config(&kinds, if bits & 8 == 8 { &["10.11.0.0/16", "10.0.2.0/24"] } else { &[] });
            let via = StaticVia::Address("10.12.0.9".parse().unwrap());
            let route = StaticRoute { prefix: "10.99.0.0/16".parse().unwrap(), via, distance: 1 };
            config.static_routes.extend((bits & 16 == 16).then_some(route));
            Input::Configure(Box::new(config))
        }
    }
}

proptest! {
    /// Whatever came in whatever order, what is originated is what follows from how things stand at the end.
    #[test]
    fn what_is_originated_follows_from_how_things_stand(changes in proptest::collection::vec(any_change(), 1..60)) {
        let mut engine = Engine::new(1);
        for change in &changes {
            step(&mut engine, inputs(change));
        }
        // The last word on each thing, and the configuration last.
        let mut last: BTreeMap<(u8, u32, u8), &Change> = BTreeMap::new();
        for change in &changes {
            let key = match *change {
                Change::Link(index, _) => (0, index, 0),
                Change::Kernel(net, protocol, _) => (1, net.into(), protocol),
                Change::Config(_) => (2, 0, 0),
            };
            last.insert(key, change);
        }
        let mut fresh = Engine::new(1);
        for change in last.values() {
            step(&mut fresh, inputs(change));
        }
        prop_assert_eq!(told(&engine), told(&fresh));
    }
}
