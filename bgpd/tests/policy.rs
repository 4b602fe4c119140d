//! A change of policy ends where a start with the new policy would have led.
//!
//! A router has two neighbors that send it routes, by eBGP and by iBGP, and two that are sent them. Its policy is
//! made of lines drawn by lot: lists, route maps, where they are applied. Then it is given another one, and what it
//! and the others end up with must be what a router has that never knew the first one. Half of the neighbors'
//! routes are kept as they came (`soft-reconfiguration inbound`), the others are asked for again.

#[path = "../engine/tests/net/mod.rs"]
mod net;

use std::collections::BTreeSet;

use bgp_engine::config::Configuration;
use bgp_engine::value::Duration;
use bgpd::config::{Strictness, parse_str};
use proptest::prelude::*;

use net::Net;

/// Match clauses to draw from.
const MATCHES: &[&str] = &[
    "match ip address prefix-list NARROW",
    "match ip address prefix-list WIDE",
    "match ip address prefix-list MISSING",
    "match ip address ACCESS",
    "match ip address prefix-len 24",
    "match as-path FROM2",
    "match as-path LONG",
    "match community ONE",
    "match community BOTH exact-match",
    "match community TEXT",
    "match large-community LARGE",
    "match extcommunity TARGET",
    "match metric 50",
    "match local-preference 200",
    "match origin incomplete",
    "match peer 10.0.0.2",
    "match ip next-hop prefix-list NEAR",
    "match ip route-source ACCESS",
    "match tag 7",
];

/// Set clauses to draw from.
const SETS: &[&str] = &[
    "set as-path prepend 65100 65101",
    "set as-path prepend last-as 2",
    "set as-path exclude 64999",
    "set as-path replace 64998",
    "set community 65000:1 additive",
    "set community 65000:2 no-export",
    "set community none",
    "set comm-list ONE delete",
    "set large-community 65000:1:1 additive",
    "set large-comm-list LARGE delete",
    "set extcommunity rt 65000:9",
    "set extcommunity bandwidth 100",
    "set extcommunity none",
    "set local-preference 200",
    "set local-preference +7",
    "set metric 50",
    "set metric -20",
    "set weight 9",
    "set origin incomplete",
    "set ip next-hop 10.0.0.2",
    "set ip next-hop peer-address",
    "set ip next-hop unchanged",
    "set atomic-aggregate",
    "set aggregator as 65000 9.9.9.9",
    "set tag 7",
];

/// Lists that the clauses name; the second one of a pair is that of the other policy.
const LISTS: &[&[&str]] = &[
    &[
        "ip prefix-list NARROW permit 10.10.0.0/16 le 24",
        "ip prefix-list NARROW deny 10.10.1.0/24\nip prefix-list NARROW permit 10.0.0.0/8 ge 24",
    ],
    &["ip prefix-list WIDE permit any", "ip prefix-list WIDE permit 0.0.0.0/0 ge 23"],
    &["ip prefix-list NEAR permit 10.0.0.2/32", "ip prefix-list NEAR permit 10.0.0.0/8 le 32"],
    &[
        "access-list ACCESS permit 10.20.0.0/16",
        "access-list ACCESS deny 10.10.0.0/16\naccess-list ACCESS permit any",
    ],
    &[
        "bgp as-path access-list FROM2 permit ^65002_",
        "bgp as-path access-list FROM2 deny _64999_\nbgp as-path access-list FROM2 permit .*",
    ],
    &[
        "bgp as-path access-list LONG permit ^[0-9]+ [0-9]+ [0-9]+",
        "bgp as-path access-list LONG permit _64998$",
    ],
    &["bgp community-list standard ONE permit 64999:1", "bgp community-list standard ONE permit no-export"],
    &[
        "bgp community-list standard BOTH permit 64999:1 64999:2",
        "bgp community-list standard BOTH permit 64999:2",
    ],
    &[
        "bgp community-list expanded TEXT permit 64999:.",
        "bgp community-list expanded TEXT deny _64999:2_\nbgp community-list expanded TEXT permit .*",
    ],
    &[
        "bgp large-community-list standard LARGE permit 1:2:3",
        "bgp large-community-list expanded LARGE permit .+",
    ],
    &[
        "bgp extcommunity-list standard TARGET permit rt 1:2",
        "bgp extcommunity-list expanded TARGET permit RT:",
    ],
];

