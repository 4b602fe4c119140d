//! Links that go and come: the kernel drops next-hop objects and routes of its own, and tells nobody.

use fib::change::{Change, GroupId, Ways};

use crate::world::{
    World, group, ip, list, moved, object, open, route, route_gone, route_to, routes_to, write, write_all,
};

#[test]
fn a_group_that_the_kernel_has_dropped_is_said_to_be_gone() {
    let world = World::new();
    let mut writer = open();
    write_all(&mut writer, vec![group(0, world.simple()), route("198.51.100.0/24", 0)]);
    ip("link set east down");
    assert!(routes_to("198.51.100.0/24").is_empty(), "the kernel drops the route with its group");
    let west = Ways::Hops(vec![world.hop("10.0.2.2", world.west, 1)]);
    assert_eq!(write(&mut writer, vec![group(0, west.clone())]), [(0, 2)]);
    // Its number may be used again, and whatever order the rest comes in, nothing is left behind.
    write_all(&mut writer, vec![group(1, west), moved("198.51.100.0/24", 1), Change::GroupGone(GroupId(0))]);
    assert_eq!(route_to("198.51.100.0/24")["nhid"], object(1));
    write_all(&mut writer, vec![route_gone("198.51.100.0/24", 1), Change::GroupGone(GroupId(1))]);
    assert!(list("nexthop").is_empty());
}

#[test]
fn a_hop_that_the_kernel_has_dropped_comes_back_with_the_next_group_that_names_it() {
    let world = World::new();
    let mut writer = open();
    let both = Ways::Hops(vec![world.hop("10.0.1.2", world.east, 1), world.hop("10.0.2.2", world.west, 1)]);
    write_all(&mut writer, vec![group(0, both.clone()), route("198.51.100.0/24", 0)]);
    ip("link set east down");
    ip("link set east up");
    assert_eq!(route_to("198.51.100.0/24")["gateway"], "10.0.2.2", "the other hop carries on");
    // The router saw nothing of it all, the link being up: it tells the group as it was, or a new one.
    write_all(&mut writer, vec![group(0, both), group(1, world.simple())]);
    assert_eq!(route_to("198.51.100.0/24")["nexthops"].as_array().unwrap().len(), 2);
    assert_eq!(list("nexthop").len(), 2 + 2);
}

#[test]
fn a_link_that_is_down_takes_no_group_until_it_is_up() {
    let world = World::new();
    let mut writer = open();
    ip("link set east down");
    let failed = write(&mut writer, vec![group(0, world.simple()), route("198.51.100.0/24", 0)]);
    assert_eq!(failed, [(0, 100), (1, 22)], "ENETDOWN");
    assert!(list("nexthop").is_empty());
    ip("link set east up");
    write_all(&mut writer, vec![group(0, world.simple()), route("198.51.100.0/24", 0)]);
    assert_eq!(route_to("198.51.100.0/24")["gateway"], "10.0.1.2");
}
