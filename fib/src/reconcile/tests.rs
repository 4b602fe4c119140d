use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::netlink::next_hop::Exit;

/// A table as the router would hold it, and a kernel's beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Table {
    routes: BTreeMap<IpNet, GroupId>,
    groups: BTreeMap<GroupId, Ways>,
}

impl Table {
    fn order(&self) -> Vec<IpNet> {
        self.routes.keys().copied().collect()
    }
}

impl Desired for Table {
    fn places(&self) -> u32 {
        u32::try_from(self.routes.len()).unwrap()
    }

    fn wanted(&self, net: &IpNet) -> Option<(u32, GroupId)> {
        let place = self.order().iter().position(|known| known == net)?;
        Some((u32::try_from(place).unwrap(), self.routes[net]))
    }

    fn installed(&self, place: u32) -> Option<IpNet> {
        self.order().get(place as usize).copied()
    }

    fn ways(&self, group: GroupId) -> Option<Ways> {
        self.groups.get(&group).cloned()
    }

    fn groups(&self) -> impl Iterator<Item = GroupId> {
        self.groups.keys().copied()
    }
}

fn net(number: u8) -> IpNet {
    let v6 = [0x2001, 0xdb8, u16::from(number), 0, 0, 0, 0, 0];
    match number % 2 {
        0 => IpNet::new([198, 51, 100, number].into(), 32).unwrap(),
        _ => IpNet::new(v6.into(), 48).unwrap(),
    }
}

fn ways(shape: u8) -> Ways {
    let hop = |n: u8| Hop { gateway: Some([192, 0, 2, n].into()), interface: 3, weight: n };
    match shape {
        0 => Ways::Blackhole,
        1..=3 => Ways::Hops(vec![hop(shape)]),
        _ => Ways::Hops(vec![hop(1), hop(shape)]),
    }
}

/// The kernel's side, as a dump tells it.
fn dumped(kernel: &Table) -> (Objects, Chunk) {
    let mut objects = Objects::default();
    let mut numbers: BTreeMap<Exit, u32> = BTreeMap::new();
    for (group, ways) in &kernel.groups {
        let exits: Vec<(Exit, u8)> = match ways {
            Ways::Blackhole => vec![(Exit::Blackhole, 1)],
            Ways::Hops(hops) => hops
                .iter()
                .map(|hop| (Exit::Via { gateway: hop.gateway, interface: hop.interface }, hop.weight))
                .collect(),
        };
        let mut parts = Vec::new();
        for (exit, weight) in exits {
            let fresh = u32::try_from(numbers.len()).unwrap();
            let number = *numbers.entry(exit).or_insert(fresh);
            objects.hops.insert(number, exit);
            parts.push((number, weight));
        }
        objects.groups.insert(*group, parts);
    }
    let routes = kernel.routes.iter().map(|(net, group)| RouteSeen { net: *net, via: Via::Group(*group) });
    (objects, Chunk { routes: routes.collect(), hops: vec![] })
}

fn compare(kernel: &Table, desired: &Table, touched: &Batch, slice: usize) -> Difference {
    let (objects, chunk) = dumped(kernel);
    let mut comparison = Comparison::begin();
    comparison.touch(touched);
    comparison.objects(&objects, desired);
    let mut from = Some(0);
    while let Some(at) = from {
        from = comparison.routes(&chunk, at, slice, desired);
    }
    while comparison.missing(u32::try_from(slice).unwrap(), desired) == Course::More {}
    assert_eq!(comparison.compared(), kernel.routes.len());
    comparison.finish().unwrap()
}

/// What a router does with a difference.
fn mend(kernel: &mut Table, desired: &Table, difference: &Difference) {
    for group in difference.groups_missing.iter().chain(&difference.groups_different) {
        kernel.groups.insert(*group, desired.groups[group].clone());
    }
    for (net, group) in &difference.stray {
        assert_eq!(kernel.routes.remove(net), Some(*group));
    }
    for net in difference.missing.iter().chain(&difference.different) {
        kernel.routes.insert(*net, desired.routes[net]);
    }
    for group in &difference.groups_stray {
        kernel.groups.remove(group).unwrap();
    }
}

fn table() -> impl Strategy<Value = Table> {
    let groups = proptest::collection::btree_map(0..8_u32, 0..6_u8, 1..6);
    let routes = proptest::collection::btree_map(0..40_u8, any::<prop::sample::Index>(), 0..30);
    (groups, routes).prop_map(|(groups, routes)| {
        let groups: BTreeMap<GroupId, Ways> =
            groups.into_iter().map(|(group, shape)| (GroupId(group), ways(shape))).collect();
        let known: Vec<GroupId> = groups.keys().copied().collect();
        let routes = routes.into_iter().map(|(number, group)| (net(number), *group.get(&known)));
        Table { routes: routes.collect(), groups }
    })
}