/// Where policy is applied; the two others are the maps' names.
const PLACES: &[&str] = &[
    "neighbor 10.0.0.2 route-map M1 in",
    "neighbor 10.0.0.3 route-map M1 in",
    "neighbor 10.0.0.3 route-map M2 in",
    "neighbor 10.0.0.4 route-map M2 out",
    "neighbor 10.0.0.5 route-map M1 out",
    "neighbor 10.0.0.5 route-map M3 out",
    "neighbor 10.0.0.4 route-map MISSING out",
    "neighbor 10.0.0.2 prefix-list NARROW in",
    "neighbor 10.0.0.3 distribute-list ACCESS in",
    "neighbor 10.0.0.2 filter-list LONG in",
    "neighbor 10.0.0.4 filter-list FROM2 out",
    "neighbor 10.0.0.4 unsuppress-map M3",
    "neighbor 10.0.0.5 weight 3",
    "aggregate-address 10.10.0.0/16 summary-only",
    "aggregate-address 10.10.0.0/16 as-set route-map M3",
    "aggregate-address 10.20.0.0/16 suppress-map M2",
    "aggregate-address 10.0.0.0/8 as-set matching-MED-only",
    "network 10.99.0.0/24 route-map M3",
    "network 10.20.7.0/24",
];

/// Permit or not, clauses, what follows.
type Entry = (bool, Vec<usize>, Vec<usize>, u8);

#[derive(Clone, Debug)]
struct Policy {
    lists: Vec<usize>,
    /// Of each map the entries.
    maps: Vec<Vec<Entry>>,
    places: BTreeSet<usize>,
}

fn policy() -> impl Strategy<Value = Policy> {
    let clauses = |all: usize, most| proptest::collection::vec(0..all, 0..most);
    let entry = (prop::bool::weighted(0.8), clauses(MATCHES.len(), 2), clauses(SETS.len(), 4), 0u8..8);
    (
        proptest::collection::vec(0..2usize, LISTS.len()),
        proptest::collection::vec(proptest::collection::vec(entry, 1..4), 3),
        proptest::collection::btree_set(0..PLACES.len(), 2..9),
    )
        .prop_map(|(lists, maps, places)| Policy { lists, maps, places })
}

impl Policy {
    fn configuration(&self) -> Configuration {
        let mut text = String::from(
            "router bgp 65000\n bgp router-id 10.0.0.1\n no bgp ebgp-requires-policy\n \
             no bgp network import-check\n bgp bestpath compare-routerid\n \
             neighbor 10.0.0.2 remote-as 65002\n neighbor 10.0.0.3 remote-as 65000\n \
             neighbor 10.0.0.4 remote-as 65004\n neighbor 10.0.0.5 remote-as 65000\n \
             neighbor 10.0.0.5 route-reflector-client\n neighbor 10.0.0.2 soft-reconfiguration inbound\n",
        );
        for place in &self.places {
            text.push_str(&format!(" {}\n", PLACES[*place]));
        }
        text.push_str("exit\n");
        for (list, which) in LISTS.iter().zip(&self.lists) {
            text.push_str(&format!("{}\n", list[*which]));
        }
        for (number, entries) in (1..).zip(&self.maps) {
            for (at, (permit, matches, sets, then)) in (1..).zip(entries) {
                let action = if *permit { "permit" } else { "deny" };
                text.push_str(&format!("route-map M{number} {action} {}\n", at * 10));
                matches.iter().for_each(|clause| text.push_str(&format!(" {}\n", MATCHES[*clause])));
                sets.iter().for_each(|clause| text.push_str(&format!(" {}\n", SETS[*clause])));
                match then {
                    0 => text.push_str(" on-match next\n"),
                    1 => text.push_str(" on-match goto 30\n"),
                    2 if number < 3 => text.push_str(&format!(" call M{}\n", number + 1)),
                    _ => {}
                }
                text.push_str("exit\n");
            }
        }
        read(&text)
    }
}

fn read(text: &str) -> Configuration {
    match parse_str("policy", text, Strictness::Lenient) {
        Ok((config, _)) => config.engine,
        Err(errors) => panic!("{errors:?} in\n{text}"),
    }
}

