//! OPEN and its capabilities both ways, each error of RFC 4271 §6.2, and arbitrary octets into every reader.

use alloc::vec;
use alloc::vec::Vec;

use proptest::collection::vec;
use proptest::prelude::*;

use super::capability::{AddPathMode, Fqdn, GracefulRestart, Role, SoftwareVersion};
use super::frame::HEADER_LEN;
use super::*;
use crate::value::{AfiSafi, Asn, PerFamily, RouterId};

fn afi_safi() -> impl Strategy<Value = AfiSafi> {
    (any::<u16>(), any::<u8>()).prop_map(|(afi, safi)| AfiSafi { afi, safi })
}

fn graceful_restart() -> impl Strategy<Value = GracefulRestart> {
    (any::<[bool; 2]>(), 0_u16..4096, vec((afi_safi(), any::<bool>()), 0..5)).prop_map(
        |([restarting, notification], time_s, families)| GracefulRestart {
            restarting,
            notification,
            time_s,
            families,
        },
    )
}

fn capability() -> impl Strategy<Value = Capability> {
    let mode = prop_oneof![Just(AddPathMode::Receive), Just(AddPathMode::Send), Just(AddPathMode::Both)];
    let name = || vec(any::<u8>(), 0..=64);
    let role = prop_oneof![Just(Role::Provider), Just(Role::Peer), (5_u8..).prop_map(Role::Unknown)];
    prop_oneof![
        afi_safi().prop_map(Capability::MultiProtocol),
        Just(Capability::RouteRefresh),
        vec((afi_safi(), any::<u16>()), 0..5).prop_map(Capability::ExtendedNextHop),
        Just(Capability::ExtendedMessage),
        role.prop_map(Capability::Role),
        graceful_restart().prop_map(Capability::GracefulRestart),
        (1_u32..).prop_map(|asn| Capability::FourOctetAs(Asn(asn))),
        vec((afi_safi(), mode), 0..5).prop_map(Capability::AddPath),
        Just(Capability::EnhancedRouteRefresh),
        (name(), name()).prop_map(|(host, domain)| Capability::Fqdn(Fqdn { host, domain })),
        name().prop_map(|version| Capability::SoftwareVersion(SoftwareVersion(version))),
        (128_u8.., vec(any::<u8>(), 0..=255)).prop_map(|(code, value)| Capability::Unknown { code, value }),
    ]
}

fn open() -> impl Strategy<Value = OpenMessage> {
    let hold_time = any::<u16>().prop_filter("refused", |time| !matches!(time, 1 | 2));
    (1_u16.., hold_time, 1_u32.., vec(capability(), 0..12)).prop_map(
        |(my_as, hold_time_s, id, capabilities)| OpenMessage {
            version: 4,
            my_as,
            hold_time_s,
            router_id: RouterId(id),
            capabilities,
        },
    )
}

proptest! {
    #[test]
    fn an_open_is_read_as_it_was_written(open in open()) {
        let mut out = Vec::new();
        open.emit(&mut out);
        let frame = frame::next(&out, frame::MAX_LEN).unwrap().unwrap();
        prop_assert_eq!(frame.len, out.len());
        prop_assert_eq!(OpenMessage::parse(frame.body), Ok(open));
    }

    #[test]
    fn no_octets_make_a_reader_panic(body in vec(any::<u8>(), 0..120), flip in any::<bool>()) {
        let mut body = body;
        if flip && body.len() > 10 {
            // Past the checks of the fixed fields.
            body[..9].copy_from_slice(&[4, 0, 1, 0, 180, 1, 2, 3, 4]);
            body[9] = u8::try_from(body.len() - 10).unwrap();
        }
        drop(OpenMessage::parse(&body));
        drop(RouteRefresh::parse(&body));
        drop(Notification::parse(&body).map(|notification| notification.shutdown_text()));
        let mut stream = [0xff; 16].to_vec();
        stream.extend(body);
        if let Ok(Some(frame)) = frame::next(&stream, frame::MAX_LEN) {
            let families = PerFamily([true, true]);
            drop(parse(&frame, &Dialect { families, ..Dialect::default() }));
        }
    }
}

