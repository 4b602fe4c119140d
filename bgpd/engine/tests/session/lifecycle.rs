//! A session's life with an operator: shutdown, clear, limits, timers, statistics.

use bgp_engine::config::Shutdown;
use bgp_engine::effect::Close;
use bgp_engine::session::{Action, DownReason, Event, MessageKind, Session, State, StopReason, Timer};
use bgp_engine::value::{ConnId, Duration, Family, Instant};
use bgp_engine::wire::notification::Notification;

use super::fixture::{self, HIGH, LOW, at_s, brief};

const CONN: ConnId = ConnId(1);

fn step(session: &mut Session, event: Event<'_>, now: Instant) -> Vec<String> {
    let mut actions = Vec::new();
    session.step(event, now, &mut actions);
    actions.iter().map(brief).filter(|word| !word.is_empty()).collect()
}

/// Up on connection 1, which the peer has opened at 0 s.
fn up() -> Session {
    let mut session = Session::new(fixture::config(LOW, HIGH));
    let open = Session::new(fixture::config(HIGH, LOW)).own_open(at_s(0));
    for event in [Event::Start, Event::Accepted(CONN), Event::Open(CONN, &open), Event::Keepalive(CONN)] {
        session.step(event, at_s(0), &mut Vec::new());
    }
    assert_eq!(session.state(), State::Established);
    session
}

#[test]
fn a_session_that_is_shut_down_in_the_configuration_does_not_start_until_that_is_undone() {
    let mut config = fixture::config(LOW, HIGH);
    config.shutdown = Some(Shutdown { message: "maintenance".into() });
    let mut session = Session::new(config.clone());
    assert_eq!(step(&mut session, Event::Start, at_s(0)), [] as [&str; 0]);
    assert_eq!(session.stopped_by(), Some(&StopReason::Shutdown("maintenance".into())));
    let refused = step(&mut session, Event::Accepted(CONN), at_s(1));
    assert_eq!(refused, ["send NOTIFICATION Cease/Administrative Shutdown on 1", "close 1 (Orderly)"]);
    config.shutdown = None;
    let mut actions = Vec::new();
    session.reconfigure(config, at_s(2), &mut actions);
    assert_eq!(actions, [Action::Connect]);
}

#[test]
fn a_shutdown_in_force_ends_the_session_and_tells_the_text() {
    let mut session = up();
    let mut config = session.config().clone();
    config.shutdown = Some(Shutdown { message: "back at five".into() });
    let mut actions = Vec::new();
    session.reconfigure(config, at_s(5), &mut actions);
    let reason = actions.iter().find_map(|action| match action {
        Action::Down { reason, .. } => Some(reason.clone()),
        _ => None,
    });
    let Some(DownReason::Stopped(_, Some(told))) = reason else { panic!("{actions:?}") };
    assert_eq!(told.shutdown_text().as_deref(), Some("back at five"));
    assert_eq!((session.state(), session.deadline()), (State::Idle, None));
}

#[test]
fn a_cleared_session_starts_again_by_itself() {
    let mut session = up();
    let words = step(&mut session, Event::Stop(StopReason::Reset), at_s(5));
    assert_eq!(words[0], "send NOTIFICATION Cease/Administrative Reset on 1");
    let at = session.deadline().expect("a next attempt");
    assert!(at <= at_s(6), "within FRR's second");
    assert_eq!(step(&mut session, Event::Clock, at), ["connect"]);
}

#[test]
fn after_too_many_prefixes_the_session_waits_the_minutes_configured_and_refuses_the_peer() {
    let limit = |minutes| StopReason::MaximumPrefix {
        family: Family::Ipv6Unicast,
        limit: 7,
        restart_minutes: minutes,
    };
    let mut session = up();
    let mut actions = Vec::new();
    session.step(Event::Stop(limit(Some(2))), at_s(5), &mut actions);
    let Some(DownReason::Stopped(_, Some(told))) =
        session.statistics().last_reset.clone().map(|(_, why)| why)
    else {
        panic!("{:?}", session.statistics())
    };
    assert_eq!(told.data, [0, 2, 1, 0, 0, 0, 7]);
    let refused = step(&mut session, Event::Accepted(ConnId(2)), at_s(6));
    assert_eq!(refused[0], "send NOTIFICATION Cease/Connection Rejected on 2");
    assert_eq!(session.deadline(), Some(at_s(5 + 120)));
    assert_eq!(step(&mut session, Event::Clock, at_s(5 + 120)), ["connect"]);

    let mut session = up();
    session.step(Event::Stop(limit(None)), at_s(5), &mut actions);
    assert_eq!(session.deadline(), None, "until the operator clears it");
    assert_eq!(step(&mut session, Event::Start, at_s(9)), ["connect"]);
}

