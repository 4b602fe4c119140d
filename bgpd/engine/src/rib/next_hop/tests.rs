use alloc::string::{String, ToString};

use proptest::prelude::*;

use super::*;
use crate::value::RouteKind;

const UP: [IfIndex; 2] = [IfIndex(2), IfIndex(3)];

fn net(text: &str) -> IpNet {
    text.parse().unwrap()
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn through(router: &str) -> Way {
    Way::Through(address(router))
}

fn fixed(ways: &[Way]) -> OutsideRoute {
    OutsideRoute::new(RouteSource::Static, 1, ways.to_vec())
}

fn kernel(priority: u32, ways: &[Way]) -> OutsideRoute {
    OutsideRoute::new(RouteSource::Kernel(16), priority, ways.to_vec())
}

fn connected(link: u32) -> OutsideRoute {
    OutsideRoute::new(RouteSource::Connected, 0, alloc::vec![Way::Link(IfIndex(link))])
}

fn routes(list: &[(&str, OutsideRoute)]) -> OutsideRoutes {
    let mut routes = OutsideRoutes::default();
    routes.set_links_up(UP.into());
    for (prefix, route) in list {
        routes.put(net(prefix), route.clone());
    }
    routes
}

fn key(text: &str) -> NextHopKey {
    NextHopKey { address: address(text), interface: IfIndex(0) }
}

/// The way to an address in a line: metric, `on link` where connected, the hops.
fn way_to(routes: &OutsideRoutes, text: &str) -> String {
    let found = routes.resolve(key(text));
    let Some(metric) = found.reach.metric else { return "none".to_string() };
    let mut line = alloc::format!("{metric}{}", if found.reach.connected { " on link" } else { "" });
    for hop in found.hops {
        line += &alloc::format!(" {}@{}", hop.gateway.unwrap(), hop.interface.0);
    }
    line
}

fn some_routes() -> OutsideRoutes {
    routes(&[
        ("10.0.0.0/24", connected(2)),
        ("10.0.1.0/24", connected(3)),
        ("192.0.2.0/24", fixed(&[through("10.0.0.9")])),
        ("198.51.100.0/24", fixed(&[through("198.51.100.1")])),
        ("0.0.0.0/0", fixed(&[through("10.0.0.1")])),
        ("203.0.113.0/24", fixed(&[Way::Blackhole])),
        ("172.16.0.0/12", kernel(20, &[Way::Over(address("10.0.0.4"), IfIndex(2))])),
    ])
}

#[test]
fn a_next_hop_is_reached_on_a_link_or_by_a_route_that_ends_on_one() {
    let routes = some_routes();
    assert_eq!(way_to(&routes, "10.0.0.7"), "0 on link 10.0.0.7@2");
    assert_eq!(way_to(&routes, "192.0.2.7"), "0 10.0.0.9@2");
    assert_eq!(way_to(&routes, "172.17.0.1"), "20 10.0.0.4@2");
}

#[test]
fn neither_a_loop_nor_the_default_route_nor_a_blackhole_reaches_a_next_hop() {
    let routes = some_routes();
    for address in ["198.51.100.7", "8.8.8.8", "203.0.113.7", "2001:db8::1"] {
        assert_eq!(way_to(&routes, address), "none", "{address}");
    }
}

#[test]
fn the_default_route_reaches_a_next_hop_where_the_operator_says_so() {
    let mut routes = some_routes();
    routes.set_via_default(crate::value::PerFamily([true, false]));
    assert_eq!(way_to(&routes, "8.8.8.8"), "0 10.0.0.1@2");
    assert_eq!(way_to(&routes, "203.0.113.7"), "none");
}

#[test]
fn all_ways_of_all_routers_on_the_way_count() {
    let routes = routes(&[
        ("10.0.0.0/24", connected(2)),
        ("10.0.1.0/24", connected(3)),
        ("192.0.2.0/24", fixed(&[through("10.0.0.9"), through("10.0.1.9"), Way::Link(IfIndex(9))])),
        ("172.16.0.0/12", fixed(&[through("192.0.2.1"), through("10.0.0.9")])),
    ]);
    assert_eq!(way_to(&routes, "172.16.0.1"), "0 10.0.0.9@2 10.0.1.9@3");
}

#[test]
fn the_first_route_that_leads_somewhere_counts() {
    let mut routes = routes(&[
        ("192.0.2.0/24", fixed(&[through("10.0.1.9")])),
        ("192.0.2.0/24", kernel(100, &[Way::Over(address("10.0.0.4"), IfIndex(9))])),
        ("192.0.2.0/24", kernel(0x0200_0007, &[Way::Over(address("10.0.0.5"), IfIndex(2))])),
        ("192.0.0.0/8", kernel(5, &[Way::Over(address("10.0.0.6"), IfIndex(2))])),
    ]);
    // Link 9 is down, and 10.0.1.9 is not reached: the kernel's route of distance 2.
    assert_eq!(way_to(&routes, "192.0.2.7"), "7 10.0.0.5@2");
    routes.put(net("10.0.1.0/24"), connected(3));
    assert_eq!(way_to(&routes, "192.0.2.7"), "0 10.0.1.9@3");
    routes.set_links_up([IfIndex(2), IfIndex(9)].into());
    assert_eq!(way_to(&routes, "192.0.2.7"), "100 10.0.0.4@9");
    routes.take(net("192.0.2.0/24"), RouteSource::Kernel(16), 100);
    routes.take(net("192.0.2.0/24"), RouteSource::Kernel(16), 0x0200_0007);
    assert_eq!(way_to(&routes, "192.0.2.7"), "5 10.0.0.6@2");
}

#[test]
fn a_host_route_through_the_host_itself_is_looked_up_in_the_next_shorter_route() {
    let routes = routes(&[("10.0.0.0/24", connected(2)), ("10.0.0.5/32", fixed(&[through("10.0.0.5")]))]);
    assert_eq!(way_to(&routes, "10.0.0.5"), "0 10.0.0.5@2");
}

#[test]
fn many_routes_through_many_routers_cost_bounded_time() {
    let mut list = alloc::vec![("10.0.0.0/24".to_string(), connected(2))];
    for level in 0..16u8 {
        let ways: Vec<Way> =
            (0..16).map(|host| Way::Through(IpAddr::from([10, 1, level + 1, host]))).collect();
        list.push((alloc::format!("10.1.{level}.0/24"), fixed(&ways)));
    }
    let list: Vec<(&str, OutsideRoute)> =
        list.iter().map(|(net, route)| (net.as_str(), route.clone())).collect();
    assert_eq!(way_to(&routes(&list), "10.1.0.1"), "none");
}

#[test]
fn a_link_local_next_hop_is_reached_while_its_link_is_up() {
    let routes = some_routes();
    let key = NextHopKey { address: address("fe80::1"), interface: IfIndex(2) };
    let hop = ResolvedHop { gateway: Some(key.address), interface: IfIndex(2) };
    assert_eq!(routes.resolve(key).hops, [hop]);
    assert_eq!(routes.resolve(NextHopKey { interface: IfIndex(7), ..key }).reach, Reach::NONE);
}

#[test]
fn what_a_change_is_not_about_is_not_looked_up_again() {
    let mut table = NextHopTable { routes: some_routes(), ..NextHopTable::default() };
    let near = table.intern(Some(key("192.0.2.7")));
    let far = table.intern(Some(key("172.16.0.1")));
    table.settle();
    table.routes.put(net("8.0.0.0/8"), kernel(0, &[Way::Link(IfIndex(2))]));
    let moved = table.settle();
    assert_eq!((moved.next_hops, moved.nets), (Vec::new(), [net("8.0.0.0/8")].into()));
    // The network on which the router of 192.0.2.0/24 is.
    table.routes.take(net("10.0.0.0/24"), RouteSource::Connected, 0);
    let moved = table.settle();
    assert_eq!((moved.next_hops, moved.reach), (alloc::vec![near], true));
    assert_eq!((table.reach(near), table.hops(near)), (Reach::NONE, &[][..]));
    table.routes.put(net("172.16.0.0/12"), kernel(20, &[Way::Over(address("10.0.0.5"), IfIndex(2))]));
    let moved = table.settle();
    assert_eq!((moved.next_hops, moved.reach), (alloc::vec![far], false), "another router at the same cost");
}

#[test]
fn a_flap_between_two_looks_leaves_nothing_behind() {
    let mut table = NextHopTable { routes: some_routes(), ..NextHopTable::default() };
    let id = table.intern(Some(key("10.0.0.7")));
    table.settle();
    table.routes.set_links_up([IfIndex(3)].into());
    table.routes.set_links_up(UP.into());
    let moved = table.settle();
    assert_eq!((moved.next_hops, moved.reach), (Vec::new(), false));
    assert_eq!(table.hops(id).len(), 1);
}

#[test]
fn own_routes_are_replaced_and_the_kernels_stay() {
    let mut routes = some_routes();
    routes.take_touched();
    routes.replace_own([
        (net("10.0.0.0/24"), connected(2)),
        (net("10.0.9.1/24"), connected(3)),
        (net("10.0.9.1/24"), connected(2)),
    ]);
    let touched = routes.take_touched().nets;
    assert_eq!(touched.len(), 6, "all but 10.0.0.0/24 and the kernel's: {touched:?}");
    assert_eq!(routes.iter().count(), 3);
    assert_eq!(routes.to(net("10.0.9.0/24"))[0].ways, [Way::Link(IfIndex(3)), Way::Link(IfIndex(2))]);
    assert_eq!(way_to(&routes, "10.0.9.7"), "0 on link 10.0.9.7@3");
}

/// A few addresses near to each other, so that prefixes cover each other.
fn any_address() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        3 => (0..4u8, 0..4u8, 0..4u8).prop_map(|(a, b, c)| IpAddr::from([10 + a, b, 0, c])),
        1 => (0..3u16, 0..3u16).prop_map(|(a, b)| IpAddr::from([0x2001, a, 0, 0, 0, 0, 0, b])),
    ]
}