fn with_parameters(parameters: &[u8]) -> Vec<u8> {
    [&[4, 0xfd, 0xe9, 0, 180, 1, 2, 3, 4][..], parameters].concat()
}

#[test]
fn each_error_in_an_open_has_its_subcode() {
    let body = with_parameters(&[0]);
    let changed = |place: usize, octets: &[u8]| {
        let mut body = body.clone();
        body[place..place + octets.len()].copy_from_slice(octets);
        body
    };
    let as_zero = with_parameters(&[8, 2, 6, 65, 4, 0, 0, 0, 0]);
    let cases: [(&str, Vec<u8>, u8, &[u8]); 12] = [
        ("version 3", changed(0, &[3]), 1, &[0, 4]),
        ("AS 0", changed(1, &[0, 0]), 2, &[]),
        ("four-octet AS 0", as_zero, 2, &[]),
        ("hold time of 1 s", changed(3, &[0, 1]), 6, &[]),
        ("hold time of 2 s", changed(3, &[0, 2]), 6, &[]),
        ("identifier 0", changed(5, &[0; 4]), 3, &[]),
        ("authentication", with_parameters(&[3, 1, 1, 0]), 4, &[]),
        ("more octets than told", with_parameters(&[0, 1]), 0, &[]),
        ("fewer octets than told", with_parameters(&[4, 2, 2, 2]), 0, &[]),
        ("a parameter over the end", with_parameters(&[3, 2, 9, 2]), 0, &[]),
        ("a capability over the end", with_parameters(&[4, 2, 2, 2, 1]), 0, &[]),
        ("extended, over the end", with_parameters(&[255, 255, 0, 9, 2, 0, 0]), 0, &[]),
    ];
    for (name, octets, subcode, data) in cases {
        let expected = Notification { code: 2, subcode, data: data.to_vec() };
        assert_eq!(OpenMessage::parse(&octets), Err(expected), "{name}");
    }
}

#[test]
fn capabilities_are_taken_from_several_parameters_and_from_the_extended_form() {
    let expected = [Capability::RouteRefresh, Capability::ExtendedMessage];
    let several = with_parameters(&[8, 2, 2, 2, 0, 2, 2, 6, 0]);
    assert_eq!(OpenMessage::parse(&several).unwrap().capabilities, expected);
    let extended = with_parameters(&[255, 255, 0, 7, 2, 0, 4, 2, 0, 6, 0]);
    assert_eq!(OpenMessage::parse(&extended).unwrap().capabilities, expected);
    let other_length = with_parameters(&[1, 255, 0, 7, 2, 0, 4, 2, 0, 6, 0]);
    assert_eq!(OpenMessage::parse(&other_length).unwrap().capabilities, expected);
}

#[test]
fn many_capabilities_go_into_the_extended_form() {
    for len in [250, 251, 252, 300, 600] {
        let capabilities: Vec<Capability> = (0..len / 2).map(|_| Capability::RouteRefresh).collect();
        let open = OpenMessage { version: 4, my_as: 1, hold_time_s: 0, router_id: RouterId(1), capabilities };
        let mut out = Vec::new();
        open.emit(&mut out);
        let extended = out[HEADER_LEN + 9..HEADER_LEN + 11] == [255, 255];
        assert_eq!(extended, len > 253, "{len}");
        assert_eq!(OpenMessage::parse(&out[HEADER_LEN..]), Ok(open));
    }
}

#[test]
fn the_as_is_the_capabilitys_where_there_is_one() {
    let capabilities = [Capability::FourOctetAs(Asn(70000))].to_vec();
    let my_as = OpenMessage::header_as(Asn(70000));
    let open = OpenMessage { version: 4, my_as, hold_time_s: 90, router_id: RouterId(1), capabilities };
    assert_eq!((open.my_as, open.asn()), (23456, Asn(70000)));
    assert_eq!(OpenMessage::header_as(Asn(65001)), 65001);
}

#[test]
fn a_keepalive_is_a_header_alone() {
    let mut out = Vec::new();
    emit_keepalive(&mut out);
    let frame = frame::next(&out, frame::MAX_LEN).unwrap().unwrap();
    assert_eq!(parse(&frame, &Dialect::default()), Ok(Message::Keepalive));
    assert_eq!(out.len(), HEADER_LEN);
}
