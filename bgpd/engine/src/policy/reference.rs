//! Route maps against a second reading of them: plain lists walked from the top, plain numbers for attributes.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};
use proptest::prelude::*;

use super::*;
use crate::attr::{AsPath, Community, Origin, PathAttributes};
use crate::config::Configuration;
use crate::value::{Asn, Family};

const V4: Family = Family::Ipv4Unicast;

/// A route as the second reading has it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Plain {
    path: Vec<u32>,
    communities: BTreeSet<u32>,
    med: Option<u32>,
    local_pref: Option<u32>,
    weight: u32,
    origin: Origin,
    tag: u32,
}

impl Plain {
    fn attributes(&self) -> PathAttributes {
        let mut attributes = PathAttributes::default();
        attributes.as_path = AsPath::from_asns(self.path.iter().copied().map(Asn));
        attributes.communities = self.communities.iter().copied().map(Community).collect();
        (attributes.med, attributes.local_pref) = (self.med, self.local_pref);
        (attributes.weight, attributes.origin) = (self.weight, self.origin);
        attributes.edit_rare(|rare| rare.marks.tag = self.tag);
        attributes
    }

    fn of(attributes: &PathAttributes) -> Plain {
        Plain {
            path: attributes.as_path.asns().map(|asn| asn.0).collect(),
            communities: attributes.communities.iter().map(|community| community.0).collect(),
            med: attributes.med,
            local_pref: attributes.local_pref,
            weight: attributes.weight,
            origin: attributes.origin,
            tag: attributes.rare().marks.tag,
        }
    }
}

/// What an expression of the test says, without an automaton: `_N_`, `^N_`, `_N$`, `^$`.
fn text_matches(pattern: &str, words: &[String]) -> bool {
    let number = pattern.trim_matches(['^', '$', '_']);
    match (pattern.starts_with('^'), pattern.ends_with('$')) {
        (true, true) => words.is_empty(),
        (true, false) => words.first().is_some_and(|word| word == number),
        (false, true) => words.last().is_some_and(|word| word == number),
        (false, false) => words.iter().any(|word| word == number),
    }
}

struct Reading<'a> {
    config: &'a Configuration,
    net: Ipv4Net,
    peer: IpAddr,
}

