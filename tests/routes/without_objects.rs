//! The same on a kernel without next-hop objects: each route has its own next hops.

use fib::change::{Batch, Change, GroupId, Ways};
use fib::dump::{RouteDump, Via};
use fib::settings::{Kernel, Settings};
use fib::writer::Writer;
use serde_json::json;

use crate::world::{
    World, group, ip, list, moved, net, route, route_gone, route_to, routes_to, write, write_all,
};

#[test]
fn routes_have_their_own_next_hops() {
    let world = World::new();
    let mut writer = Writer::open_without_objects(Settings::default()).unwrap();
    assert_eq!(writer.kernel(), Kernel::Multipath);
    let shared = Ways::Hops(vec![world.hop("10.0.1.2", world.east, 3), world.hop("10.0.2.2", world.west, 1)]);
    let link_local = Ways::Hops(vec![world.hop("fe80::2", world.east, 1)]);
    let six = Ways::Hops(vec![world.hop("fe80::2", world.east, 1), world.hop("fe80::3", world.west, 2)]);
    let far = Ways::Hops(vec![world.hop("169.254.7.7", world.east, 1)]);
    write_all(
        &mut writer,
        vec![
            group(0, shared),
            group(1, link_local),
            group(2, Ways::Blackhole),
            group(3, six.clone()),
            group(4, far),
            route("198.51.100.0/24", 0),
            route("198.51.101.0/24", 1),
            route("2001:db8:100::/48", 1),
            route("198.51.102.0/24", 2),
            route("2001:db8:102::/48", 2),
            route("2001:db8:103::/48", 3),
            route("198.51.104.0/24", 4),
        ],
    );
    assert!(list("nexthop").is_empty());
    let two = route_to("198.51.100.0/24");
    assert_eq!(
        (&two["nexthops"][0]["gateway"], &two["nexthops"][0]["weight"]),
        (&json!("10.0.1.2"), &json!(3))
    );
    assert_eq!(route_to("198.51.101.0/24")["via"], json!({"family": "inet6", "host": "fe80::2"}));
    assert_eq!(route_to("2001:db8:100::/48")["gateway"], "fe80::2");
    for hole in ["198.51.102.0/24", "2001:db8:102::/48"] {
        assert_eq!(route_to(hole)["type"], "blackhole", "{hole}");
    }
    assert_eq!(route_to("2001:db8:103::/48")["nexthops"].as_array().unwrap().len(), 2);
    assert_eq!(route_to("198.51.104.0/24")["flags"], json!(["onlink"]));

    let mut dump = RouteDump::begin(Settings::default(), Kernel::Multipath).unwrap();
    let chunk = dump.chunk(100).unwrap().unwrap();
    assert_eq!(chunk.routes.len(), 7);
    let seen = chunk.routes.iter().find(|seen| seen.net == net("2001:db8:103::/48")).unwrap();
    let Via::Hops(first, count) = seen.via else { panic!("{seen:?}") };
    assert_eq!(Ways::Hops(chunk.hops_of(first, count).to_vec()).merged(), six);

    write_all(
        &mut writer,
        vec![moved("198.51.100.0/24", 1), moved("2001:db8:103::/48", 1), route_gone("198.51.101.0/24", 1)],
    );
    assert_eq!(route_to("198.51.100.0/24")["via"]["host"], "fe80::2");
    assert_eq!(route_to("2001:db8:103::/48")["gateway"], "fe80::2");
    assert!(routes_to("198.51.101.0/24").is_empty());
}

#[test]
fn others_routes_stay_here_too() {
    let world = World::new();
    let mut writer = Writer::open_without_objects(Settings::default()).unwrap();
    let link_local = Ways::Hops(vec![world.hop("fe80::2", world.east, 1)]);
    write_all(&mut writer, vec![group(0, link_local)]);
    for (net, gateway) in [("198.51.100.0/24", "10.0.2.2"), ("2001:db8:100::/48", "2001:db8:2::2")] {
        ip(&format!("route add {net} via {gateway} proto static metric 20"));
        let before = route_to(net);
        assert_eq!(write(&mut writer, vec![route(net, 0)]), [(0, 17)]);
        write_all(&mut writer, vec![route_gone(net, 0)]);
        assert_eq!(route_to(net), before);
    }
    let changes = vec![Change::GroupGone(GroupId(0)), route("203.0.113.0/24", 0)];
    assert_eq!(writer.write(&Batch { number: 3, changes }).unwrap().failed, [(1, 22)]);
}
