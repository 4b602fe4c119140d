//! What two OPENs give, and which are refused with what.

use std::collections::BTreeSet;

use bgp_engine::config::{
    AddPathTx, BgpConfig, Confederation, GracefulRestartMode, LocalAs, NeighborFamily, NeighborName,
    NeighborSettings, Profile, RemoteAs, Role, Timers,
};
use bgp_engine::effect::Close;
use bgp_engine::session::{
    Action, Change, Event, Identity, Negotiated, Session, SessionConfig, State, StopReason,
};
use bgp_engine::value::{AfiSafi, Asn, ConnId, Family, PeerKind, PerFamily, RouterId};
use bgp_engine::wire::notification::Notification;
use bgp_engine::wire::open::OpenMessage;
use bgp_engine::wire::{Capability, Message, capability, frame};

use super::fixture::{self, HIGH, LOW, Router, at_s};

const CONN: ConnId = ConnId(1);

/// What `config`'s session makes of this OPEN: what holds, or what the peer is told.
fn answer(config: SessionConfig, open: &OpenMessage) -> Result<Negotiated, Notification> {
    let mut session = Session::new(config);
    let mut actions = Vec::new();
    for event in [Event::Start, Event::Accepted(CONN), Event::Open(CONN, open), Event::Keepalive(CONN)] {
        session.step(event, at_s(0), &mut actions);
    }
    if let Some(negotiated) = session.negotiated() {
        return Ok(negotiated.clone());
    }
    assert!(actions.contains(&Action::Close(CONN, Close::Orderly)), "{actions:?}");
    Err(sent(&actions).into_iter().find_map(told).expect("a NOTIFICATION"))
}

fn sent(actions: &[Action]) -> Vec<&[u8]> {
    actions
        .iter()
        .filter_map(
            |action| if let Action::Send(_, octets) = action { Some(octets.as_slice()) } else { None },
        )
        .collect()
}

fn told(octets: &[u8]) -> Option<Notification> {
    let frame = frame::next(octets, frame::MAX_LEN).unwrap().unwrap();
    match bgp_engine::wire::parse(&frame, &Default::default()).unwrap() {
        Message::Notification(told) => Some(told),
        _ => None,
    }
}

fn open_of(config: &SessionConfig) -> OpenMessage {
    Session::new(config.clone()).own_open(at_s(0))
}

/// Both ends' settings, the first changed by `one`, the second by `other`.
fn pair(one: impl Fn(&mut SessionConfig), other: impl Fn(&mut SessionConfig)) -> [SessionConfig; 2] {
    let mut configs = [fixture::config(LOW, HIGH), fixture::config(HIGH, LOW)];
    one(&mut configs[0]);
    other(&mut configs[1]);
    configs
}

fn agree(configs: &[SessionConfig; 2]) -> Result<Negotiated, Notification> {
    answer(configs[0].clone(), &open_of(&configs[1]))
}

fn subcode(result: Result<Negotiated, Notification>) -> (u8, u8) {
    let told = result.expect_err("refused");
    (told.code, told.subcode)
}

fn nothing(_: &mut SessionConfig) {}

#[test]
fn two_routers_with_the_defaults_agree_on_what_both_offer() {
    let negotiated = agree(&pair(nothing, nothing)).unwrap();
    assert_eq!(negotiated.peer_as, Asn(HIGH.asn));
    assert_eq!(negotiated.peer_id, RouterId(HIGH.id));
    assert_eq!(negotiated.kind, PeerKind::External);
    assert_eq!((negotiated.hold_time_s, negotiated.keepalive_s), (9, 3));
    let dialect = &negotiated.dialect;
    assert_eq!(dialect.families, PerFamily([true, false]));
    assert!(dialect.four_octet_as && dialect.extended_message);
    assert!(!dialect.extended_next_hop);
    assert_eq!(dialect.add_path_rx, PerFamily::default());
    assert!(negotiated.route_refresh && negotiated.enhanced_route_refresh);
    let restart = negotiated.restart.expect("FRR helps by default");
    assert_eq!((restart.restarting, restart.restart_time_s), (false, 120));
    assert_eq!(restart.families, PerFamily::default(), "a helper lists no family");
}

#[test]
fn families_are_those_of_both_and_an_open_without_any_means_ipv4_unicast() {
    let v6 = |config: &mut SessionConfig| config.families = PerFamily([false, true]);
    let both = |config: &mut SessionConfig| config.families = PerFamily([true, true]);
    let families = |configs| agree(&configs).unwrap().families();
    assert_eq!(families(pair(both, v6)), PerFamily([false, true]));
    assert_eq!(subcode(agree(&pair(nothing, v6))), (2, 7), "none in common");
    let silent = |config: &mut SessionConfig| config.no_capabilities = true;
    assert_eq!(families(pair(both, silent)), PerFamily([true, false]));
    assert_eq!(families(pair(v6, silent)), PerFamily([false, false]), "as FRR: up, without a family");
    let sure = |config: &mut SessionConfig| {
        config.families = PerFamily([true, true]);
        config.override_capability = true;
    };
    assert_eq!(families(pair(sure, silent)), PerFamily([true, true]));
}