impl Reading<'_> {
    /// Whether the map permits, and the route as it is then.
    fn map(&self, name: &str, route: &mut Plain) -> bool {
        let Some(map) = self.config.route_maps.get(name) else { return true };
        let mut entries: Vec<(&u32, &RouteMapEntry)> = map.entries.iter().collect();
        let mut last = false;
        while !entries.is_empty() {
            let (_, entry) = entries.remove(0);
            last = entry.matches.iter().all(|clause| self.matches(clause, route));
            if !last {
                continue;
            }
            if entry.action == Action::Deny {
                return false;
            }
            entry.sets.iter().for_each(|clause| self.set(clause, route));
            if entry.call.as_ref().is_some_and(|called| !self.map(called, route)) {
                return false;
            }
            match entry.then {
                Then::Stop => return true,
                Then::Next => {}
                Then::Goto(to) => entries.retain(|(sequence, _)| **sequence >= to),
            }
        }
        last
    }

    fn prefix_list(&self, name: &str) -> bool {
        let Some(list) = self.config.prefix_lists[V4].get(name) else { return false };
        let fits = |entry: &&PrefixListEntry| {
            let (own, length) = (entry.prefix.prefix_len(), self.net.prefix_len());
            let least = entry.ge.unwrap_or(own);
            let most = entry.le.unwrap_or(if entry.ge.is_some() { 32 } else { own });
            entry.prefix.contains(&IpNet::V4(self.net)) && (least..=most).contains(&length)
        };
        list.entries.values().find(fits).map_or(list.entries.is_empty(), |e| e.action == Action::Permit)
    }

    fn communities(&self, name: &str, how: How, route: &Plain) -> bool {
        let Some(list) = self.config.community_lists.get(name) else { return false };
        let words: Vec<String> = route.communities.iter().map(|c| Community(*c).to_string()).collect();
        let fits = |entry: &&CommunityListEntry<Community>| match &entry.test {
            CommunityTest::Values(values) => {
                let wanted: BTreeSet<u32> = values.iter().map(|community| community.0).collect();
                match how {
                    How::Contains => wanted.is_subset(&route.communities),
                    How::Exact => wanted == route.communities,
                    How::Any => !wanted.is_disjoint(&route.communities),
                }
            }
            CommunityTest::Text(pattern) if how == How::Any => {
                words.iter().any(|word| text_matches(pattern.as_str(), core::slice::from_ref(word)))
            }
            CommunityTest::Text(pattern) => text_matches(pattern.as_str(), &words),
        };
        list.entries.values().find(fits).is_some_and(|entry| entry.action == Action::Permit)
    }

    fn matches(&self, clause: &Match, route: &Plain) -> bool {
        match clause {
            Match::AddressPrefixList(V4, name) => self.prefix_list(name),
            Match::AddressLength(V4, length) => self.net.prefix_len() == *length,
            Match::AsPath(name) => {
                let Some(list) = self.config.as_path_lists.get(name) else { return false };
                let words: Vec<String> = route.path.iter().map(ToString::to_string).collect();
                let fits = |entry: &&AsPathListEntry| text_matches(entry.pattern.as_str(), &words);
                list.entries.values().find(fits).is_some_and(|entry| entry.action == Action::Permit)
            }
            Match::Community(name, how) => self.communities(name, *how, route),
            Match::Metric(metric) => route.med.unwrap_or_default() == *metric,
            Match::LocalPreference(value) => route.local_pref.unwrap_or_default() == *value,
            Match::Origin(origin) => route.origin == *origin,
            Match::Peer(PeerTest::Address(address)) => *address == self.peer,
            Match::Tag(tag) => route.tag == *tag,
            other => panic!("the test has no {other}"),
        }
    }

    fn set(&self, clause: &Set, route: &mut Plain) {
        match clause {
            Set::AsPathPrepend(Prepend::Asns(asns)) => {
                route.path = asns.iter().map(|asn| asn.0).chain(route.path.drain(..)).collect();
            }
            Set::AsPathPrepend(Prepend::Last(times)) => {
                let nearest = route.path.first().copied().unwrap_or(65002);
                (0..*times).for_each(|_| route.path.insert(0, nearest));
            }
            Set::AsPathExclude(Exclude::Asns(asns)) => route.path.retain(|asn| !asns.contains(&Asn(*asn))),
            Set::AsPathReplace { which: Some(which), by: None } => {
                route.path.iter_mut().filter(|asn| **asn == which.0).for_each(|asn| *asn = 65000);
            }
            Set::Community(SetCommunities::None) => route.communities.clear(),
            Set::Community(SetCommunities::Replace(new)) => {
                route.communities = new.iter().map(|community| community.0).collect();
            }
            Set::Community(SetCommunities::Add(new)) => {
                route.communities.extend(new.iter().map(|community| community.0));
            }
            Set::CommunityDelete(name) => {
                let all = core::mem::take(&mut route.communities);
                if !self.config.community_lists.contains_key(name) {
                    route.communities = all;
                    return;
                }
                for community in all {
                    let alone = Plain { communities: BTreeSet::from([community]), ..route.clone() };
                    if !self.communities(name, How::Any, &alone) {
                        route.communities.insert(community);
                    }
                }
            }
            Set::LocalPreference(change) => {
                route.local_pref = Some(changed(*change, route.local_pref.unwrap_or(0)));
            }
            Set::Metric(SetMetric::Change(change)) => {
                route.med = Some(changed(*change, route.med.unwrap_or(0)));
            }
            Set::Weight(weight) => route.weight = *weight,
            Set::Origin(origin) => route.origin = *origin,
            Set::Tag(tag) => route.tag = *tag,
            other => panic!("the test has no {other}"),
        }
    }
}

fn changed(change: Change, old: u32) -> u32 {
    let new = match change {
        Change::To(value) => i64::from(value),
        Change::More(value) => i64::from(old) + i64::from(value),
        Change::Less(value) => i64::from(old) - i64::from(value),
    };
    u32::try_from(new.clamp(0, i64::from(u32::MAX))).unwrap()
}

