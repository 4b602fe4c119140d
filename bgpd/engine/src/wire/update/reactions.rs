//! Every reaction of RFC 7606, and of the RFCs that follow it, as a table: what came in, what becomes of it.

use alloc::string::ToString;
use core::net::Ipv4Addr;

use super::*;
use crate::attr::Fault;
use crate::value::PerFamily;
use Disposition::{AttributeDiscard, TreatAsWithdraw};

fn external() -> Dialect {
    Dialect { four_octet_as: true, families: PerFamily([true, true]), ..Dialect::default() }
}

fn internal() -> Dialect {
    Dialect { peer: PeerKind::Internal, ..external() }
}

fn confederation() -> Dialect {
    Dialect { peer: PeerKind::Confederation, ..external() }
}

fn old_speaker() -> Dialect {
    Dialect { four_octet_as: false, ..external() }
}

const ORIGIN: &[u8] = &[0x40, 1, 1, 0];
const AS_PATH: &[u8] = &[0x40, 2, 6, 2, 1, 0, 0, 0xfd, 0xe9];
const OLD_AS_PATH: &[u8] = &[0x40, 2, 4, 2, 1, 0xfd, 0xe9];
const CONFED_AS_PATH: &[u8] = &[0x40, 2, 6, 3, 1, 0, 0, 0xfd, 0xe9];
const NEXT_HOP: &[u8] = &[0x40, 3, 4, 192, 0, 2, 1];
const LOCAL_PREF: &[u8] = &[0x40, 5, 4, 0, 0, 0, 100];
const TEN: &[u8] = &[8, 10];
/// 2001:db8::/32 with next hop 2001:db8::1.
const MP_REACH: &[u8] = &[
    0x80, 14, 26, 0, 2, 1, 16, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 32, 0x20, 1, 0xd,
    0xb8,
];

fn body(withdrawn: &[u8], attributes: &[&[u8]], nlri: &[u8]) -> Vec<u8> {
    let attributes = attributes.concat();
    let len = |octets: &[u8]| u16::try_from(octets.len()).unwrap().to_be_bytes();
    [&len(withdrawn)[..], withdrawn, &len(&attributes), &attributes, nlri].concat()
}

/// The usual attributes of each dialect, with one more.
fn with(dialect: &Dialect, more: &[u8]) -> Vec<u8> {
    let path = match (dialect.four_octet_as, dialect.peer) {
        (false, _) => OLD_AS_PATH,
        (true, PeerKind::Confederation) => CONFED_AS_PATH,
        (true, PeerKind::External | PeerKind::Internal) => AS_PATH,
    };
    let local_pref = if dialect.peer == PeerKind::Internal { LOCAL_PREF } else { &[] };
    let usual = [ORIGIN, path, NEXT_HOP, local_pref];
    // A code that is there already is replaced, or the first one would win.
    let kept = usual.into_iter().filter(|attribute| attribute.get(1) != more.get(1));
    body(&[], &[&kept.collect::<Vec<_>>().concat(), more], TEN)
}