fn nothing_touched() -> Batch {
    Batch { number: 0, changes: vec![] }
}

proptest! {
    /// Once for routes, once more for the groups that only strays named: then both are equal. What is equal already
    /// is in no list, and nothing is in two.
    #[test]
    fn a_difference_makes_both_equal(kernel in table(), desired in table(), slice in 1..50_usize) {
        let mut mended = kernel.clone();
        let difference = compare(&mended, &desired, &nothing_touched(), slice);
        for net in &difference.missing {
            prop_assert!(!kernel.routes.contains_key(net) && desired.routes.contains_key(net));
        }
        for net in &difference.different {
            prop_assert_ne!(kernel.routes[net], desired.routes[net]);
        }
        for (net, _) in &difference.stray {
            prop_assert!(kernel.routes.contains_key(net) && !desired.routes.contains_key(net));
        }
        for group in &difference.groups_different {
            prop_assert_ne!(&kernel.groups[group], &desired.groups[group]);
        }
        for group in &difference.groups_stray {
            prop_assert!(!kernel.routes.values().any(|named| named == group));
        }
        mend(&mut mended, &desired, &difference);
        prop_assert_eq!(&mended.routes, &desired.routes);
        let rest = compare(&mended, &desired, &nothing_touched(), slice);
        mend(&mut mended, &desired, &rest);
        prop_assert_eq!(&mended, &desired);
        prop_assert!(compare(&mended, &desired, &nothing_touched(), slice).is_none());
    }

    /// What was written meanwhile is in no list, and everything else is as it would be.
    #[test]
    fn what_is_touched_is_left_out(kernel in table(), desired in table(), touched in 0..40_u8) {
        let batch = Batch { number: 1, changes: vec![Change::RouteGone(net(touched), GroupId(0))] };
        let whole = compare(&kernel, &desired, &nothing_touched(), 7);
        let without = compare(&kernel, &desired, &batch, 7);
        let but = |nets: &[IpNet]| -> Vec<IpNet> {
            nets.iter().filter(|known| **known != net(touched)).copied().collect()
        };
        prop_assert_eq!(without.missing, but(&whole.missing));
        prop_assert_eq!(without.different, but(&whole.different));
        let nets = |strays: &[(IpNet, GroupId)]| -> Vec<IpNet> { strays.iter().map(|stray| stray.0).collect() };
        prop_assert_eq!(nets(&without.stray), but(&nets(&whole.stray)));
    }
}

#[test]
fn without_objects_the_hops_themselves_are_compared() {
    let desired = Table {
        routes: BTreeMap::from([(net(0), GroupId(0)), (net(2), GroupId(1)), (net(4), GroupId(2))]),
        groups: BTreeMap::from([(GroupId(0), ways(2)), (GroupId(1), ways(5)), (GroupId(2), Ways::Blackhole)]),
    };
    let hop = |n: u8, weight| Hop { gateway: Some([192, 0, 2, n].into()), interface: 3, weight };
    let route = |number, via| RouteSeen { net: net(number), via };
    // A single hop's weight is not told by the kernel.
    let hops = vec![hop(2, 1), hop(5, 5), hop(1, 1)];
    let routes = vec![route(0, Via::Hops(0, 1)), route(2, Via::Hops(1, 2)), route(4, Via::Blackhole)];
    let found = |routes: Vec<RouteSeen>| {
        let mut comparison = Comparison::begin();
        let chunk = Chunk { routes, hops: hops.clone() };
        assert_eq!(comparison.routes(&chunk, 0, 100, &desired), None);
        assert_eq!(comparison.missing(100, &desired), Course::Over);
        comparison.finish().unwrap()
    };
    assert!(found(routes.clone()).is_none());
    let mut turned = routes;
    turned[0].via = Via::Hops(1, 1);
    turned[2].via = Via::Hops(2, 1);
    let difference = found(turned);
    assert_eq!(difference.different, [net(0), net(4)]);
}

#[test]
fn too_much_at_once_is_said() {
    let mut comparison = Comparison::begin();
    for number in 0..300_u32 {
        let route = |low: u32| {
            let address = std::net::Ipv4Addr::from((number << 16) + (low << 4));
            Change::RouteGone(IpNet::new(address.into(), 28).unwrap(), GroupId(0))
        };
        comparison.touch(&Batch { number: u64::from(number), changes: (0..1024).map(route).collect() });
    }
    assert_eq!(comparison.finish(), Err(TooBusy));
}