fn action() -> impl Strategy<Value = Action> {
    prop::bool::weighted(0.7).prop_map(|permit| if permit { Action::Permit } else { Action::Deny })
}

fn name() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["A", "B", "C"]).prop_map(ToString::to_string)
}

fn asn() -> impl Strategy<Value = Asn> {
    (1u32..5).prop_map(Asn)
}

fn some_communities() -> impl Strategy<Value = Vec<Community>> {
    proptest::collection::vec((65537u32..65541).prop_map(Community), 1..3).prop_map(in_order)
}

fn origin() -> impl Strategy<Value = Origin> {
    prop::sample::select(vec![Origin::Igp, Origin::Egp, Origin::Incomplete])
}

fn change() -> impl Strategy<Value = Change> {
    (0u8..3, prop::sample::select(vec![0, 5, 100, u32::MAX])).prop_map(|(kind, value)| match kind {
        0 => Change::To(value),
        1 => Change::More(value),
        _ => Change::Less(value),
    })
}

fn a_match() -> impl Strategy<Value = Match> {
    let how = prop::sample::select(vec![How::Contains, How::Exact, How::Any]);
    let address = prop::sample::select(vec!["10.0.0.1", "10.0.0.2"]);
    prop_oneof![
        name().prop_map(|name| Match::AddressPrefixList(V4, name)),
        (0u8..4).prop_map(|length| Match::AddressLength(V4, length)),
        name().prop_map(Match::AsPath),
        (name(), how).prop_map(|(name, how)| Match::Community(name, how)),
        prop::sample::select(vec![0u32, 5, 100]).prop_map(Match::Metric),
        prop::sample::select(vec![0u32, 5, 100]).prop_map(Match::LocalPreference),
        origin().prop_map(Match::Origin),
        address.prop_map(|address| Match::Peer(PeerTest::Address(address.parse().unwrap()))),
        (0u32..2).prop_map(Match::Tag),
    ]
}

fn a_set() -> impl Strategy<Value = Set> {
    let asns = || proptest::collection::vec(asn(), 1..3);
    prop_oneof![
        asns().prop_map(|asns| Set::AsPathPrepend(Prepend::Asns(asns))),
        (1u8..4).prop_map(|times| Set::AsPathPrepend(Prepend::Last(times))),
        asns().prop_map(|asns| Set::AsPathExclude(Exclude::Asns(asns))),
        asn().prop_map(|asn| Set::AsPathReplace { which: Some(asn), by: None }),
        Just(Set::Community(SetCommunities::None)),
        some_communities().prop_map(|some| Set::Community(SetCommunities::Replace(some))),
        some_communities().prop_map(|some| Set::Community(SetCommunities::Add(some))),
        name().prop_map(Set::CommunityDelete),
        change().prop_map(Set::LocalPreference),
        change().prop_map(|change| Set::Metric(SetMetric::Change(change))),
        (0u32..3).prop_map(Set::Weight),
        origin().prop_map(Set::Origin),
        (0u32..2).prop_map(Set::Tag),
    ]
}

fn an_entry() -> impl Strategy<Value = RouteMapEntry> {
    let then = prop_oneof![
        3 => Just(Then::Stop),
        1 => Just(Then::Next),
        1 => (1u32..6).prop_map(Then::Goto),
    ];
    let clauses = (proptest::collection::vec(a_match(), 0..3), proptest::collection::vec(a_set(), 0..4));
    (action(), clauses, then).prop_map(|(action, (matches, sets), then)| {
        let mut entry = RouteMapEntry::new(action);
        matches.into_iter().for_each(|clause| entry.add_match(clause));
        sets.into_iter().for_each(|clause| entry.add_set(clause));
        entry.then = then;
        entry
    })
}

fn numbered<E>(entries: Vec<E>) -> BTreeMap<u32, E> {
    (1..).zip(entries).collect()
}