fn any_net() -> impl Strategy<Value = IpNet> {
    (any_address(), 0..=8u8).prop_map(|(address, eighth)| {
        let longest = if address.is_ipv4() { 32 } else { 128 };
        IpNet::new(address, longest / 8 * eighth).unwrap().trunc()
    })
}

fn any_way() -> impl Strategy<Value = Way> {
    prop_oneof![
        4 => (2..5u32).prop_map(|link| Way::Link(IfIndex(link))),
        6 => any_address().prop_map(Way::Through),
        3 => (any_address(), 2..5u32).prop_map(|(router, link)| Way::Over(router, IfIndex(link))),
        1 => Just(Way::Blackhole),
        1 => Just(Way::Unreachable),
    ]
}

fn any_source() -> impl Strategy<Value = RouteSource> {
    prop_oneof![
        Just(RouteSource::Connected),
        Just(RouteSource::Static),
        (1..4u8).prop_map(RouteSource::Kernel)
    ]
}

#[derive(Clone, Debug)]
enum Step {
    Put(IpNet, OutsideRoute),
    Take(usize),
    Links(BTreeSet<IfIndex>),
    ViaDefault(bool, bool),
    Intern(IpAddr),
    Release(usize),
}

fn any_step() -> impl Strategy<Value = Step> {
    let route = (any_source(), 0..3u32, proptest::collection::vec(any_way(), 1..3))
        .prop_map(|(source, priority, ways)| OutsideRoute::new(source, priority, ways));
    prop_oneof![
        8 => (any_net(), route).prop_map(|(net, route)| Step::Put(net, route)),
        4 => any::<usize>().prop_map(Step::Take),
        1 => proptest::collection::btree_set((2..5u32).prop_map(IfIndex), 0..4).prop_map(Step::Links),
        1 => any::<(bool, bool)>().prop_map(|(v4, v6)| Step::ViaDefault(v4, v6)),
        6 => any_address().prop_map(Step::Intern),
        2 => any::<usize>().prop_map(Step::Release),
    ]
}

