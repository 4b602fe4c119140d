//! What is written is read again, and no message is longer than it may be.

use alloc::boxed::Box;
use core::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::attr::{
    Aggregator, AsPath, Community, ExtendedCommunity, Ipv6ExtendedCommunity, LargeCommunity, Origin,
    UnknownAttribute,
};
use crate::value::{Asn, Net, PathId, PerFamily, RouterId};
use crate::wire::frame;

pub(super) fn dialect() -> Dialect {
    Dialect {
        four_octet_as: true,
        families: PerFamily([true, true]),
        reject_as_sets: false,
        peer: PeerKind::Internal,
        aigp: true,
        ..Dialect::default()
    }
}

fn asn() -> impl Strategy<Value = Asn> {
    prop_oneof![(1_u32..70000), any::<u32>().prop_map(|n| n.max(1))].prop_map(Asn)
}

fn as_path() -> impl Strategy<Value = AsPath> {
    let sequence = vec(asn(), 0..12).prop_map(AsPath::from_asns);
    let long = vec(asn(), 0..600).prop_map(AsPath::from_asns);
    let text =
        prop_oneof![Just("1 2 {3,4}"), Just("(65001 65002) 7 {8} 9"), Just("[1,2] 3"), Just("{1}"), Just("")];
    prop_oneof![8 => sequence, 1 => long, 1 => text.prop_map(|text| text.parse().unwrap())]
}

fn unknown() -> impl Strategy<Value = Vec<UnknownAttribute>> {
    let one = (40_u8..=255, vec(any::<u8>(), 0..300));
    let several = vec(one, 0..3);
    several.prop_map(|mut list| {
        list.sort_by_key(|(code, _)| *code);
        list.dedup_by_key(|(code, _)| *code);
        list.into_iter()
            .map(|(code, value)| UnknownAttribute { flags: 0xe0, code, value: value.into() })
            .collect()
    })
}

prop_compose! {
    fn common()(
        as_path in as_path(),
        communities in vec(any::<u32>().prop_map(Community), 0..90),
        med in any::<Option<u32>>(),
        local_pref in any::<u32>(),
        origin in prop_oneof![Just(Origin::Igp), Just(Origin::Egp), Just(Origin::Incomplete)],
        atomic_aggregate in any::<bool>(),
    ) -> PathAttributes {
        let mut set = PathAttributes::default();
        set.as_path = as_path;
        set.communities = communities.into();
        set.med = med;
        set.local_pref = Some(local_pref);
        set.origin = origin;
        set.atomic_aggregate = atomic_aggregate;
        set
    }
}

/// The bits in [`PartialBits`](crate::attr::PartialBits).
const COMMUNITIES_BIT: u8 = 2;
const LARGE_BIT: u8 = 16;

prop_compose! {
    fn attributes()(
        mut set in common(),
        aggregator in proptest::option::of((asn(), any::<u32>())),
        extended in vec(any::<[u8; 8]>().prop_map(ExtendedCommunity), 0..4),
        large in vec(any::<[u32; 3]>().prop_map(LargeCommunity), 0..4),
        v6 in vec(any::<[u8; 20]>().prop_map(Ipv6ExtendedCommunity), 0..2),
        originator in any::<Option<u32>>(),
        clusters in vec(any::<u32>().prop_map(RouterId), 0..3),
        aigp in proptest::option::of(0..u64::MAX),
        otc in proptest::option::of(asn()),
        unknown in unknown(),
        partial in any::<u8>(),
    ) -> PathAttributes {
        let communities = if set.communities.is_empty() { 0 } else { COMMUNITIES_BIT };
        let large_bit = if large.is_empty() { 0 } else { LARGE_BIT };
        set.partial.0 = partial & (communities | large_bit);
        set.edit_rare(|rare| {
            rare.aggregator = aggregator.map(|(asn, id)| Aggregator { asn, router_id: RouterId(id) });
            rare.extended_communities = extended.into();
            rare.large_communities = large.into();
            rare.ipv6_extended_communities = v6.into();
            rare.originator_id = originator.map(RouterId);
            rare.cluster_list = clusters.into();
            rare.aigp = aigp;
            rare.otc = otc;
            rare.unknown = unknown.into();
        });
        set
    }
}

fn net<N: Net>() -> impl Strategy<Value = (PathId, N)> {
    (any::<u32>(), any::<u128>(), 0..=N::MAX_LEN)
        .prop_map(|(id, bits, len)| (PathId(id), N::from_bits(bits, len)))
}

const GLOBAL: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
const LINK_LOCAL: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);

fn next_hops(family: Family) -> impl Strategy<Value = NextHop> {
    let v6 = prop_oneof![
        Just(NextHop::V6(GLOBAL)),
        Just(NextHop::V6(LINK_LOCAL)),
        Just(NextHop::V6WithLinkLocal(Box::new((GLOBAL, LINK_LOCAL)))),
    ];
    let v4 = Just(NextHop::V4(Ipv4Addr::new(192, 0, 2, 1)));
    let weight = u32::from(family == Family::Ipv4Unicast);
    prop_oneof![1 => v6, weight => v4]
}

