//! What is somebody else's is never touched, and what is in the way is told.

use fib::change::{Change, GroupId};

use crate::world::{
    World, group, ip, list, object, open, route, route_gone, route_to, routes_to, write, write_all,
};

const NETS: [&str; 2] = ["198.51.100.0/24", "2001:db8:100::/48"];

fn gateway(net: &str) -> &'static str {
    if net.contains(':') { "2001:db8:2::2" } else { "10.0.2.2" }
}

#[test]
fn a_route_of_another_metric_stays_beside_ours() {
    let world = World::new();
    let mut writer = open();
    let link_local = fib::change::Ways::Hops(vec![world.hop("fe80::2", world.east, 1)]);
    write_all(&mut writer, vec![group(0, link_local)]);
    for net in NETS {
        for metric in [10, 30] {
            ip(&format!("route add {net} via {} proto static metric {metric}", gateway(net)));
        }
        write_all(&mut writer, vec![route(net, 0)]);
        assert_eq!(routes_to(net).len(), 3, "{net}");
        write_all(&mut writer, vec![route_gone(net, 0)]);
        let left = routes_to(net);
        assert!(left.len() == 2 && left.iter().all(|route| route["protocol"] == "static"), "{left:?}");
    }
}

#[test]
fn a_route_of_our_metric_is_a_conflict_and_stays_as_it_is() {
    let world = World::new();
    let mut writer = open();
    let link_local = fib::change::Ways::Hops(vec![world.hop("fe80::2", world.east, 1)]);
    write_all(&mut writer, vec![group(0, link_local)]);
    for net in NETS {
        ip(&format!("route add {net} via {} proto static metric 20", gateway(net)));
        let before = route_to(net);
        assert_eq!(write(&mut writer, vec![route(net, 0)]), [(0, 17)]);
        assert_eq!(writer.refusals().last().map(|refusal| refusal.errno), Some(17));
        write_all(&mut writer, vec![route_gone(net, 0)]);
        assert_eq!(route_to(net), before);
    }
}

#[test]
fn frrs_routes_have_our_protocol_and_metric_and_stay() {
    let world = World::new();
    let mut writer = open();
    ip("nexthop add id 7 via 10.0.2.2 dev west proto zebra");
    ip("nexthop add id 8 via 2001:db8:2::2 dev west proto zebra");
    let link_local = fib::change::Ways::Hops(vec![world.hop("fe80::2", world.east, 1)]);
    write_all(&mut writer, vec![group(0, link_local)]);
    for (net, id) in NETS.into_iter().zip([7, 8]) {
        ip(&format!("route add {net} nhid {id} proto bgp metric 20"));
        let before = route_to(net);
        assert_eq!(write(&mut writer, vec![route(net, 0)]), [(0, 17)]);
        write_all(&mut writer, vec![route_gone(net, 0)]);
        assert_eq!(route_to(net), before);
    }
}

#[test]
fn the_very_same_route_is_no_conflict() {
    let world = World::new();
    let mut first = open();
    let link_local = fib::change::Ways::Hops(vec![world.hop("fe80::2", world.east, 1)]);
    write_all(&mut first, vec![group(0, link_local), route(NETS[0], 0), route(NETS[1], 0)]);
    drop(first);
    let mut second = open();
    assert_eq!(second.highest_group(), Some(GroupId(0)));
    // Neither a removal later in the same batch nor anything else is turned round by the look at whose it is.
    write_all(&mut second, vec![route(NETS[0], 0), route(NETS[1], 0), route_gone(NETS[1], 0)]);
    assert_eq!(route_to(NETS[0])["nhid"], object(0));
    assert!(routes_to(NETS[1]).is_empty());
}

#[test]
fn somebody_elses_objects_in_our_range_are_left_alone() {
    let world = World::new();
    let hop = fib::settings::Settings::default().hop_object(0);
    ip(&format!("nexthop add id {} via 10.0.2.2 dev west proto zebra", object(0)));
    ip(&format!("nexthop add id {hop} via 10.0.2.3 dev west proto zebra"));
    let before = list("nexthop");
    let mut writer = open();
    assert_eq!(writer.highest_group(), None);
    assert_eq!(write(&mut writer, vec![group(0, world.simple()), route(NETS[0], 0)]), [(0, 17), (1, 22)]);
    write_all(&mut writer, vec![group(1, world.simple()), route(NETS[0], 1)]);
    assert_eq!(route_to(NETS[0])["gateway"], "10.0.1.2");
    write_all(
        &mut writer,
        vec![route_gone(NETS[0], 1), Change::GroupGone(GroupId(1)), Change::GroupGone(GroupId(0))],
    );
    assert_eq!(list("nexthop"), before);
}
