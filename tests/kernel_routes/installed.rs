//! What the kernel has of the routes of FRR and BIRD, as FRR's zebra would install them too.

use std::collections::BTreeSet;

use crate::neighbors;
use crate::world::{Table, World};

/// Routes that the router must have.
const EXPECTED: &[&str] = &[
    "10.0.8.0/24",
    "100.64.4.0/24",
    "192.0.2.0/24",
    "198.51.0.0/16",
    "198.51.100.0/24",
    "2001:db8:100::/48",
    "2001:db8:a::/48",
    "2001:db8:b::/48",
    "2001:db8:c::/48",
    "203.0.113.0/24",
];

/// The table once all routes are there with both of their ways. Shares are divided by what they have in common, and
/// link-local addresses, which differ from lab to lab, are the same word.
fn table(world: &World) -> Table {
    world.wait("all routes", || {
        let kernel = world.kernel();
        let all = EXPECTED.iter().all(|net| kernel.contains_key(*net));
        let both = ["198.51.100.0/24", "2001:db8:100::/48"]
            .iter()
            .all(|net| kernel.get(*net).is_some_and(|hops| hops.len() == 2));
        if all && both { Ok(()) } else { Err(format!("{kernel:?}")) }
    });
    let mut table = world.kernel();
    for hops in table.values_mut() {
        let divisor = hops.iter().fold(0, |divisor, hop| gcd(divisor, hop.2)).max(1);
        let plain = |(gateway, link, weight): (String, String, u64)| {
            let gateway = if gateway.starts_with("fe80:") { "fe80::".to_owned() } else { gateway };
            (gateway, link, weight / divisor)
        };
        *hops = std::mem::take(hops).into_iter().map(plain).collect();
    }
    table
}

/// The table as FRR's and ours can be compared: of the two addresses of an IPv6 next hop FRR takes the link-local one
/// unless a route map says `prefer-global`, FTBGP the global one, which is the same neighbor on the same link.
fn by_link(mut table: Table) -> Table {
    for hops in table.values_mut() {
        let plain = |(gateway, link, weight): (String, String, u64)| {
            (if gateway.contains(':') { "an IPv6 address".to_owned() } else { gateway }, link, weight)
        };
        *hops = std::mem::take(hops).into_iter().map(plain).collect();
    }
    table
}

const fn gcd(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[test]
fn the_kernel_has_what_frr_would_install() {
    let world = neighbors::ours("ftbgpd");
    let ours = table(&world);
    world.settled(EXPECTED.len());
    assert_eq!(ours.keys().map(String::as_str).collect::<BTreeSet<_>>(), EXPECTED.iter().copied().collect());
    let hop = |gateway: &str, link: &str, weight| (gateway.to_owned(), link.to_owned(), weight);
    // 300 against 100 Mb/s.
    let shared = BTreeSet::from([hop("10.0.1.2", "eth2", 3), hop("10.0.2.2", "eth3", 1)]);
    let paths = || world.show("show bgp ipv4 unicast 198.51.100.0/24");
    assert_eq!(ours["198.51.100.0/24"], shared, "{:?}", paths());
    assert_eq!(ours["100.64.4.0/24"].first().map(|hop| hop.1.as_str()), Some("eth3"), "IPv4 over IPv6");
    assert_eq!(ours["192.0.2.0/24"], BTreeSet::from([hop("fe80::", "eth4", 1)]), "unnumbered");
    assert_eq!(ours["198.51.0.0/16"], BTreeSet::new(), "the aggregate is a blackhole");
    let shown = world.run("ip route show 198.51.0.0/16");
    assert!(shown.contains("blackhole") || world.run("ip nexthop show").contains("blackhole"), "{shown}");
    drop(world);

    let frrs = neighbors::frr();
    assert_eq!(by_link(ours), by_link(table(&frrs)));
}
