//! What the kernel tells of ours.

use std::collections::BTreeMap;

use fib::change::{Batch, Change, GroupId, Ways};
use fib::dump::{Objects, RouteDump, Via};
use fib::settings::{Kernel, Settings};
use fib::writer::Writer;
use ipnet::IpNet;

use crate::world::{World, ip, net};

/// All that the kernel has of ours.
fn dumped(settings: Settings) -> BTreeMap<IpNet, Via> {
    let mut dump = RouteDump::begin(settings, Kernel::Objects).unwrap();
    let mut found = BTreeMap::new();
    while let Some(chunk) = dump.chunk(500).unwrap() {
        assert!(chunk.routes.len() < 2000, "{} in one piece", chunk.routes.len());
        for route in chunk.routes {
            assert_eq!(found.insert(route.net, route.via), None, "{} twice", route.net);
        }
    }
    assert!(dump.chunk(1).unwrap().is_none(), "the end stays the end");
    found
}

fn numbered(n: u32) -> IpNet {
    if n.is_multiple_of(2) {
        IpNet::new(std::net::Ipv4Addr::from(0x1400_0000 + (n << 4)).into(), 28).unwrap()
    } else {
        IpNet::new(std::net::Ipv6Addr::from(0x2001_0db8_u128 << 96 | u128::from(n) << 64).into(), 64).unwrap()
    }
}

fn in_table(table: u32) {
    let world = World::new();
    let settings = Settings { table, ..Settings::default() };
    assert!(dumped(settings).is_empty());
    let mut writer = Writer::open(settings).unwrap();
    let mut changes = Vec::new();
    for group in 0..2_u8 {
        let gateway = format!("fe80::{}", group + 2);
        let ways = Ways::Hops(vec![world.hop(&gateway, world.east, group + 1)]);
        changes.push(Change::Group(GroupId(u32::from(group)), ways));
    }
    let mut expected = BTreeMap::new();
    for n in 0..10_000 {
        let group = GroupId(n / 2 % 2);
        changes.push(Change::Route(numbered(n), group));
        expected.insert(numbered(n), Via::Group(group));
    }
    assert_eq!(writer.write(&Batch { number: 1, changes }).unwrap().failed, []);
    // Others', in all ways in which they can be others'.
    ip("nexthop add id 7 via 10.0.2.2 dev west proto zebra");
    for marks in ["proto bgp metric 21", "proto static metric 20", "nhid 7 proto bgp metric 20"] {
        let via = if marks.contains("nhid") { "" } else { "via 10.0.2.2" };
        ip(&format!("route add 198.51.{}.0/24 {via} {marks} table {table}", marks.len()));
    }
    ip(&format!("route add 198.51.1.0/24 via 10.0.2.2 proto bgp metric 20 table {}", table + 1));
    assert_eq!(dumped(settings), expected);
    let objects = Objects::read(&settings).unwrap();
    assert_eq!(objects.groups().collect::<Vec<_>>(), [GroupId(0), GroupId(1)]);
    // A group of one has no weight to speak of, but has what it was given.
    assert_eq!(objects.ways(GroupId(1)), Some(Ways::Hops(vec![world.hop("fe80::3", world.east, 2)])));
    assert_eq!(objects.ways(GroupId(2)), None);
}

#[test]
fn the_main_tables_routes_are_told_and_only_ours() {
    in_table(254);
}

#[test]
fn so_are_those_of_a_table_whose_number_is_large() {
    in_table(100_000);
}

#[test]
fn a_million_routes_of_others_are_not_even_read() {
    let world = World::new();
    // Somebody else: another protocol and other ids.
    let theirs = Settings { protocol: 99, nexthop_id_base: 10, ..Settings::default() };
    let mut other = Writer::open(theirs).unwrap();
    let routes = (0..200_000).map(|n| Change::Route(numbered(2 * n), GroupId(0)));
    let changes = std::iter::once(Change::Group(GroupId(0), world.simple())).chain(routes).collect();
    assert_eq!(other.write(&Batch { number: 1, changes }).unwrap().failed, []);
    let mut writer = Writer::open(Settings::default()).unwrap();
    let ours = net("198.51.100.0/24");
    let changes = vec![Change::Group(GroupId(0), world.simple()), Change::Route(ours, GroupId(0))];
    assert_eq!(writer.write(&Batch { number: 1, changes }).unwrap().failed, []);
    let started = std::time::Instant::now();
    assert_eq!(dumped(theirs).len(), 200_000);
    let all = started.elapsed();
    let started = std::time::Instant::now();
    assert_eq!(dumped(Settings::default()), BTreeMap::from([(ours, Via::Group(GroupId(0)))]));
    let filtered = started.elapsed();
    assert!(filtered * 2 < all, "{filtered:?} for one of ours, {all:?} for all of theirs");
}