/// A neighbor that sends routes of many kinds, or none.
fn neighbor(host: u8, asn: u32, sends: &[(String, String)]) -> Configuration {
    let mut text = format!(
        "router bgp {asn}\n bgp router-id 10.0.0.{host}\n no bgp ebgp-requires-policy\n \
         no bgp network import-check\n neighbor 10.0.0.1 remote-as 65000\n neighbor 10.0.0.1 passive\n"
    );
    for (at, (net, _)) in sends.iter().enumerate() {
        text.push_str(&format!(" network {net} route-map R{at}\n"));
    }
    text.push_str("exit\n");
    for (at, (_, sets)) in sends.iter().enumerate() {
        text.push_str(&format!("route-map R{at} permit 10\n{sets}\nexit\n"));
    }
    read(&text)
}

fn routes(host: u8) -> Vec<(String, String)> {
    let sets: &[&str] = &[
        "",
        " set community 64999:1",
        " set community 64999:1 64999:2\n set metric 50",
        " set community no-export\n set as-path prepend 64999 64998",
        " set large-community 1:2:3\n set metric 70",
        " set extcommunity rt 1:2\n set origin incomplete",
        " set as-path prepend 64998",
        " set local-preference 200",
    ];
    let mut routes = Vec::new();
    for (at, sets) in sets.iter().enumerate() {
        routes.push((format!("10.10.{at}.0/24"), (*sets).to_owned()));
        let only = format!("10.20.{}.0/{}", at * 16 + usize::from(host), 24 + at % 3);
        routes.push((only, (*sets).to_owned()));
    }
    routes
}

/// A network in which the router has this policy, with every route exchanged.
fn started(policy: &Policy) -> Net {
    let mut net = Net::new(5);
    net.configure(0, policy.configuration());
    net.configure(1, neighbor(2, 65002, &routes(2)));
    net.configure(2, neighbor(3, 65000, &routes(3)));
    net.configure(3, neighbor(4, 65004, &[]));
    net.configure(4, neighbor(5, 65000, &[]));
    net.run(Duration::from_secs(60));
    net
}

/// Every path of an engine's table, with who it came from and whether it is the best.
fn table(net: &Net, engine: usize) -> BTreeSet<String> {
    let engine = &net.engines[engine];
    let rib = engine.rib();
    let table = &rib.v4.table;
    let mut paths = BTreeSet::new();
    for route in (0..table.places()).map(bgp_engine::rib::RouteId).filter(|route| table.is_live(*route)) {
        let best = table.best(route).map(|best| (best.peer, best.received_id));
        for (_, path) in table.paths(route) {
            let mark = if best == Some((path.peer, path.received_id)) { ">" } else { " " };
            let attributes = &rib.facts.attrs[path.attrs].attributes;
            let (net, peer, id) = (table.net(route), path.peer, path.received_id);
            paths.insert(format!("{net}{mark} {peer:?} {id:?} {attributes:?}"));
        }
    }
    paths
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn another_policy_leads_to_where_a_start_with_it_leads(first in policy(), second in policy()) {
        let mut changed = started(&first);
        changed.configure(0, second.configuration());
        changed.run(Duration::from_secs(60));
        let fresh = started(&second);
        for engine in 0..5 {
            let (changed, fresh) = (table(&changed, engine), table(&fresh, engine));
            let more: Vec<_> = changed.difference(&fresh).collect();
            let less: Vec<_> = fresh.difference(&changed).collect();
            prop_assert!(more.is_empty() && less.is_empty(), "engine {}\nmore {:#?}\nless {:#?}", engine, more, less);
        }
    }
}

#[test]
fn the_routes_are_exchanged_at_all() {
    let nothing = Policy { lists: vec![0; LISTS.len()], maps: vec![Vec::new(); 3], places: BTreeSet::new() };
    let net = started(&nothing);
    assert!(table(&net, 0).len() > 25, "{:#?}", table(&net, 0));
    assert!(table(&net, 3).len() > 12, "{:#?}", table(&net, 3));
    assert!(table(&net, 4).len() > 12, "{:#?}", table(&net, 4));
}
