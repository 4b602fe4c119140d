//! Whole speakers, talking to one another in memory.

mod net;

use std::net::Ipv4Addr;

use bgp_engine::config::{BgpConfig, Configuration, Neighbor, NeighborName, Network, Profile, RemoteAs};
use bgp_engine::session::State;
use bgp_engine::value::{Asn, Duration, Family, RouterId};
use net::Net;

/// A speaker of AS `asn` at `10.0.0.host` with these neighbors, that asks for no policy.
fn speaker(host: u8, asn: u32, neighbors: &[(u8, u32)]) -> Configuration {
    let mut bgp = BgpConfig::new(Asn(asn), Profile::Traditional);
    bgp.router_id = Some(RouterId::from(Ipv4Addr::new(10, 0, 0, host)));
    bgp.ebgp_requires_policy = false;
    bgp.network_import_check = false;
    for &(other, remote) in neighbors {
        let mut neighbor = Neighbor::default();
        neighbor.settings.remote_as = Some(RemoteAs::Is(Asn(remote)));
        bgp.neighbors.insert(name(other), neighbor);
    }
    Configuration { bgp: Some(bgp), ..Configuration::default() }
}

fn name(host: u8) -> NeighborName {
    NeighborName::Address(Ipv4Addr::new(10, 0, 0, host).into())
}

fn originate(config: &mut Configuration, count: u32) {
    let networks = &mut config.bgp.as_mut().unwrap().families[Family::Ipv4Unicast].networks;
    for n in 0..count {
        let address = Ipv4Addr::from_bits((20 << 24) + (n << 8));
        networks.insert(ipnet::IpNet::new(address.into(), 24).unwrap(), Network::default());
    }
}

fn routes(net: &Net, n: usize) -> usize {
    net.engines[n].rib().v4.table.path_count()
}

#[test]
fn a_route_goes_from_one_speaker_through_another_to_a_third_and_back_out_again() {
    let mut net = Net::new(3);
    let mut first = speaker(1, 65001, &[(2, 65002)]);
    originate(&mut first, 1000);
    net.configure(0, first.clone());
    net.configure(1, speaker(2, 65002, &[(1, 65001), (3, 65003)]));
    net.configure(2, speaker(3, 65003, &[(2, 65002)]));
    net.run(Duration::from_secs(20));
    for (n, other) in [(0, 2), (1, 1), (1, 3), (2, 2)] {
        assert_eq!(
            net.engines[n].peer(&name(other)).unwrap().session.state(),
            State::Established,
            "{n} {other}"
        );
    }
    assert_eq!([routes(&net, 0), routes(&net, 1), routes(&net, 2)], [1000, 1000, 1000]);
    let table = &net.engines[2].rib().v4.table;
    let route = table.find("20.0.3.0/24".parse().unwrap()).unwrap();
    let stored = &net.engines[2].rib().facts.attrs[table.best(route).unwrap().attrs];
    assert_eq!(stored.attributes.as_path.to_string(), "65002 65001");

    first.bgp.as_mut().unwrap().families[Family::Ipv4Unicast].networks.clear();
    originate(&mut first, 10);
    net.configure(0, first);
    net.run(Duration::from_secs(1));
    assert_eq!([routes(&net, 0), routes(&net, 1), routes(&net, 2)], [10, 10, 10]);
}

#[test]
fn a_route_of_ones_own_has_a_med_of_zero_for_the_neighbor_and_none_beyond() {
    let mut net = Net::new(3);
    let mut first = speaker(1, 65001, &[(2, 65002)]);
    originate(&mut first, 1);
    net.configure(0, first);
    net.configure(1, speaker(2, 65002, &[(1, 65001), (3, 65003)]));
    net.configure(2, speaker(3, 65003, &[(2, 65002)]));
    net.run(Duration::from_secs(20));
    let med = |n: usize| {
        let table = &net.engines[n].rib().v4.table;
        let route = table.find("20.0.0.0/24".parse().unwrap()).unwrap();
        net.engines[n].rib().facts.attrs[table.best(route).unwrap().attrs].attributes.med
    };
    assert_eq!([med(0), med(1), med(2)], [Some(0), Some(0), None]);
}

#[test]
fn the_routes_of_a_peer_go_with_its_session() {
    let mut net = Net::new(3);
    let mut first = speaker(1, 65001, &[(2, 65002)]);
    originate(&mut first, 300);
    net.configure(0, first.clone());
    net.configure(1, speaker(2, 65002, &[(1, 65001), (3, 65003)]));
    net.configure(2, speaker(3, 65003, &[(2, 65002)]));
    net.run(Duration::from_secs(20));
    assert_eq!(routes(&net, 2), 300);
    first.bgp.as_mut().unwrap().neighbors.clear();
    net.configure(0, first);
    net.run(Duration::from_secs(1));
    assert_eq!([routes(&net, 1), routes(&net, 2)], [0, 0]);
}

#[test]
fn no_route_is_sent_back_to_the_peer_that_it_came_from() {
    let mut net = Net::new(2);
    let mut first = speaker(1, 65001, &[(2, 65002)]);
    originate(&mut first, 50);
    net.configure(0, first);
    net.configure(1, speaker(2, 65002, &[(1, 65001)]));
    net.run(Duration::from_secs(20));
    assert_eq!(
        net.engines[1].peer(&name(1)).unwrap().session.statistics().sent.updates,
        1,
        "End-of-RIB alone"
    );
}

#[test]
fn speakers_with_the_same_inputs_send_the_same_octets() {
    let play = || {
        let mut net = Net::new(3);
        let mut first = speaker(1, 65001, &[(2, 65002), (3, 65003)]);
        originate(&mut first, 500);
        net.configure(0, first);
        net.configure(1, speaker(2, 65002, &[(1, 65001), (3, 65003)]));
        net.configure(2, speaker(3, 65003, &[(1, 65001), (2, 65002)]));
        net.run(Duration::from_secs(200));
        net.sent
    };
    assert!(play() == play());
}
