//! The kernel against what it should have: what others changed is found and put right, and nothing else is written.

use std::collections::BTreeMap;

use fib::change::{Batch, Change, GroupId, Ways};
use fib::dump::{Objects, RouteDump};
use fib::reconcile::{Comparison, Course, Desired, Difference};
use fib::settings::Settings;
use fib::writer::Writer;
use ipnet::IpNet;

use crate::world::{World, group, ip, net, open, route, route_to, routes_to, write_all};

#[derive(Default)]
struct Table {
    routes: BTreeMap<IpNet, GroupId>,
    groups: BTreeMap<GroupId, Ways>,
}

impl Desired for Table {
    fn places(&self) -> u32 {
        u32::try_from(self.routes.len()).unwrap()
    }

    fn wanted(&self, net: &IpNet) -> Option<(u32, GroupId)> {
        let place = self.routes.keys().position(|known| known == net)?;
        Some((u32::try_from(place).unwrap(), self.routes[net]))
    }

    fn installed(&self, place: u32) -> Option<IpNet> {
        self.routes.keys().nth(place as usize).copied()
    }

    fn ways(&self, group: GroupId) -> Option<Ways> {
        self.groups.get(&group).cloned()
    }

    fn groups(&self) -> impl Iterator<Item = GroupId> {
        self.groups.keys().copied()
    }
}

impl Table {
    /// Notes what was written.
    fn note(&mut self, changes: &[Change]) {
        for change in changes {
            match change {
                Change::Group(group, ways) => _ = self.groups.insert(*group, ways.clone()),
                Change::GroupGone(group) => _ = self.groups.remove(group),
                Change::Route(net, group) | Change::Moved(net, group) => _ = self.routes.insert(*net, *group),
                Change::RouteGone(net, _) => _ = self.routes.remove(net),
            }
        }
    }

    fn compare(&self, writer: &Writer) -> Difference {
        let settings = Settings::default();
        let mut comparison = Comparison::begin();
        let objects = Objects::read(&settings).unwrap();
        comparison.objects(&objects, self);
        let mut dump = RouteDump::begin(settings, writer.kernel()).unwrap();
        while let Some(chunk) = dump.chunk(100).unwrap() {
            let mut from = Some(0);
            while let Some(at) = from {
                from = comparison.routes(&chunk, at, 10, self);
            }
        }
        while comparison.missing(10, self) == Course::More {}
        comparison.finish().unwrap()
    }

    /// What a router answers to a difference.
    fn answer(&self, difference: &Difference) -> Vec<Change> {
        let mut changes = Vec::new();
        for id in difference.groups_missing.iter().chain(&difference.groups_different) {
            changes.push(Change::Group(*id, self.groups[id].clone()));
        }
        changes.extend(difference.missing.iter().map(|net| Change::Route(*net, self.routes[net])));
        changes.extend(difference.different.iter().map(|net| Change::Moved(*net, self.routes[net])));
        changes.extend(difference.stray.iter().map(|(net, group)| Change::RouteGone(*net, *group)));
        changes.extend(difference.groups_stray.iter().map(|group| Change::GroupGone(*group)));
        changes
    }
}

#[test]
fn what_others_changed_is_found_and_put_right() {
    let world = World::new();
    let mut writer = open();
    let west = Ways::Hops(vec![world.hop("10.0.2.2", world.west, 1)]);
    let both = Ways::Hops(vec![world.hop("10.0.1.2", world.east, 2), world.hop("10.0.2.2", world.west, 1)]);
    let six = Ways::Hops(vec![world.hop("2001:db8:1::2", world.east, 1)]);
    let mut changes = vec![
        group(0, world.simple()),
        group(1, west),
        group(2, both),
        group(3, six),
        group(4, Ways::Blackhole),
    ];
    for n in 0..200 {
        changes.push(route(&format!("198.51.{n}.0/24"), n % 3));
        changes.push(route(&format!("2001:db8:{n:x}00::/48"), 3));
    }
    changes.push(route("203.0.113.0/24", 4));
    let mut table = Table::default();
    table.note(&changes);
    write_all(&mut writer, changes);
    assert!(table.compare(&writer).is_none(), "{:?}", table.compare(&writer));

    let base = Settings::default().nexthop_id_base;
    ip("route del 198.51.7.0/24");
    ip("-6 route del 2001:db8:700::/48");
    ip(&format!("route replace 198.51.8.0/24 nhid {base} proto bgp metric 20"));
    ip(&format!("route add 192.0.2.0/24 nhid {base} proto bgp metric 20"));
    ip(&format!("nexthop add id {} group {} proto bgp", base + 9, base + (1 << 19)));
    ip(&format!("nexthop replace id {} group {} proto bgp", base + 2, base + (1 << 19)));
    let difference = table.compare(&writer);
    assert_eq!(difference.missing, [net("198.51.7.0/24"), net("2001:db8:700::/48")]);
    assert_eq!(difference.different, [net("198.51.8.0/24")]);
    assert_eq!(difference.stray, [(net("192.0.2.0/24"), GroupId(0))]);
    assert_eq!(difference.groups_different, [GroupId(2)]);
    assert_eq!(difference.groups_stray, [GroupId(9)]);
    assert_eq!(difference.groups_missing, []);
    drop(writer);

    // A new writer, as after a takeover, puts it right.
    let mut writer = open();
    let answer = table.answer(&difference);
    write_all(&mut writer, answer);
    assert!(table.compare(&writer).is_none(), "{:?}", table.compare(&writer));
    assert_eq!(route_to("198.51.8.0/24")["nexthops"].as_array().unwrap().len(), 2);
    assert!(routes_to("192.0.2.0/24").is_empty());
    writer.sweep().unwrap();
    assert!(table.compare(&writer).is_none());
}

#[test]
fn leftovers_of_a_process_that_died_are_swept() {
    let world = World::new();
    let mut writer = open();
    write_all(&mut writer, vec![group(0, world.simple()), route("198.51.100.0/24", 0)]);
    let unnamed = Settings::default().hop_object(77);
    ip(&format!("nexthop add id {unnamed} via 10.0.2.9 dev west proto bgp"));
    ip(&format!("nexthop add id {} via 10.0.2.9 dev west proto zebra", unnamed + 1));
    let mut writer = open();
    writer.sweep().unwrap();
    let shown = ip("nexthop");
    assert!(
        !shown.contains(&format!("id {unnamed} ")) && shown.contains(&format!("id {} ", unnamed + 1)),
        "{shown}"
    );
    assert_eq!(route_to("198.51.100.0/24")["gateway"], "10.0.1.2");
    assert_eq!(writer.write(&Batch { number: 1, changes: vec![] }).unwrap().failed, []);
}