prop_compose! {
    fn a_configuration()(
        maps in proptest::collection::vec(proptest::collection::vec(an_entry(), 0..5), 3),
        calls in proptest::collection::vec(0u8..5, 15),
        prefixes in proptest::collection::vec((action(), 0u32..4, 0u8..3, 0u8..3), 0..4),
        paths in proptest::collection::vec(
            (action(), prop::sample::select(vec!["_1_", "^2_", "_3$", "^$", "_4_"])), 0..4),
        values in proptest::collection::vec((action(), some_communities()), 0..4),
        texts in proptest::collection::vec(
            (action(), prop::sample::select(vec!["_1:1_", "^1:2_", "_1:3$"])), 0..4),
    ) -> Configuration {
        let mut config = Configuration::default();
        let mut calls = calls.into_iter();
        // A map calls those behind it alone.
        for (at, mut entries) in maps.into_iter().enumerate() {
            for entry in &mut entries {
                let called = at + 1 + usize::from(calls.next().unwrap_or(9));
                entry.call = ["A", "B", "C", "missing"].get(called).map(|name| (*name).to_string());
            }
            let name = ["A", "B", "C"][at].to_string();
            config.route_maps.insert(name, RouteMap { entries: numbered(entries) });
        }
        let prefixes = prefixes.into_iter().map(|(action, bits, ge, more)| {
            let prefix = Ipv4Net::new_assert((bits << 30).into(), 2).trunc();
            PrefixListEntry { action, prefix: prefix.into(), ge: Some(2 + ge), le: Some(2 + ge + more) }
        });
        let list = PrefixList { description: None, entries: numbered(prefixes.collect()) };
        config.prefix_lists[V4].insert("A".to_string(), list);
        let paths = paths.into_iter().map(|(action, text)| {
            AsPathListEntry { action, pattern: Pattern::new(text).unwrap() }
        });
        config.as_path_lists.insert("A".to_string(), AsPathList { entries: numbered(paths.collect()) });
        let values = values.into_iter().map(|(action, values)| {
            CommunityListEntry { action, test: CommunityTest::Values(values) }
        });
        let texts = texts.into_iter().map(|(action, text)| {
            CommunityListEntry { action, test: CommunityTest::Text(Pattern::new(text).unwrap()) }
        });
        let (values, texts) = (numbered(values.collect()), numbered(texts.collect()));
        let lists = &mut config.community_lists;
        lists.insert("A".to_string(), CommunityList { style: Style::Standard, entries: values });
        lists.insert("B".to_string(), CommunityList { style: Style::Expanded, entries: texts });
        config
    }
}

prop_compose! {
    fn a_route()(
        path in proptest::collection::vec(1u32..5, 0..4),
        communities in proptest::collection::btree_set(65537u32..65541, 0..4),
        med in prop::option::of(prop::sample::select(vec![0u32, 5, 100])),
        local_pref in prop::option::of(prop::sample::select(vec![0u32, 5, 100])),
        origin in origin(),
        tag in 0u32..2,
    ) -> Plain {
        Plain { path, communities, med, local_pref, weight: 0, origin, tag }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_map_does_what_its_clauses_say(
        config in a_configuration(),
        routes in proptest::collection::vec((a_route(), 0u32..16, 0u8..=4), 1..6),
    ) {
        let policy = Policy::compile(&config, &Configuration::default(), &Policy::default());
        let filter = policy.map(V4, Some("A"));
        let peer: IpAddr = "10.0.0.2".parse().unwrap();
        let subject = Subject {
            side: Side::In, peer: Some(peer), peer_as: Asn(65002), local_as: Asn(65000), own_as: Asn(65000),
            interface: None,
        };
        let asked = Asked { subject: &subject, former_med: None, igp_metric: None, protocol: Protocol::Bgp };
        for (route, bits, length) in routes {
            let net = Ipv4Net::new_assert((bits << 28).into(), length).trunc();
            let mut expected = route.clone();
            let permitted = Reading { config: &config, net, peer }.map("A", &mut expected);
            let answer = filter.pass(net, route.attributes(), &asked);
            let shown = answer.as_ref().map(Plain::of);
            prop_assert_eq!(shown, permitted.then_some(expected), "{} {:?}", net, route);
        }
    }
}
