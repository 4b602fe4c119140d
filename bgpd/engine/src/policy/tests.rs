//! Policy against its own words, entry by entry.

use alloc::collections::BTreeMap;
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use proptest::prelude::*;

use super::*;
use crate::attr::PathAttributes;
use crate::config::Configuration;
use crate::value::{Family, Net};

fn entry(action: Action, prefix: &str, ge: Option<u8>, le: Option<u8>) -> PrefixListEntry {
    PrefixListEntry { action, prefix: prefix.parse().unwrap(), ge, le }
}

fn list(entries: Vec<PrefixListEntry>) -> PrefixList {
    let entries = entries.into_iter().enumerate().map(|(at, entry)| (at as u32 * 5 + 5, entry));
    PrefixList { description: None, entries: entries.collect() }
}

fn with_list(list: PrefixList) -> Configuration {
    let family = match list.entries.values().next().map(|entry| entry.prefix) {
        Some(IpNet::V6(_)) => Family::Ipv6Unicast,
        _ => Family::Ipv4Unicast,
    };
    let mut configuration = Configuration::default();
    configuration.prefix_lists[family].insert("P".to_string(), list);
    configuration
}

fn compile(c: &Configuration, family: Family, map: Option<&str>, list: Option<&str>) -> Filter {
    let names = FilterNames { route_map: map, prefix_list: list, ..FilterNames::default() };
    Policy::compile(c, &Configuration::default(), &Policy::default()).filter(family, names)
}

fn decide<N: Net>(filter: &Filter, net: N) -> Action {
    let asked =
        Asked { subject: &Subject::default(), former_med: None, igp_metric: None, protocol: Protocol::Bgp };
    let passes = filter.decide(net, &PathAttributes::default(), &asked).is_some();
    if passes { Action::Permit } else { Action::Deny }
}

fn v4(filter: &Filter, net: &str) -> Action {
    decide(filter, net.parse::<Ipv4Net>().unwrap())
}

fn v6(filter: &Filter, net: &str) -> Action {
    decide(filter, net.parse::<Ipv6Net>().unwrap())
}

#[test]
fn the_entry_with_the_least_number_decides_and_none_denies() {
    let configuration = with_list(list(vec![
        entry(Action::Deny, "10.1.0.0/16", None, Some(24)),
        entry(Action::Permit, "10.0.0.0/8", Some(16), None),
        entry(Action::Permit, "10.0.0.0/8", None, None),
    ]));
    let filter = compile(&configuration, Family::Ipv4Unicast, None, Some("P"));
    for (net, action) in [
        ("10.1.0.0/16", Action::Deny),
        ("10.1.5.0/24", Action::Deny),
        ("10.1.5.0/25", Action::Permit),
        ("10.0.0.0/8", Action::Permit),
        ("10.0.0.0/9", Action::Deny),
        ("10.2.3.4/32", Action::Permit),
        ("11.0.0.0/8", Action::Deny),
        ("0.0.0.0/0", Action::Deny),
    ] {
        assert_eq!(v4(&filter, net), action, "{net}");
    }
}

#[test]
fn what_is_not_defined_means_what_it_means_in_frr() {
    let mut configuration = Configuration::default();
    let none = |filter: &Filter| v4(filter, "10.0.0.0/8");
    let filter = |c: &Configuration, map, list| compile(c, Family::Ipv4Unicast, map, list);
    assert!(filter(&configuration, None, None).is_trivial());
    assert_eq!(none(&filter(&configuration, None, None)), Action::Permit);
    assert_eq!(none(&filter(&configuration, None, Some("P"))), Action::Deny, "prefix list not defined");
    assert_eq!(none(&filter(&configuration, Some("M"), None)), Action::Deny, "route map not defined");
    configuration.prefix_lists[Family::Ipv4Unicast].insert("P".to_string(), PrefixList::default());
    assert_eq!(none(&filter(&configuration, None, Some("P"))), Action::Permit, "prefix list without entries");
    let mut entry = RouteMapEntry::new(Action::Deny);
    entry.add_match(Match::AddressPrefixList(Family::Ipv4Unicast, "Q".to_string()));
    let last = RouteMapEntry::new(Action::Permit);
    let map = RouteMap { entries: BTreeMap::from([(10, entry), (20, last)]) };
    configuration.route_maps.insert("M".to_string(), map);
    assert_eq!(
        none(&filter(&configuration, Some("M"), None)),
        Action::Permit,
        "a missing list does not match"
    );
    configuration.route_maps.get_mut("M").unwrap().entries.remove(&20);
    assert_eq!(none(&filter(&configuration, Some("M"), None)), Action::Deny, "no entry matches");
}

