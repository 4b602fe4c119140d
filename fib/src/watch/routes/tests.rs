use std::net::IpAddr;

use ipnet::IpNet;

use super::message::{Event, Told};
use super::picture::{Picture, RouteChange, RouteWay, Table};
use super::*;

fn told(net: &str, ways: &[(&str, u32)]) -> Told {
    let way = |&(gateway, link): &(&str, u32)| match gateway {
        "" => RouteWay::Link(link),
        gateway => RouteWay::Over(gateway.parse().unwrap(), link),
    };
    let net: IpNet = net.parse().unwrap();
    Told {
        table: Table::Main,
        net,
        protocol: 4,
        metric: 0,
        ways: ways.iter().map(way).collect(),
        source: None,
        replaces: false,
        first: net.addr().is_ipv4(),
    }
}

fn dumped(list: &[Told]) -> Picture {
    let mut picture = Picture::default();
    list.iter().for_each(|told| picture.note(told.clone()));
    picture
}

/// What came of an event: `+NET way way`, `-NET`, or nothing.
fn said(change: Option<RouteChange>) -> String {
    match change {
        None => String::new(),
        Some(RouteChange::Gone { net, .. }) => format!("-{net}"),
        Some(RouteChange::Route(route)) => {
            let ways = route.ways.iter().map(|way| match way {
                RouteWay::Link(link) => format!(" {link}"),
                RouteWay::Over(gateway, link) => format!(" {gateway}@{link}"),
                hole => format!(" {hole:?}"),
            });
            format!("+{}{}", route.net, ways.collect::<String>())
        }
    }
}

#[test]
fn a_route_comes_moves_and_goes() {
    let mut picture = Picture::default();
    let (one, other) = (told("192.0.2.0/24", &[("10.0.0.1", 2)]), told("192.0.2.0/24", &[("10.0.0.2", 2)]));
    assert_eq!(said(picture.apply(Event::Here(one.clone()))), "+192.0.2.0/24 10.0.0.1@2");
    assert_eq!(said(picture.apply(Event::Here(one))), "");
    let moved = Told { replaces: true, ..other.clone() };
    assert_eq!(said(picture.apply(Event::Here(moved))), "+192.0.2.0/24 10.0.0.2@2");
    assert_eq!(said(picture.apply(Event::Gone(other))), "-192.0.2.0/24");
    assert!(!picture.is_doubtful());
}

#[test]
fn an_appended_ipv4_route_waits_behind_the_first() {
    let (one, other) = (told("192.0.2.0/24", &[("10.0.0.1", 2)]), told("192.0.2.0/24", &[("10.0.0.2", 2)]));
    let mut picture = dumped(std::slice::from_ref(&one));
    let appended = Told { first: false, ..other.clone() };
    assert_eq!(said(picture.apply(Event::Here(appended))), "");
    assert_eq!(said(picture.apply(Event::Gone(one.clone()))), "+192.0.2.0/24 10.0.0.2@2");
    assert_eq!(said(picture.apply(Event::Here(one))), "+192.0.2.0/24 10.0.0.1@2");
}

#[test]
fn an_ipv6_route_grows_and_shrinks_by_a_way() {
    let (one, two) = (("2001:db8::1", 2), ("2001:db8:1::1", 3));
    let mut picture = dumped(&[told("2001:db8:9::/48", &[one])]);
    let whole = told("2001:db8:9::/48", &[one, two]);
    assert_eq!(said(picture.apply(Event::Here(whole))), "+2001:db8:9::/48 2001:db8::1@2 2001:db8:1::1@3");
    let part = told("2001:db8:9::/48", &[one]);
    assert_eq!(said(picture.apply(Event::Gone(part))), "+2001:db8:9::/48 2001:db8:1::1@3");
    let rest = told("2001:db8:9::/48", &[two]);
    assert_eq!(said(picture.apply(Event::Gone(rest))), "-2001:db8:9::/48");
}

