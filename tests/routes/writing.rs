//! What is written is what `ip` shows.

use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use fib::change::{Change, GroupId, Ways};
use fib::settings::Kernel;
use serde_json::json;

use crate::world::{
    World, group, ip, list, moved, net, object, open, route, route_gone, route_to, routes_to, write,
    write_all,
};

#[test]
fn ip_shows_what_an_operator_expects() {
    let world = World::new();
    let mut writer = open();
    assert_eq!(writer.kernel(), Kernel::Objects);
    let shared = Ways::Hops(vec![world.hop("10.0.1.2", world.east, 3), world.hop("10.0.2.2", world.west, 1)]);
    let link_local = Ways::Hops(vec![world.hop("fe80::2", world.east, 1)]);
    write_all(
        &mut writer,
        vec![
            group(0, shared),
            group(1, link_local),
            group(2, Ways::Blackhole),
            route("198.51.100.0/24", 0),
            route("198.51.101.0/24", 1),
            route("2001:db8:100::/48", 1),
            route("198.51.102.0/24", 2),
            route("2001:db8:102::/48", 2),
            route("0.0.0.0/0", 0),
            route("::/0", 1),
        ],
    );
    let two = route_to("198.51.100.0/24");
    assert_eq!(
        (&two["protocol"], &two["metric"], &two["nhid"]),
        (&json!("bgp"), &json!(20), &json!(object(0)))
    );
    let hops = two["nexthops"].as_array().unwrap();
    assert_eq!(
        (&hops[0]["gateway"], &hops[0]["dev"], &hops[0]["weight"]),
        (&json!("10.0.1.2"), &json!("east"), &json!(3))
    );
    assert_eq!(
        (&hops[1]["gateway"], &hops[1]["dev"], &hops[1]["weight"]),
        (&json!("10.0.2.2"), &json!("west"), &json!(1))
    );
    // RFC 8950: IPv4 through an IPv6 next hop.
    let foreign = route_to("198.51.101.0/24");
    assert_eq!(foreign["via"], json!({"family": "inet6", "host": "fe80::2"}));
    assert_eq!(route_to("2001:db8:100::/48")["protocol"], "bgp");
    for hole in ["198.51.102.0/24", "2001:db8:102::/48"] {
        assert_eq!(route_to(hole)["type"], "blackhole", "{hole}");
    }
    assert_eq!(routes_to("default").len(), 1);
    let objects = list("nexthop");
    assert!(objects.iter().all(|object| object["protocol"] == "bgp"), "{objects:?}");
    assert_eq!(objects.len(), 3 + 4, "three groups, three hops and a blackhole");
}

#[test]
fn a_group_that_moves_takes_its_routes_along() {
    let world = World::new();
    let mut writer = open();
    write_all(
        &mut writer,
        vec![group(0, world.simple()), route("198.51.100.0/24", 0), route("198.51.101.0/24", 0)],
    );
    let west = Ways::Hops(vec![world.hop("10.0.2.2", world.west, 1)]);
    write_all(&mut writer, vec![group(0, west)]);
    for net in ["198.51.100.0/24", "198.51.101.0/24"] {
        assert_eq!(route_to(net)["gateway"], "10.0.2.2");
    }
    write_all(&mut writer, vec![group(0, Ways::Blackhole)]);
    assert_eq!(route_to("198.51.100.0/24")["type"], "blackhole");
    assert_eq!(list("nexthop").len(), 2, "hops that no group names are gone");
    write_all(
        &mut writer,
        vec![
            group(1, world.simple()),
            moved("198.51.100.0/24", 1),
            route_gone("198.51.101.0/24", 0),
            Change::GroupGone(GroupId(0)),
        ],
    );
    assert_eq!(route_to("198.51.100.0/24")["nhid"], json!(object(1)));
    assert!(routes_to("198.51.101.0/24").is_empty());
    write_all(&mut writer, vec![route_gone("198.51.100.0/24", 1), Change::GroupGone(GroupId(1))]);
    assert!(list("nexthop").is_empty());
}