#[test]
fn a_router_that_offers_nothing_gets_nothing() {
    let silent = |config: &mut SessionConfig| config.no_capabilities = true;
    let negotiated = agree(&pair(silent, nothing)).unwrap();
    assert_eq!(negotiated.families(), PerFamily([true, false]));
    let dialect = &negotiated.dialect;
    assert!(!dialect.four_octet_as && !dialect.extended_message && !negotiated.route_refresh);
    assert_eq!(negotiated.restart, None);
}

#[test]
fn each_wrong_open_has_its_subcode() {
    let good = open_of(&fixture::config(HIGH, LOW));
    let with = |change: &dyn Fn(&mut OpenMessage)| {
        let mut open = good.clone();
        change(&mut open);
        answer(fixture::config(LOW, HIGH), &open)
    };
    assert!(with(&|_| {}).is_ok());
    let version = with(&|open| open.version = 3).expect_err("refused");
    assert_eq!(version, Notification { code: 2, subcode: 1, data: vec![0, 4] });
    let other_as = |open: &mut OpenMessage| {
        open.my_as = 65009;
        open.capabilities.clear();
    };
    assert_eq!(subcode(with(&other_as)), (2, 2));
    assert_eq!(subcode(with(&|open| open.my_as = 65009)), (2, 2), "two numbers that differ");
    assert_eq!(subcode(with(&|open| open.router_id = RouterId(0))), (2, 3));
    assert_eq!(subcode(with(&|open| open.hold_time_s = 2)), (2, 6));
    assert!(with(&|open| open.hold_time_s = 0).is_ok());
}

#[test]
fn a_peer_with_this_routers_identifier_is_refused_inside_the_as_alone() {
    let twin = Router { asn: LOW.asn, ..HIGH };
    let same_id = Router { id: LOW.id, ..twin };
    assert_eq!(
        subcode(answer(fixture::config(LOW, same_id), &open_of(&fixture::config(same_id, LOW)))),
        (2, 3)
    );
    let outside = Router { id: LOW.id, ..HIGH };
    assert!(answer(fixture::config(LOW, outside), &open_of(&fixture::config(outside, LOW))).is_ok());
}

#[test]
fn the_hold_time_is_the_lesser_one_and_not_below_the_least() {
    let hold =
        |s: u16| move |config: &mut SessionConfig| config.timers = Timers { keepalive_s: 60, hold_s: s };
    let times = |configs| agree(&configs).map(|n| (n.hold_time_s, n.keepalive_s));
    assert_eq!(times(pair(hold(180), hold(90))), Ok((90, 30)));
    assert_eq!(times(pair(hold(30), hold(90))), Ok((30, 10)));
    assert_eq!(times(pair(hold(240), hold(240))), Ok((240, 60)));
    assert_eq!(times(pair(hold(0), hold(90))), Ok((0, 0)));
    assert_eq!(times(pair(hold(3), hold(0))), Ok((0, 0)));
    let strict = |config: &mut SessionConfig| config.minimum_hold_time_s = 20;
    assert_eq!(subcode(agree(&pair(strict, hold(10)))), (2, 6));
}

#[test]
fn as_numbers_beyond_two_octets_are_known_by_the_capability() {
    let big = Router { asn: 4_200_000_001, ..HIGH };
    let open = open_of(&fixture::config(big, LOW));
    assert_eq!(open.my_as, 23456);
    assert_eq!(answer(fixture::config(LOW, big), &open).unwrap().peer_as, Asn(big.asn));
    let mut config = fixture::config(big, LOW);
    config.no_capabilities = true;
    assert_eq!(subcode(answer(fixture::config(LOW, big), &open_of(&config))), (2, 2));
}

#[test]
fn remote_as_can_be_a_kind_instead_of_a_number() {
    let with = |remote_as, peer: Router| {
        let mut config = fixture::config(LOW, HIGH);
        config.remote_as = remote_as;
        answer(config, &open_of(&fixture::config(peer, LOW))).map(|negotiated| negotiated.kind)
    };
    let inside = Router { asn: LOW.asn, ..HIGH };
    assert_eq!(with(RemoteAs::External, HIGH), Ok(PeerKind::External));
    assert_eq!(with(RemoteAs::Internal, inside), Ok(PeerKind::Internal));
    assert_eq!(with(RemoteAs::Auto, inside), Ok(PeerKind::Internal));
    assert_eq!(with(RemoteAs::Auto, HIGH), Ok(PeerKind::External));
    assert_eq!(with(RemoteAs::External, inside), Err(Notification::bad_peer_as()));
    assert_eq!(with(RemoteAs::Internal, HIGH), Err(Notification::bad_peer_as()));
}