/// Packs the prefixes into as many messages as they need. Panics if a prefix does not fit an empty message.
fn announce<N: Net>(
    set: &PathAttributes,
    nets: &[(PathId, N)],
    dialect: &Dialect,
) -> Result<Vec<u8>, EmitError> {
    let (mut blob, mut out) = (Vec::new(), Vec::new());
    emit_attributes(set, dialect, N::FAMILY, &mut blob);
    let mut nets = nets.iter().peekable();
    while nets.peek().is_some() {
        let mut message = Announcement::begin(&mut out, &blob, &set.next_hop, N::FAMILY, dialect)?;
        let mut count = 0;
        while nets.next_if(|(id, net)| message.push(*id, *net)).is_some() {
            count += 1;
        }
        assert!(count > 0, "an empty message takes at least one prefix");
        message.finish();
    }
    Ok(out)
}

fn withdraw<N: Net>(nets: &[(PathId, N)], dialect: &Dialect) -> Vec<u8> {
    let mut out = Vec::new();
    let mut nets = nets.iter().peekable();
    while nets.peek().is_some() {
        let mut message = Withdrawal::begin(&mut out, N::FAMILY, dialect);
        while nets.next_if(|(id, net)| message.push(*id, *net)).is_some() {}
        message.finish();
    }
    out
}

/// The messages' bodies; none is longer than it may be, and none could have taken the next one's first prefix.
fn bodies<'a>(mut octets: &'a [u8], dialect: &Dialect) -> Vec<&'a [u8]> {
    let mut bodies = Vec::new();
    while !octets.is_empty() {
        let frame = frame::next(octets, dialect.max_len()).unwrap().unwrap();
        assert_eq!(frame.kind, frame::MessageType::Update);
        bodies.push(frame.body);
        octets = &octets[frame.len..];
        let longest = 1 + 16 + 4;
        assert!(octets.is_empty() || frame.len + longest > dialect.max_len(), "a message is not full");
    }
    bodies
}

fn check<N: Net>(set: &PathAttributes, nets: &[(PathId, N)], dialect: &Dialect) {
    let octets = match announce(set, nets, dialect) {
        Ok(octets) => octets,
        Err(error) => {
            let mut blob = Vec::new();
            emit_attributes(set, dialect, N::FAMILY, &mut blob);
            assert!(blob.len() > 3900, "{error}");
            return;
        }
    };
    let mut seen = Vec::new();
    for body in bodies(&octets, dialect) {
        let update = parse(body, dialect).unwrap();
        assert_eq!(update.errors, []);
        assert_eq!(update.attributes.as_ref(), Some(set));
        assert_eq!(update.end_of_rib, None);
        let nlri = update.mp_announced.unwrap_or(update.announced);
        assert_eq!(nlri.count(), nlri.iter::<N>().count());
        seen.extend(nlri.iter::<N>());
    }
    assert_eq!(seen, nets);
    let octets = withdraw(nets, dialect);
    let withdrawn = bodies(&octets, dialect).into_iter().flat_map(|body| {
        let update = parse(body, dialect).unwrap();
        assert_eq!((update.attributes, update.disposition), (None, None));
        update.mp_withdrawn.unwrap_or(update.withdrawn).iter::<N>()
    });
    assert!(withdrawn.eq(nets.iter().copied()));
}

fn without_ids<N: Net>(nets: &mut [(PathId, N)], dialect: &Dialect) {
    if !dialect.add_path_tx[N::FAMILY] {
        nets.iter_mut().for_each(|(id, _)| *id = PathId(0));
    }
}