#[test]
fn what_is_gone_already_is_done() {
    let world = World::new();
    let mut writer = open();
    write_all(
        &mut writer,
        vec![
            route_gone("198.51.100.0/24", 0),
            route_gone("2001:db8:9::/48", 0),
            Change::GroupGone(GroupId(5)),
        ],
    );
    write_all(&mut writer, vec![group(0, world.simple()), route("198.51.100.0/24", 0)]);
    ip("route del 198.51.100.0/24");
    ip(&format!("nexthop del id {}", object(0)));
    write_all(&mut writer, vec![route_gone("198.51.100.0/24", 0), Change::GroupGone(GroupId(0))]);
    assert!(list("nexthop").is_empty(), "the group's hop as well");
}

#[test]
fn a_route_that_moves_is_there_again_if_it_was_lost() {
    let world = World::new();
    let mut writer = open();
    write_all(&mut writer, vec![group(0, world.simple()), route("198.51.100.0/24", 0)]);
    ip("route del 198.51.100.0/24");
    write_all(&mut writer, vec![moved("198.51.100.0/24", 0)]);
    assert_eq!(route_to("198.51.100.0/24")["nhid"], json!(object(0)));
}

#[test]
fn of_many_changes_the_refused_ones_are_told() {
    let world = World::new();
    let mut writer = open();
    let address = |n: u32| std::net::Ipv4Addr::from(0xc000_0000 + (n << 8));
    let taken = [0, 17, 600, 1000, 2999];
    for n in taken {
        ip(&format!("route add {}/24 dev west proto static metric 20", address(n)));
    }
    let mut changes = vec![group(0, world.simple())];
    changes.extend((0..3000).map(|n| route(&format!("{}/24", address(n)), 0)));
    changes.push(Change::Route(net("198.51.100.0/24"), GroupId(9)));
    let failed = write(&mut writer, changes);
    let mut expected: Vec<(u32, i32)> = taken.iter().map(|n| (n + 1, 17)).collect();
    expected.push((3001, 22));
    assert_eq!(failed, expected);
    assert_eq!(list("route show proto bgp").len(), 3000 - taken.len());
    assert_eq!(list("route show proto static").len(), taken.len());
    assert_eq!(writer.refusals().count(), expected.len());
}

#[test]
fn equal_hops_of_a_group_are_one_with_both_weights() {
    let world = World::new();
    let mut writer = open();
    let twice = Ways::Hops(vec![
        world.hop("10.0.1.2", world.east, 2),
        world.hop("10.0.1.2", world.east, 3),
        world.hop("10.0.2.2", world.west, 1),
    ]);
    write_all(&mut writer, vec![group(0, twice), route("198.51.100.0/24", 0)]);
    let shown = route_to("198.51.100.0/24");
    let weights: Vec<u64> =
        shown["nexthops"].as_array().unwrap().iter().map(|hop| hop["weight"].as_u64().unwrap()).collect();
    assert_eq!(weights, [5, 1]);
}

#[test]
fn a_gateway_that_the_kernel_does_not_find_on_the_link_is_put_there() {
    let world = World::new();
    let mut writer = open();
    let far =
        Ways::Hops(vec![world.hop("169.254.7.7", world.east, 1), world.hop("2001:db8:7::7", world.west, 1)]);
    let mixed =
        Ways::Hops(vec![world.hop("10.0.1.2", world.east, 1), world.hop("169.254.7.8", world.east, 1)]);
    write_all(
        &mut writer,
        vec![group(0, far), route("198.51.100.0/24", 0), group(1, mixed), route("198.51.101.0/24", 1)],
    );
    let shown = route_to("198.51.100.0/24");
    assert_eq!(shown["nexthops"][0]["gateway"], "169.254.7.7");
    assert_eq!(shown["nexthops"][0]["flags"], json!(["onlink"]));
    assert_eq!(shown["nexthops"][1]["via"]["host"], "2001:db8:7::7");
    let shown = route_to("198.51.101.0/24");
    assert_eq!(shown["nexthops"][0]["flags"], json!([]), "only where it is needed");
    assert_eq!(shown["nexthops"][1]["flags"], json!(["onlink"]));
}