type Expected = Option<(u8, Fault, Disposition)>;
type Case = (&'static str, Dialect, Vec<u8>, Expected);

fn case(name: &'static str, dialect: Dialect, octets: &[u8], expected: Expected) -> Case {
    (name, dialect, octets.to_vec(), expected)
}

fn wd(code: u8, fault: Fault) -> Expected {
    Some((code, fault, TreatAsWithdraw))
}

fn discard(code: u8, fault: Fault) -> Expected {
    Some((code, fault, AttributeDiscard))
}

/// One attribute of RFC 4271 beside good ones, in a message that announces an IPv4 prefix.
fn basic_cases() -> Vec<Case> {
    use Fault::*;
    let confed_set = [0x40, 2, 12, 3, 1, 0, 0, 0, 1, 4, 1, 0, 0, 0, 2];
    let sets = Dialect { reject_as_sets: false, ..external() };
    [
        case("nothing wrong", external(), &[], None),
        case("origin: undefined", external(), &[0x40, 1, 1, 3], wd(1, UndefinedOrigin(3))),
        case("origin: length", external(), &[0x40, 1, 2, 0, 0], wd(1, Length(2))),
        case("origin: empty", external(), &[0x40, 1, 0], wd(1, Length(0))),
        case("origin: flags", external(), &[0xc0, 1, 1, 0], wd(1, Flags(0xc0))),
        case("as path: segment type", external(), &[0x40, 2, 6, 5, 1, 0, 0, 0, 1], wd(2, SegmentType(5))),
        case("as path: overrun", external(), &[0x40, 2, 6, 2, 2, 0, 0, 0, 1], wd(2, SegmentOverrun)),
        case("as path: underrun", external(), &[0x40, 2, 7, 2, 1, 0, 0, 0, 1, 2], wd(2, SegmentOverrun)),
        case("as path: empty segment", external(), &[0x40, 2, 2, 2, 0], wd(2, SegmentEmpty)),
        case("as path: empty is allowed", external(), &[0x40, 2, 0], None),
        case("as path: AS 0", external(), &[0x40, 2, 6, 2, 1, 0, 0, 0, 0], wd(2, AsZero)),
        case("as path: AS_SET", external(), &[0x40, 2, 6, 1, 1, 0, 0, 0, 1], wd(2, AsSet)),
        case("as path: AS_SET let through", sets, &[0x40, 2, 6, 1, 1, 0, 0, 0, 1], None),
        case("as path: confederation set", confederation(), &confed_set, wd(2, AsSet)),
        case("as path: confederation outside", external(), CONFED_AS_PATH, wd(2, ConfedSegment)),
        case("as path: confederation first", confederation(), AS_PATH, wd(2, NoConfedSegment)),
        case("as path: of an old speaker", old_speaker(), &[0x40, 2, 6, 2, 1, 0, 0, 0, 1], wd(2, AsZero)),
        case("next hop: length", external(), &[0x40, 3, 3, 1, 2, 3], wd(3, Length(3))),
        case("next hop: zero", external(), &[0x40, 3, 4, 0, 0, 0, 0], wd(3, NextHopAddress)),
        case("next hop: multicast", external(), &[0x40, 3, 4, 224, 0, 0, 1], wd(3, NextHopAddress)),
        case("med: length", external(), &[0x80, 4, 3, 0, 0, 1], wd(4, Length(3))),
        case("local pref: external", external(), LOCAL_PREF, discard(5, ExternalPeer)),
        case("local pref: external, length", external(), &[0x40, 5, 1, 1], discard(5, ExternalPeer)),
        case("local pref: length", internal(), &[0x40, 5, 3, 0, 0, 1], wd(5, Length(3))),
        case("local pref: confederation", confederation(), LOCAL_PREF, None),
        case("atomic aggregate: length", external(), &[0x40, 6, 1, 0], discard(6, Length(1))),
    ]
    .to_vec()
}

/// The same with an optional attribute.
fn optional_cases() -> Vec<Case> {
    use Fault::*;
    let aigp = Dialect { aigp: true, ..external() };
    [
        case("aggregator: length", external(), &[0xc0, 7, 6, 0, 1, 1, 2, 3, 4], discard(7, Length(6))),
        case(
            "aggregator: old, length",
            old_speaker(),
            &[0xc0, 7, 8, 0, 0, 0, 1, 1, 2, 3, 4],
            discard(7, Length(8)),
        ),
        case("aggregator: AS 0", external(), &[0xc0, 7, 8, 0, 0, 0, 0, 1, 2, 3, 4], discard(7, AsZero)),
        case("communities: length", external(), &[0xc0, 8, 5, 0, 0, 0, 0, 0], wd(8, Length(5))),
        case("communities: empty", external(), &[0xc0, 8, 0], wd(8, Length(0))),
        case("communities: flags", external(), &[0x40, 8, 4, 0, 0, 0, 1], wd(8, Flags(0x40))),
        case("communities: partial is no fault", external(), &[0xe0, 8, 4, 0, 0, 0, 1], None),
        case("originator: external", external(), &[0x80, 9, 4, 1, 2, 3, 4], discard(9, ExternalPeer)),
        case("originator: length", internal(), &[0x80, 9, 5, 1, 2, 3, 4, 5], wd(9, Length(5))),
        case("cluster list: external", external(), &[0x80, 10, 4, 1, 2, 3, 4], discard(10, ExternalPeer)),
        case("cluster list: length", internal(), &[0x80, 10, 3, 1, 2, 3], wd(10, Length(3))),
        case("cluster list: empty", internal(), &[0x80, 10, 0], wd(10, Length(0))),
        case("extended communities: length", external(), &[0xc0, 16, 4, 0, 0, 0, 0], wd(16, Length(4))),
        case("extended communities: empty", external(), &[0xc0, 16, 0], wd(16, Length(0))),
        case(
            "as4 path: from a new speaker",
            external(),
            &[0xc0, 17, 6, 2, 1, 0, 0, 0, 1],
            discard(17, NewSpeaker),
        ),
        case(
            "as4 path: malformed",
            old_speaker(),
            &[0xc0, 17, 6, 2, 2, 0, 0, 0, 1],
            discard(17, SegmentOverrun),
        ),
        case("as4 path: empty", old_speaker(), &[0xc0, 17, 0], discard(17, Length(0))),
        case("as4 path: AS_SET", old_speaker(), &[0xc0, 17, 6, 1, 1, 0, 0, 0, 1], wd(17, AsSet)),
        case(
            "as4 aggregator: length",
            old_speaker(),
            &[0xc0, 18, 6, 0, 1, 1, 2, 3, 4],
            discard(18, Length(6)),
        ),
        case(
            "as4 aggregator: new",
            external(),
            &[0xc0, 18, 8, 0, 0, 0, 1, 1, 2, 3, 4],
            discard(18, NewSpeaker),
        ),
        case("ipv6 extended communities: length", external(), &[0xc0, 25, 1, 0], wd(25, Length(1))),
        case("aigp: not enabled", external(), &[0x80, 26, 1, 0], discard(26, NotEnabled)),
        case("aigp: malformed", aigp, &[0x80, 26, 1, 0], discard(26, Length(1))),
        case("large communities: length", external(), &[0xc0, 32, 4, 0, 0, 0, 0], wd(32, Length(4))),
        case("large communities: empty", external(), &[0xc0, 32, 0], wd(32, Length(0))),
        case("otc: length", external(), &[0xc0, 35, 3, 0, 0, 1], wd(35, Length(3))),
        case("unknown: transitive", external(), &[0xc0, 99, 1, 7], None),
        case("unknown: not transitive", external(), &[0x80, 99, 1, 7], None),
        case("overrun: a length that lies", external(), &[0xc0, 8, 9, 0, 0, 0, 1], wd(8, Overrun)),
        case("overrun: a piece of a header", external(), &[0xc0, 8], wd(8, Overrun)),
        case("overrun: half an extended length", external(), &[0xd0, 8, 0], wd(8, Overrun)),
    ]
    .to_vec()
}

fn one_attribute_cases() -> impl Iterator<Item = Case> {
    basic_cases().into_iter().chain(optional_cases())
}

#[test]
fn one_malformed_attribute_has_the_reaction_of_its_class() {
    for (name, dialect, attribute, expected) in one_attribute_cases() {
        let octets = with(&dialect, &attribute);
        let update = parse(&octets, &dialect).unwrap_or_else(|error| panic!("{name}: {error}"));
        let found = update.errors.first().map(|error| (error.code, error.fault, error.disposition));
        assert_eq!(found, expected, "{name}");
        // A header that runs over hides no other attribute here; nothing else is missing or wrong.
        assert_eq!(update.errors.len(), usize::from(expected.is_some()), "{name}: {:?}", update.errors);
        assert_eq!(update.disposition, expected.map(|(_, _, disposition)| disposition), "{name}");
        let usable = update.disposition != Some(TreatAsWithdraw);
        assert_eq!(update.attributes.is_some(), usable, "{name}");
        assert_eq!(update.announced.count(), 1, "{name}: the prefix is known, to be taken or withdrawn");
    }
}

#[test]
fn what_is_discarded_is_not_in_the_set() {
    let discarded =
        one_attribute_cases().filter(|case| case.3.is_some_and(|(_, _, d)| d == AttributeDiscard));
    for (name, dialect, attribute, _) in discarded {
        let octets = with(&dialect, &attribute);
        let plain = with(&dialect, &[]);
        let set = |octets: &[u8]| parse(octets, &dialect).unwrap().attributes;
        assert_eq!(set(&octets), set(&plain), "{name}");
    }
}

#[test]
fn an_unknown_transitive_attribute_is_kept_with_the_partial_bit_and_another_is_dropped() {
    let octets = with(&external(), &[0xd0, 99, 0, 1, 7]);
    let set = parse(&octets, &external()).unwrap().attributes.unwrap();
    let unknown = &set.rare().unknown[0];
    assert_eq!((unknown.flags, unknown.code, &*unknown.value), (0xe0, 99, &[7][..]));
    let octets = with(&external(), &[0x80, 99, 1, 7]);
    assert!(parse(&octets, &external()).unwrap().attributes.unwrap().rare().unknown.is_empty());
}

#[test]
fn a_known_attribute_keeps_its_partial_bit() {
    for (attribute, emitted) in [(&[0xe0, 8, 4, 0, 0, 0, 1], 0xe0), (&[0xc0, 8, 4, 0, 0, 0, 1], 0xc0)] {
        let octets = with(&external(), attribute);
        let set = parse(&octets, &external()).unwrap().attributes.unwrap();
        let mut out = Vec::new();
        emit_attributes(&set, &external(), Family::Ipv4Unicast, &mut out);
        assert_eq!(out[out.len() - 7..], [emitted, 8, 4, 0, 0, 0, 1]);
    }
}

#[test]
fn each_mandatory_attribute_that_is_missing_treats_the_routes_as_withdrawn() {
    let all: [&[u8]; 4] = [ORIGIN, AS_PATH, NEXT_HOP, LOCAL_PREF];
    for missing in 0..4 {
        let kept: Vec<&[u8]> = (0..4).filter(|n| *n != missing).map(|n| all[n]).collect();
        let octets = body(&[], &kept, TEN);
        let update = parse(&octets, &internal()).unwrap();
        assert_eq!(update.disposition, Some(TreatAsWithdraw));
        assert_eq!((update.errors[0].code, update.errors[0].fault), (all[missing][1], Fault::Missing));
    }
    let octets = body(&[], &[ORIGIN, AS_PATH, MP_REACH], &[]);
    assert_eq!(parse(&octets, &external()).unwrap().disposition, None, "MP_REACH_NLRI needs no NEXT_HOP");
    let octets = body(TEN, &[], &[]);
    assert_eq!(parse(&octets, &external()).unwrap().disposition, None, "a withdrawal needs no attribute");
}

#[test]
fn of_an_attribute_that_is_there_twice_the_first_counts() {
    let octets =
        body(&[], &[ORIGIN, AS_PATH, NEXT_HOP, &[0x80, 4, 4, 0, 0, 0, 7], &[0x80, 4, 4, 0, 0, 0, 8]], TEN);
    let update = parse(&octets, &external()).unwrap();
    assert_eq!(update.attributes.unwrap().med, Some(7));
    assert_eq!((update.errors[0].code, update.errors[0].fault), (4, Fault::Repeated));
    assert_eq!(update.disposition, Some(AttributeDiscard));
}

#[test]
fn the_strongest_of_several_reactions_is_taken() {
    let octets = body(&[], &[ORIGIN, AS_PATH, NEXT_HOP, &[0x40, 6, 1, 0], &[0xc0, 8, 1, 0]], TEN);
    let update = parse(&octets, &external()).unwrap();
    assert_eq!(update.errors.len(), 2);
    assert_eq!(update.disposition, Some(TreatAsWithdraw));
    let text = update.errors[1].to_string();
    assert_eq!(text, "attribute 8 (COMMUNITIES): length 1 is not possible: treated as withdraw");
}

/// What ends the session, with subcode and data.
#[test]
fn what_hides_prefixes_or_breaks_the_list_ends_the_session() {
    let v6 = [0x80, 14, 5, 0, 2, 1, 0, 0];
    let long_v6 = [0x80, 15, 4, 0, 2, 1, 129];
    let mut short_hop = MP_REACH.to_vec();
    short_hop[6] = 15;
    let over_v6 = [0x80, 15, 5, 0, 2, 1, 16, 1];
    let good: &[u8] = &[ORIGIN, AS_PATH, NEXT_HOP].concat();
    let cases: [(&str, Vec<u8>, u8, &[u8]); 14] = [
        ("withdrawn length", [0, 9, 0, 0].to_vec(), 1, &[]),
        ("attribute length", [0, 0, 0, 9].to_vec(), 1, &[]),
        ("nothing", [0, 0, 0].to_vec(), 1, &[]),
        ("withdrawn prefix too long", body(&[33, 1, 2, 3, 4, 5], &[], &[]), 10, &[]),
        ("withdrawn prefix over the end", body(&[16, 10], &[], &[]), 10, &[]),
        ("nlri prefix too long", body(&[], &[good], &[33, 1, 2, 3, 4, 5]), 10, &[]),
        ("nlri prefix over the end", body(&[], &[good], &[24, 10]), 10, &[]),
        ("MP_REACH_NLRI twice", body(&[], &[good, MP_REACH, MP_REACH], &[]), 1, &[]),
        ("MP_UNREACH_NLRI too short", body(&[], &[&[0x80, 15, 2, 0, 2]], &[]), 9, &[0x80, 15, 2, 0, 2]),
        ("MP_UNREACH_NLRI prefix too long", body(&[], &[&long_v6], &[]), 9, &long_v6),
        ("MP_UNREACH_NLRI prefix over the end", body(&[], &[&over_v6], &[]), 9, &over_v6),
        ("MP_REACH_NLRI next hop length 0", body(&[], &[good, &v6], &[]), 9, &v6),
        ("MP_REACH_NLRI next hop length 15", body(&[], &[good, &short_hop], &[]), 9, &short_hop),
        ("well-known, not known", body(&[], &[good, &[0x40, 99, 1, 7]], TEN), 2, &[0x40, 99, 1, 7]),
    ];
    for (name, octets, subcode, data) in cases {
        let expected = Notification { code: 3, subcode, data: data.to_vec() };
        assert_eq!(parse(&octets, &external()).err(), Some(expected), "{name}");
    }
}

#[test]
fn a_fault_in_a_message_without_announced_prefixes_ends_the_session() {
    let octets = body(TEN, &[&[0x40, 1, 1, 9]], &[]);
    assert_eq!(parse(&octets, &external()).err(), Some(Notification::malformed_attribute_list()));
    let octets = body(TEN, &[&[0x40, 6, 1, 0]], &[]);
    let update = parse(&octets, &external()).unwrap();
    assert_eq!(update.disposition, Some(AttributeDiscard), "a discarded attribute hides no prefix");
}

#[test]
fn a_family_that_is_not_agreed_on_is_passed_over() {
    let only_v4 = Dialect { families: PerFamily([true, false]), ..external() };
    let octets = body(&[], &[ORIGIN, AS_PATH, NEXT_HOP, MP_REACH], TEN);
    let update = parse(&octets, &only_v4).unwrap();
    assert_eq!((update.mp_announced, update.mp_next_hop), (None, None));
    assert_eq!((update.announced.count(), update.disposition), (1, None));
    let only_v6 = Dialect { families: PerFamily([false, true]), ..external() };
    let update = parse(&octets, &only_v6).unwrap();
    assert_eq!(update.announced.count(), 0);
    assert_eq!(update.mp_announced.map(|nlri| nlri.count()), Some(1));
    let flow = [0x80, 15, 4, 0, 1, 133, 0xff];
    assert!(
        parse(&body(&[], &[&flow], &[]), &external()).is_ok(),
        "the prefixes of others are not looked at"
    );
}

#[test]
fn both_next_hops_of_a_message_with_both_kinds_of_prefixes_are_told() {
    let octets = body(&[], &[ORIGIN, AS_PATH, NEXT_HOP, MP_REACH], TEN);
    let update = parse(&octets, &external()).unwrap();
    assert_eq!(update.attributes.unwrap().next_hop, NextHop::V4(Ipv4Addr::new(192, 0, 2, 1)));
    assert_eq!(update.mp_next_hop, Some(NextHop::V6("2001:db8::1".parse().unwrap())));
    assert_eq!(update.mp_announced.unwrap().v6().next().unwrap().1.to_string(), "2001:db8::/32");
    let octets = body(&[], &[ORIGIN, AS_PATH, NEXT_HOP, MP_REACH], &[]);
    let update = parse(&octets, &external()).unwrap();
    assert_eq!(update.mp_next_hop, None);
    assert_eq!(update.attributes.unwrap().next_hop, NextHop::V6("2001:db8::1".parse().unwrap()));
}

#[test]
fn an_ipv6_next_hop_of_no_host_treats_the_routes_as_withdrawn() {
    let mut multicast = MP_REACH.to_vec();
    multicast[7] = 0xff;
    let octets = body(&[], &[ORIGIN, AS_PATH, &multicast], &[]);
    let update = parse(&octets, &external()).unwrap();
    assert_eq!((update.errors[0].code, update.errors[0].fault), (14, Fault::NextHopAddress));
    assert_eq!(update.disposition, Some(TreatAsWithdraw));
    assert_eq!(update.mp_announced.map(|nlri| nlri.count()), Some(1));
}

#[test]
fn an_old_speakers_attributes_are_merged_as_rfc_6793_says() {
    let path = [0x40, 2, 8, 2, 3, 0, 1, 0x5b, 0xa0, 0x5b, 0xa0];
    let as4_path = [0xc0, 17, 10, 2, 2, 0, 1, 0, 0, 0, 1, 0, 1];
    let trans = [0xc0, 7, 6, 0x5b, 0xa0, 1, 2, 3, 4];
    let other = [0xc0, 7, 6, 0, 5, 1, 2, 3, 4];
    let as4_aggregator = [0xc0, 18, 8, 0, 1, 0, 1, 1, 2, 3, 4];
    let set = |parts: &[&[u8]]| {
        let octets = body(&[], &[&[ORIGIN, &path, NEXT_HOP].concat(), &parts.concat()], TEN);
        parse(&octets, &old_speaker()).unwrap().attributes.unwrap()
    };
    let merged = set(&[&trans, &as4_path, &as4_aggregator]);
    assert_eq!(merged.as_path.to_string(), "1 65536 65537");
    assert_eq!(merged.rare().aggregator.unwrap().to_string(), "65537 1.2.3.4");
    let ignored = set(&[&other, &as4_path, &as4_aggregator]);
    assert_eq!(ignored.as_path.to_string(), "1 23456 23456");
    assert_eq!(ignored.rare().aggregator.unwrap().to_string(), "5 1.2.3.4");
    assert_eq!(set(&[&as4_path]).as_path.to_string(), "1 65536 65537");
}