/// The rules, without any index: all routes are gone through for every address.
#[derive(Default)]
struct Naive {
    routes: Vec<(IpNet, OutsideRoute)>,
    links_up: BTreeSet<IfIndex>,
    via_default: (bool, bool),
}

impl Naive {
    fn put(&mut self, net: IpNet, mut route: OutsideRoute) {
        self.take(net, route.source, route.priority);
        let ways = core::mem::take(&mut route.ways);
        for way in ways {
            if !route.ways.contains(&way) {
                route.ways.push(way);
            }
        }
        self.routes.push((net, route));
    }

    fn take(&mut self, net: IpNet, source: RouteSource, priority: u32) {
        self.routes
            .retain(|(other, route)| (*other, route.source, route.priority) != (net, source, priority));
    }

    fn resolve(&self, address: IpAddr) -> (Reach, Vec<ResolvedHop>) {
        let Some((route, hops)) = self.find(address, &[]) else { return (Reach::NONE, Vec::new()) };
        let hops: BTreeSet<ResolvedHop> = hops.into_iter().collect();
        let connected = route.ways.iter().any(|way| matches!(way, Way::Link(_)));
        (Reach { metric: Some(route.metric()), connected }, hops.into_iter().collect())
    }

    fn find(&self, address: IpAddr, within: &[IpNet]) -> Option<(&OutsideRoute, Vec<ResolvedHop>)> {
        let mut covering: Vec<&(IpNet, OutsideRoute)> =
            self.routes.iter().filter(|(net, _)| net.contains(&address)).collect();
        covering.sort_by_key(|(net, route)| {
            let later = route.source.kind() != RouteKind::Connected;
            let rank = (later, route.distance(), route.metric(), route.source, route.priority);
            (core::cmp::Reverse(net.prefix_len()), rank)
        });
        for (net, route) in covering {
            let allowed = if address.is_ipv4() { self.via_default.0 } else { self.via_default.1 };
            if net.prefix_len() == 0 && !allowed {
                return None;
            }
            if within.contains(net) {
                if net.prefix_len() == net.max_prefix_len() {
                    continue;
                }
                return None;
            }
            let deeper: Vec<IpNet> = within.iter().copied().chain([*net]).collect();
            let hops_of = |way: &Way| match *way {
                Way::Link(interface) if self.links_up.contains(&interface) => {
                    alloc::vec![ResolvedHop { gateway: Some(address), interface }]
                }
                Way::Over(router, interface) if self.links_up.contains(&interface) => {
                    alloc::vec![ResolvedHop { gateway: Some(router), interface }]
                }
                Way::Through(router) if within.len() < 8 => {
                    self.find(router, &deeper).map(|found| found.1).unwrap_or_default()
                }
                _ => Vec::new(),
            };
            let mut hops = Vec::new();
            for way in &route.ways {
                if way.is_hole() {
                    return None;
                }
                let more = hops_of(way);
                let done = route.source.kind() == RouteKind::Connected
                    && matches!(way, Way::Link(_))
                    && !more.is_empty();
                hops.extend(more);
                if done {
                    break;
                }
            }
            if !hops.is_empty() {
                return Some((route, hops));
            }
        }
        None
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    /// After any changes, looked up only where they are about: every next hop is where the rules say, nothing moves
    /// when all are looked up again, and a saved table is the same when it is back.
    #[test]
    fn what_is_kept_up_to_date_is_what_the_rules_say(steps in proptest::collection::vec(any_step(), 0..60)) {
        let (mut table, mut naive) = (NextHopTable::default(), Naive::default());
        let mut held: Vec<NextHopId> = Vec::new();
        for step in steps {
            match step {
                Step::Put(net, route) => {
                    naive.put(net, route.clone());
                    table.routes.put(net, route);
                }
                Step::Take(at) if !naive.routes.is_empty() => {
                    let (net, route) = naive.routes[at % naive.routes.len()].clone();
                    naive.take(net, route.source, route.priority);
                    table.routes.take(net, route.source, route.priority);
                }
                Step::Links(links) => {
                    naive.links_up.clone_from(&links);
                    table.routes.set_links_up(links);
                }
                Step::ViaDefault(v4, v6) => {
                    naive.via_default = (v4, v6);
                    table.routes.set_via_default(crate::value::PerFamily([v4, v6]));
                }
                Step::Intern(address) => {
                    held.push(table.intern(Some(NextHopKey { address, interface: IfIndex(0) })));
                }
                Step::Release(at) if !held.is_empty() => {
                    table.release(held.swap_remove(at % held.len()));
                }
                Step::Take(_) | Step::Release(_) => {}
            }
            let before: Vec<(NextHopId, Reach, Vec<ResolvedHop>)> =
                held.iter().map(|&id| (id, table.reach(id), table.hops(id).to_vec())).collect();
            let moved = table.settle();
            for (id, reach, hops) in before {
                let expected = naive.resolve(table.key(id).unwrap().address);
                prop_assert_eq!((table.reach(id), table.hops(id)), (expected.0, &expected.1[..]));
                let differs = reach != expected.0 || hops != expected.1;
                prop_assert_eq!(moved.next_hops.contains(&id), differs);
                prop_assert!(moved.reach || reach == expected.0);
            }
        }
        prop_assert!(table.resolve_all().next_hops.is_empty());
        let octets = rmp_serde::to_vec(&table.save()).unwrap();
        let restored = NextHopTable::restore(rmp_serde::from_slice(&octets).unwrap(), held.iter().copied()).unwrap();
        prop_assert_eq!(alloc::format!("{restored:?}"), alloc::format!("{table:?}"));
    }
}