#[test]
fn a_list_of_one_family_matches_no_prefix_of_the_other() {
    let mut configuration = with_list(list(vec![entry(Action::Permit, "::/0", None, Some(128))]));
    let mut entry = RouteMapEntry::new(Action::Permit);
    entry.add_match(Match::AddressPrefixList(Family::Ipv6Unicast, "P".to_string()));
    configuration.route_maps.insert("M".to_string(), RouteMap { entries: BTreeMap::from([(10, entry)]) });
    let filter = compile(&configuration, Family::Ipv6Unicast, Some("M"), None);
    assert_eq!(v6(&filter, "2001:db8::/32"), Action::Permit);
    assert_eq!(v4(&filter, "10.0.0.0/8"), Action::Deny);
}

#[test]
fn a_filter_stays_equal_while_its_entries_do() {
    let mut configuration = with_list(list(vec![entry(Action::Permit, "10.0.0.0/8", None, None)]));
    let first = configuration.clone();
    let before = Policy::compile(&first, &Configuration::default(), &Policy::default());
    configuration.prefix_lists[Family::Ipv4Unicast].insert("Q".to_string(), PrefixList::default());
    let after = Policy::compile(&configuration, &first, &before);
    let second = configuration.clone();
    let of = |policy: &Policy| {
        policy.filter(Family::Ipv4Unicast, FilterNames { prefix_list: Some("P"), ..FilterNames::default() })
    };
    assert_eq!(of(&before), of(&after));
    configuration.prefix_lists[Family::Ipv4Unicast].get_mut("P").unwrap().entries.get_mut(&5).unwrap().le =
        Some(24);
    assert_ne!(of(&after), of(&Policy::compile(&configuration, &second, &after)));
}

/// The list read entry by entry, as FRR defines it.
fn slowly(list: &PrefixList, net: IpNet) -> Action {
    let fits = |entry: &&PrefixListEntry| {
        let length = net.prefix_len();
        let lengths = match (entry.ge, entry.le) {
            (None, None) => length == entry.prefix.prefix_len(),
            (ge, le) => ge.is_none_or(|ge| length >= ge) && le.is_none_or(|le| length <= le),
        };
        entry.prefix.contains(&net) && lengths
    };
    if list.entries.is_empty() {
        return Action::Permit;
    }
    list.entries.values().find(fits).map_or(Action::Deny, |entry| entry.action)
}

fn arbitrary_net() -> impl Strategy<Value = Ipv4Net> {
    // Few bits, so that prefixes cover each other.
    (0u32..16, 0u8..=6).prop_map(|(bits, length)| Ipv4Net::new_assert((bits << 26).into(), length).trunc())
}

fn arbitrary_entry() -> impl Strategy<Value = PrefixListEntry> {
    let length = || proptest::option::of(0u8..=8);
    (any::<bool>(), arbitrary_net(), length(), length()).prop_map(|(permit, prefix, ge, le)| {
        PrefixListEntry {
            action: if permit { Action::Permit } else { Action::Deny },
            prefix: IpNet::V4(prefix),
            ge: ge.map(|ge| ge.max(prefix.prefix_len())),
            le: le.map(|le| le.max(prefix.prefix_len())),
        }
    })
}

proptest! {
    #[test]
    fn the_index_says_what_the_entries_say(
        entries in proptest::collection::vec(arbitrary_entry(), 0..12),
        nets in proptest::collection::vec(arbitrary_net(), 1..20),
    ) {
        let list = list(entries);
        let configuration = with_list(list.clone());
        let filter = compile(&configuration, Family::Ipv4Unicast, None, Some("P"));
        for net in nets {
            prop_assert_eq!(decide(&filter, net), slowly(&list, net.into()), "{}", net);
        }
    }
}