#[test]
fn a_confederation_shows_its_members_their_own_numbers_and_others_the_identifier() {
    let shown = |remote: u32| {
        let mut config = fixture::config(LOW, HIGH);
        let peers = BTreeSet::from([Asn(65002)]);
        config.confederation = Some(Confederation { identifier: Asn(100), peers });
        config.remote_as = RemoteAs::Is(Asn(remote));
        (config.shown_as().0, config.kind_of(Asn(remote)))
    };
    assert_eq!(shown(65001), (65001, PeerKind::Internal));
    assert_eq!(shown(65002), (65001, PeerKind::Confederation));
    assert_eq!(shown(7), (100, PeerKind::External));
}

#[test]
fn local_as_is_what_the_peer_sees() {
    let mut config = fixture::config(LOW, HIGH);
    config.local_as = Some(LocalAs { asn: Asn(65100), no_prepend: false, replace_as: false });
    let open = open_of(&config);
    assert_eq!(open.my_as, 65100);
    assert!(open.capabilities.contains(&Capability::FourOctetAs(Asn(65100))));
}

#[test]
fn roles_must_be_counterparts_and_strictness_wants_one() {
    let role = |role| move |config: &mut SessionConfig| config.role = Some(role);
    let roles = |configs| agree(&configs).map(|negotiated| negotiated.roles);
    let both = Some((capability::Role::Provider, capability::Role::Customer));
    assert_eq!(roles(pair(role(Role::Provider), role(Role::Customer))), Ok(both));
    assert_eq!(subcode(agree(&pair(role(Role::Provider), role(Role::Peer)))), (2, 11));
    assert_eq!(roles(pair(role(Role::Peer), nothing)), Ok(None));
    let strict = |config: &mut SessionConfig| {
        config.role = Some(Role::Peer);
        config.role_strict = true;
    };
    assert_eq!(subcode(agree(&pair(strict, nothing))), (2, 11));
    let mut open = open_of(&pair(nothing, role(Role::Customer))[1]);
    open.capabilities.push(Capability::Role(capability::Role::Peer));
    let [provider, _] = pair(role(Role::Provider), nothing);
    assert_eq!(subcode(answer(provider, &open)), (2, 11), "several that differ");
}

#[test]
fn add_path_goes_the_way_that_one_sends_and_the_other_takes() {
    let sends = |config: &mut SessionConfig| config.add_path_tx = PerFamily([true, true]);
    let takes_none = |config: &mut SessionConfig| config.add_path_rx = PerFamily([false, false]);
    let ways = |configs| agree(&configs).map(|n| (n.dialect.add_path_rx.0, n.dialect.add_path_tx.0));
    assert_eq!(ways(pair(nothing, sends)), Ok(([true, false], [false, false])));
    assert_eq!(ways(pair(sends, nothing)), Ok(([false, false], [true, false])));
    assert_eq!(ways(pair(takes_none, sends)), Ok(([false, false], [false, false])));
}

#[test]
fn unknown_capabilities_matter_only_where_strictness_is_configured() {
    let unknown = Capability::Unknown { code: 200, value: vec![1, 2] };
    let mut open = open_of(&fixture::config(HIGH, LOW));
    open.capabilities.push(unknown);
    assert!(answer(fixture::config(LOW, HIGH), &open).is_ok());
    let [strict, _] = pair(|config| config.strict_capability_match = true, nothing);
    let told = answer(strict, &open).expect_err("refused");
    assert_eq!(told, Notification { code: 2, subcode: 7, data: vec![200, 2, 1, 2] });
}

#[test]
fn extended_next_hops_need_both_sides_and_the_right_family() {
    let wants = |config: &mut SessionConfig| config.extended_next_hop = true;
    assert!(agree(&pair(wants, wants)).unwrap().dialect.extended_next_hop);
    assert!(!agree(&pair(wants, nothing)).unwrap().dialect.extended_next_hop);
    let mut open = open_of(&fixture::config(HIGH, LOW));
    open.capabilities.push(Capability::ExtendedNextHop(vec![(AfiSafi { afi: 1, safi: 128 }, 2)]));
    assert!(!answer(pair(wants, nothing)[0].clone(), &open).unwrap().dialect.extended_next_hop);
}