/// What `ip monitor` tells of IPv4 routes while `work` is done. The kernel's own IPv6 routes come when they like: an
/// address is not there before the link has been asked for it.
fn told(work: impl FnOnce()) -> String {
    let mut monitor =
        Command::new("ip").args(["-4", "monitor", "route"]).stdout(Stdio::piped()).spawn().unwrap();
    // It does not say when it has begun.
    sleep(Duration::from_millis(300));
    work();
    sleep(Duration::from_millis(200));
    monitor.kill().unwrap();
    let output = monitor.wait_with_output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_lost_hop_leaves_all_its_groups_with_one_message() {
    let world = World::new();
    let mut writer = open();
    let hops = |last: &[u8]| {
        let hop = |n: &u8| world.hop(&format!("10.0.1.{n}"), world.east, 1);
        Ways::Hops(last.iter().map(hop).collect())
    };
    write_all(
        &mut writer,
        vec![
            group(0, hops(&[2, 3])),
            group(1, hops(&[2, 3, 4])),
            group(2, hops(&[2, 4])),
            group(3, hops(&[4])),
            route("198.51.100.0/24", 0),
            route("198.51.101.0/24", 1),
            route("198.51.102.0/24", 2),
        ],
    );
    let gateways = |net: &str| -> Vec<String> {
        let shown = route_to(net);
        let hops = shown["nexthops"].as_array().cloned().unwrap_or_else(|| vec![shown.clone()]);
        hops.iter().map(|hop| hop["gateway"].as_str().unwrap().to_owned()).collect()
    };
    // All groups lose .2; one has another hop for it, and is told so.
    let told = told(|| {
        write_all(&mut writer, vec![group(0, hops(&[3])), group(1, hops(&[3, 4])), group(2, hops(&[4]))]);
    });
    assert_eq!(told, "", "the kernel tells of no route");
    assert_eq!(gateways("198.51.100.0/24"), ["10.0.1.3"]);
    assert_eq!(gateways("198.51.101.0/24"), ["10.0.1.3", "10.0.1.4"]);
    assert_eq!(gateways("198.51.102.0/24"), ["10.0.1.4"]);
    // Group 3 keeps .4, so the others are told; and one that grows again has its hop again.
    write_all(&mut writer, vec![group(1, hops(&[3])), group(2, hops(&[2])), group(0, hops(&[2, 3]))]);
    assert_eq!(gateways("198.51.100.0/24"), ["10.0.1.2", "10.0.1.3"]);
    assert_eq!(gateways("198.51.101.0/24"), ["10.0.1.3"]);
    assert_eq!(gateways("198.51.102.0/24"), ["10.0.1.2"]);
    assert_eq!(list("nexthop").len(), 4 + 3);
    // The same where the kernel was faster, as it is when a link goes down.
    ip(&format!("nexthop del id {}", fib::settings::Settings::default().hop_object(hop_number("10.0.1.2"))));
    assert_eq!(write(&mut writer, vec![group(0, hops(&[3])), group(2, hops(&[4]))]), [(1, 2)]);
    assert_eq!(gateways("198.51.100.0/24"), ["10.0.1.3"]);
    assert!(routes_to("198.51.102.0/24").is_empty(), "the group's only hop was taken, and with it the route");
    write_all(
        &mut writer,
        vec![group(4, hops(&[5, 6])), group(5, hops(&[5, 3])), route("198.51.104.0/24", 4)],
    );
    ip(&format!("nexthop del id {}", fib::settings::Settings::default().hop_object(hop_number("10.0.1.5"))));
    let told = self::told(|| write_all(&mut writer, vec![group(4, hops(&[6])), group(5, hops(&[3]))]));
    assert_eq!((told.as_str(), gateways("198.51.104.0/24")), ("", vec!["10.0.1.6".to_owned()]));
}

/// The number of the single hop with this gateway.
fn hop_number(gateway: &str) -> u32 {
    let objects = list("nexthop");
    let id = objects.iter().find(|object| object["gateway"] == gateway).unwrap()["id"].as_u64().unwrap();
    let base = u64::from(fib::settings::Settings::default().hop_object(0));
    u32::try_from(id - base).unwrap()
}