#[test]
fn keepalives_go_out_by_a_third_of_the_hold_time_and_the_peers_keep_the_session() {
    let mut session = up();
    let mut last = at_s(0);
    let mut sent = 0;
    while let Some(at) = session.deadline().filter(|at| *at < at_s(60)) {
        session.step(Event::Keepalive(CONN), at, &mut Vec::new());
        let words = step(&mut session, Event::Clock, at);
        step(&mut session, Event::Progress { conn: CONN, outstanding: 0 }, at);
        assert_eq!(words, ["send KEEPALIVE on 1"]);
        assert!(at.since(last) <= Duration::from_secs(3) && at.since(last) >= Duration::from_millis(2250));
        (last, sent) = (at, sent + 1);
    }
    assert!((20..=27).contains(&sent), "{sent}");
}

#[test]
fn updates_that_we_send_put_the_next_keepalive_off_and_those_of_the_peer_the_hold_timer() {
    let mut session = up();
    session.sent(MessageKind::Update, 1, at_s(2));
    assert!(session.timer(Timer::Keepalive).unwrap() >= at_s(4));
    step(&mut session, Event::Update(CONN), at_s(5));
    assert_eq!(session.timer(Timer::Hold), Some(at_s(14)));
    let words = step(&mut session, Event::Clock, at_s(14));
    assert_eq!(words[0], "send NOTIFICATION Hold Timer Expired on 1");
}

#[test]
fn a_peer_that_reads_nothing_for_eight_minutes_is_left() {
    let mut session = up();
    session.sent(MessageKind::Update, 1, at_s(1));
    step(&mut session, Event::Progress { conn: CONN, outstanding: 5 }, at_s(100));
    for s in 100..580 {
        let words = step(&mut session, Event::Keepalive(CONN), at_s(s));
        assert_eq!(words, [] as [&str; 0]);
        step(&mut session, Event::Clock, at_s(s));
        assert_eq!(session.state(), State::Established, "at {s} s");
    }
    step(&mut session, Event::Keepalive(CONN), at_s(580));
    let mut actions = Vec::new();
    session.step(Event::Clock, at_s(580), &mut actions);
    assert_eq!(actions[0], Action::Close(CONN, Close::Abort));
    assert!(matches!(&actions[1], Action::Down { reason: DownReason::SendHoldTimerExpired, .. }));
}

#[test]
fn a_peer_that_has_read_all_before_the_session_came_up_is_not_left() {
    let mut session = Session::new(fixture::config(LOW, HIGH));
    let open = Session::new(fixture::config(HIGH, LOW)).own_open(at_s(0));
    for event in [Event::Start, Event::Accepted(CONN), Event::Open(CONN, &open)] {
        step(&mut session, event, at_s(0));
    }
    step(&mut session, Event::Progress { conn: CONN, outstanding: 0 }, at_s(0));
    step(&mut session, Event::Keepalive(CONN), at_s(0));
    assert_eq!(session.state(), State::Established);
    assert_eq!(session.timer(Timer::SendHold), None);
}

#[test]
fn a_peer_that_reads_all_is_never_left_for_it() {
    let mut session = up();
    session.sent(MessageKind::Update, 1, at_s(1));
    step(&mut session, Event::Progress { conn: CONN, outstanding: 0 }, at_s(2));
    assert_eq!(session.timer(Timer::SendHold), None);
}

#[test]
fn sessions_that_end_at_once_are_tried_ever_more_seldom() {
    let mut session = Session::new(fixture::config(LOW, HIGH));
    let mut now = at_s(0);
    let open = Session::new(fixture::config(HIGH, LOW)).own_open(now);
    step(&mut session, Event::Start, now);
    let mut waits = Vec::new();
    for n in 0..8 {
        let conn = ConnId(n);
        let told = Notification::cease(4);
        for event in [Event::Connected(conn), Event::Open(conn, &open), Event::Keepalive(conn)] {
            step(&mut session, event, now);
        }
        assert_eq!(session.connection(), Some(conn));
        step(&mut session, Event::Notification(conn, &told), now);
        let at = session.deadline().expect("a next attempt");
        waits.push(at.since(now));
        now = at;
        assert_eq!(step(&mut session, Event::Clock, now), ["connect"]);
    }
    assert!(waits[0] <= Duration::from_secs(1));
    assert!(waits[7] >= Duration::from_secs(45) && waits[7] <= Duration::from_secs(60), "{waits:?}");
    assert_eq!(session.statistics().established, 8);
}

#[test]
fn messages_and_moments_are_counted() {
    let mut session = up();
    session.sent(MessageKind::Update, 4, at_s(1));
    step(&mut session, Event::Update(CONN), at_s(2));
    let told = Notification::administrative_shutdown("");
    step(&mut session, Event::Notification(CONN, &told), at_s(3));
    let counts = session.statistics();
    assert_eq!((counts.sent.opens, counts.sent.keepalives, counts.sent.updates), (1, 1, 4));
    assert_eq!((counts.received.opens, counts.received.keepalives, counts.received.updates), (1, 1, 1));
    assert_eq!((counts.received.notifications, counts.received.total()), (1, 4));
    assert_eq!((counts.established, counts.dropped), (1, 1));
    assert_eq!((counts.last_read, counts.since), (Some(at_s(3)), Some(at_s(3))));
    let (when, why) = counts.last_reset.clone().expect("went down");
    assert_eq!(
        (when, why.to_string().as_str()),
        (at_s(3), "Notification received (Cease/Administrative Shutdown)")
    );
}