#[test]
fn a_peer_that_knows_no_parameters_gets_an_open_without() {
    let mut session = Session::new(fixture::config(LOW, HIGH));
    let mut actions = Vec::new();
    let told = Notification::unsupported_optional_parameter();
    for event in [Event::Start, Event::Connected(CONN), Event::Notification(CONN, &told)] {
        session.step(event, at_s(0), &mut actions);
    }
    assert_eq!(session.own_open(at_s(0)).capabilities, []);
    session.step(Event::Stop(StopReason::Reset), at_s(1), &mut actions);
    assert_ne!(session.own_open(at_s(1)).capabilities, []);
}

#[test]
fn the_defaults_are_frrs_and_a_profile_changes_them() {
    let resolve = |profile| {
        let bgp = BgpConfig::new(Asn(1), profile);
        let settings =
            NeighborSettings { remote_as: Some(RemoteAs::External), ..NeighborSettings::default() };
        let name = NeighborName::Interface("eth0".into());
        SessionConfig::resolve(&bgp, &name, &settings, Identity::default()).unwrap()
    };
    let traditional = resolve(Profile::Traditional);
    assert_eq!(traditional.timers, Timers { keepalive_s: 60, hold_s: 180 });
    assert_eq!(traditional.families, PerFamily([true, false]));
    assert!(traditional.extended_next_hop, "on for unnumbered neighbors");
    assert_eq!(traditional.graceful_restart, GracefulRestartMode::Helper);
    assert_eq!(traditional.add_path_rx, PerFamily([true, true]));
    let datacenter = resolve(Profile::Datacenter);
    assert_eq!(datacenter.timers, Timers { keepalive_s: 3, hold_s: 9 });
    assert_eq!(datacenter.connect_retry_s, 10);
}

#[test]
fn a_neighbor_without_remote_as_has_no_session() {
    let bgp = BgpConfig::new(Asn(1), Profile::Traditional);
    let name = NeighborName::Address([192, 0, 2, 1].into());
    assert_eq!(SessionConfig::resolve(&bgp, &name, &NeighborSettings::default(), Identity::default()), None);
}

#[test]
fn only_changes_that_an_open_shows_need_a_new_session() {
    let base = fixture::config(LOW, HIGH);
    let after = |change: &dyn Fn(&mut SessionConfig)| {
        let mut new = base.clone();
        change(&mut new);
        base.reset_by(&new)
    };
    assert_eq!(after(&|config| config.timers.hold_s = 30), None);
    assert_eq!(after(&|config| config.passive = true), None);
    assert_eq!(after(&|config| config.identity.host_name = "x".into()), None);
    assert_eq!(after(&|config| config.identity.router_id.0 += 1), Some(Change::RouterId));
    assert_eq!(after(&|config| config.remote_as = RemoteAs::External), Some(Change::RemoteAs));
    assert_eq!(after(&|config| config.families[Family::Ipv6Unicast] = true), Some(Change::AddressFamily));
    assert_eq!(after(&|config| config.extended_next_hop = true), Some(Change::Capability));
    assert_eq!(after(&|config| config.role = Some(Role::Peer)), Some(Change::Role));
    let tx = NeighborFamily { add_path_tx: Some(AddPathTx::All), ..NeighborFamily::default() };
    let settings = NeighborSettings {
        remote_as: Some(base.remote_as),
        timers: Some(base.timers),
        families: PerFamily([tx, NeighborFamily::default()]),
        ..NeighborSettings::default()
    };
    let bgp = BgpConfig::new(base.asn, Profile::Traditional);
    let name = NeighborName::Address([192, 0, 2, 1].into());
    let new = SessionConfig::resolve(&bgp, &name, &settings, base.identity.clone()).unwrap();
    assert_eq!(base.reset_by(&new), Some(Change::Capability), "addpath-tx-all-paths was written");
}

#[test]
fn a_change_in_force_ends_the_session_with_the_reason_and_it_comes_back() {
    let mut session = Session::new(fixture::config(LOW, HIGH));
    let mut actions = Vec::new();
    let open = open_of(&fixture::config(HIGH, LOW));
    for event in [Event::Start, Event::Accepted(CONN), Event::Open(CONN, &open), Event::Keepalive(CONN)] {
        session.step(event, at_s(0), &mut actions);
    }
    let mut new = fixture::config(LOW, HIGH);
    new.families[Family::Ipv6Unicast] = true;
    actions.clear();
    session.reconfigure(new.clone(), at_s(1), &mut actions);
    let told = sent(&actions).into_iter().find_map(told);
    assert_eq!(told, Some(Notification::cease(6)));
    assert_eq!(session.state(), State::Idle);
    assert!(session.deadline().is_some(), "it starts again");
    actions.clear();
    session.reconfigure(new, at_s(2), &mut actions);
    assert_eq!(actions, [], "the same again changes nothing");
}