#[test]
fn the_same_ipv6_network_on_two_links_is_two_routes() {
    let (one, two) = (told("2001:db8::/64", &[("", 2)]), told("2001:db8::/64", &[("", 3)]));
    let mut picture = dumped(std::slice::from_ref(&one));
    assert_eq!(said(picture.apply(Event::Here(two))), "");
    assert_eq!(said(picture.apply(Event::Gone(one))), "+2001:db8::/64 3");
}

#[test]
fn what_takes_routes_away_without_a_word_makes_the_picture_doubtful() {
    let route = told("192.0.2.0/24", &[("10.0.0.1", 2)]);
    let sourced = Told { source: Some("10.9.9.9".parse().unwrap()), ..route.clone() };
    let address = |text: &str| text.parse::<IpAddr>().unwrap();
    let doubtful = |told: &Told, event: Event| {
        let mut picture = dumped(std::slice::from_ref(told));
        picture.apply(event);
        picture.is_doubtful()
    };
    assert!(doubtful(&route, Event::LinkDown(2)));
    assert!(doubtful(&route, Event::LinkGone(2)));
    assert!(doubtful(&route, Event::ObjectGone));
    assert!(doubtful(&route, Event::AddressGone(2, address("10.0.0.7"))));
    assert!(doubtful(&sourced, Event::AddressGone(1, address("10.9.9.9"))));
    assert!(!doubtful(&sourced, Event::AddressGone(1, address("10.9.9.8"))));
    assert!(!doubtful(&route, Event::LinkDown(3)));
    assert!(!doubtful(&route, Event::LinkUp(2)));
}

#[test]
fn a_link_that_is_down_is_doubted_once() {
    let mut picture = dumped(&[told("192.0.2.0/24", &[("10.0.0.1", 2)])]);
    picture.apply(Event::LinkDown(2));
    let same = dumped(&[told("192.0.2.0/24", &[("10.0.0.1", 2)])]);
    assert_eq!(picture.replace(same), []);
    picture.apply(Event::LinkDown(2));
    assert!(!picture.is_doubtful());
    picture.apply(Event::LinkUp(2));
    picture.apply(Event::LinkDown(2));
    assert!(picture.is_doubtful());
}

#[test]
fn a_new_dump_and_what_was_known_give_the_difference_alone() {
    let route = |net: &str, gateway: &str| OtherRoute {
        net: net.parse().unwrap(),
        protocol: 4,
        metric: 0,
        ways: vec![RouteWay::Over(gateway.parse().unwrap(), 2)],
    };
    let known = [
        route("192.0.2.0/24", "10.0.0.1"),
        route("198.51.100.0/24", "10.0.0.1"),
        route("203.0.113.0/24", "10.0.0.1"),
    ];
    let mut picture = Picture::of(known);
    assert!(picture.is_doubtful());
    let ours = Told { table: Table::Ours, ..told("203.0.113.0/24", &[("10.0.0.1", 2)]) };
    let fresh = dumped(&[
        told("192.0.2.0/24", &[("10.0.0.1", 2)]),
        told("198.51.100.0/24", &[("10.0.0.9", 2)]),
        ours,
        told("8.0.0.0/8", &[("10.0.0.1", 2)]),
    ]);
    let changes: Vec<String> = picture.replace(fresh).into_iter().map(Some).map(said).collect();
    assert_eq!(changes, ["+8.0.0.0/8 10.0.0.1@2", "+198.51.100.0/24 10.0.0.9@2"]);
    assert!(!picture.is_doubtful());
    let mut empty = changes.len();
    for change in picture.replace(Picture::default()) {
        assert!(said(Some(change)).starts_with('-'));
        empty += 1;
    }
    assert_eq!(empty, 2 + 4);
}

#[test]
fn what_is_in_the_main_table_counts_before_the_other() {
    let ours = Told { table: Table::Ours, ..told("192.0.2.0/24", &[("10.0.0.9", 3)]) };
    let main = told("192.0.2.0/24", &[("10.0.0.1", 2)]);
    let mut picture = dumped(&[ours]);
    assert_eq!(said(picture.apply(Event::Here(main.clone()))), "+192.0.2.0/24 10.0.0.1@2");
    assert_eq!(said(picture.apply(Event::Gone(main))), "+192.0.2.0/24 10.0.0.9@3");
}