prop_compose! {
    fn dialects()(add_path in any::<[bool; 2]>(), extended_message in any::<bool>()) -> Dialect {
        let add_path = PerFamily(add_path);
        Dialect { add_path_rx: add_path, add_path_tx: add_path, extended_message, extended_next_hop: true, ..dialect() }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn ipv4_updates_are_read_as_they_were_written(
        mut set in attributes(),
        next_hop in next_hops(Family::Ipv4Unicast),
        mut nets in vec(net::<Ipv4Net>(), 1..2000),
        dialect in dialects(),
    ) {
        set.next_hop = next_hop;
        without_ids(&mut nets, &dialect);
        check(&set, &nets, &dialect);
    }

    #[test]
    fn ipv6_updates_are_read_as_they_were_written(
        mut set in attributes(),
        next_hop in next_hops(Family::Ipv6Unicast),
        mut nets in vec(net::<Ipv6Net>(), 1..600),
        dialect in dialects(),
    ) {
        set.next_hop = next_hop;
        without_ids(&mut nets, &dialect);
        check(&set, &nets, &dialect);
    }

    #[test]
    fn an_old_speaker_gets_the_same_path_and_aggregator(mut set in attributes()) {
        let dialect = Dialect { four_octet_as: false, extended_message: true, ..dialect() };
        // AS4_PATH has no room for these, and the order of segments may differ then.
        set.as_path = set.as_path.strip_confed();
        set.next_hop = NextHop::V4(Ipv4Addr::new(192, 0, 2, 1));
        check(&set, &[(PathId(0), "10.0.0.0/8".parse::<Ipv4Net>().unwrap())], &dialect);
    }

    #[test]
    fn no_octets_make_the_reader_panic(body in vec(any::<u8>(), 0..200), dialect in dialects()) {
        drop(parse(&body, &dialect).map(|update| update.announced.count()));
    }

    #[test]
    fn no_attributes_make_the_reader_panic(
        parts in vec((any::<u8>(), 0_u8..40, vec(any::<u8>(), 0..40)), 0..12),
        cut in any::<prop::sample::Index>(),
        peer in prop_oneof![Just(PeerKind::External), Just(PeerKind::Internal), Just(PeerKind::Confederation)],
    ) {
        let mut field = Vec::new();
        for (flags, code, value) in parts {
            crate::attr::table::emit_header(flags & 0xe0, code, value.len(), &mut field);
            field.extend(value);
        }
        field.truncate(cut.index(field.len() + 1));
        let mut body = [0, 0].to_vec();
        body.extend(u16::try_from(field.len()).unwrap().to_be_bytes());
        body.extend(field);
        body.extend([8, 10]);
        for four_octet_as in [true, false] {
            drop(parse(&body, &Dialect { peer, four_octet_as, ..dialect() }));
        }
    }
}

#[test]
fn a_message_may_be_filled_to_its_last_octet() {
    let mut set = PathAttributes::default();
    set.local_pref = Some(100);
    set.next_hop = NextHop::V4(Ipv4Addr::new(192, 0, 2, 1));
    for extended_message in [false, true] {
        let dialect = Dialect { extended_message, ..dialect() };
        // Header 19, lengths 4, ORIGIN 4, AS_PATH 3, NEXT_HOP 7, LOCAL_PREF 7: the rest is prefixes of 4 octets.
        let room = dialect.max_len() - 44;
        let nets: Vec<(PathId, Ipv4Net)> =
            (0..20000_u32).map(|n| (PathId(0), Ipv4Net::from_bits(u128::from(n) << 104, 24))).collect();
        let octets = announce(&set, &nets, &dialect).unwrap();
        let first = bodies(&octets, &dialect)[0];
        assert_eq!(first.len() + 19, dialect.max_len() - room % 4);
        check(&set, &nets, &dialect);
    }
}

#[test]
fn attributes_without_room_for_a_prefix_are_refused_and_leave_no_octet() {
    let mut set = PathAttributes::default();
    set.next_hop = NextHop::V4(Ipv4Addr::new(192, 0, 2, 1));
    // Header 19, lengths 4, ORIGIN 4, AS_PATH 3, NEXT_HOP 7, the unknown attribute's header 4, a prefix 5.
    let most = frame::MAX_LEN - 46;
    for (len, fits) in [(most, true), (most + 1, false), (65000, false)] {
        let value = core::iter::repeat_n(7, len).collect();
        set.edit_rare(|rare| {
            rare.unknown = [UnknownAttribute { flags: 0xe0, code: 99, value }].into_iter().collect()
        });
        let dialect = Dialect { peer: PeerKind::External, ..dialect() };
        let mut blob = Vec::new();
        emit_attributes(&set, &dialect, Family::Ipv4Unicast, &mut blob);
        let mut out = [1, 2, 3].to_vec();
        let begun = Announcement::begin(&mut out, &blob, &set.next_hop, Family::Ipv4Unicast, &dialect);
        match begun {
            Ok(mut message) => {
                assert!(fits);
                assert!(message.push(PathId(0), "192.0.2.1/32".parse::<Ipv4Net>().unwrap()));
                assert!(!message.push(PathId(0), "0.0.0.0/0".parse::<Ipv4Net>().unwrap()));
                message.abandon();
            }
            Err(error) => {
                assert!(!fits);
                assert_eq!(error, EmitError::TooLarge { attributes: blob.len(), max_len: 4096 });
            }
        }
        assert_eq!(out, [1, 2, 3]);
    }
}

#[test]
fn a_route_without_a_next_hop_is_not_announced() {
    let mut out = Vec::new();
    let begun = Announcement::begin(&mut out, &[], &NextHop::Own, Family::Ipv4Unicast, &dialect());
    assert_eq!(begun.err(), Some(EmitError::NoNextHop));
}

#[test]
fn the_end_of_rib_marker_of_each_family_is_known() {
    for family in Family::ALL {
        let mut out = Vec::new();
        emit_end_of_rib(family, &mut out);
        let update = parse(bodies(&out, &dialect())[0], &dialect()).unwrap();
        assert_eq!(update.end_of_rib, Some(family));
        let alone = Dialect { families: PerFamily::default(), ..dialect() };
        assert_eq!(parse(bodies(&out, &alone)[0], &alone).unwrap().end_of_rib, None);
    }
    let mut prefixes = Vec::new();
    let mut message = Withdrawal::begin(&mut prefixes, Family::Ipv6Unicast, &dialect());
    assert!(message.push(PathId(0), Ipv6Net::default()));
    message.finish();
    assert_eq!(parse(bodies(&prefixes, &dialect())[0], &dialect()).unwrap().end_of_rib, None);
}
