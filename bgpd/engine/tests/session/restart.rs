//! Graceful restart: which routes stay when a peer is lost, and when they go.

use bgp_engine::config::GracefulRestartMode;
use bgp_engine::effect::Close;
use bgp_engine::session::{Action, DownReason, Event, Session, SessionConfig, StopReason};
use bgp_engine::value::{ConnId, Duration, Family, Instant, PerFamily};
use bgp_engine::wire::Capability;
use bgp_engine::wire::notification::Notification;
use bgp_engine::wire::open::OpenMessage;

use super::fixture::{self, HIGH, LOW, at_s};

const BOTH: PerFamily<bool> = PerFamily([true, true]);
const NONE: PerFamily<bool> = PerFamily([false, false]);

/// A session with both families, and its peer's OPEN.
struct Story {
    session: Session,
    peer: SessionConfig,
    now: Instant,
    conn: u64,
}

impl Story {
    fn new(change: impl Fn(&mut SessionConfig)) -> Story {
        let config = |own, peer| {
            let mut config = fixture::graceful(own, peer);
            config.families = BOTH;
            config.passive = true;
            change(&mut config);
            config
        };
        let mut story = Story {
            session: Session::new(config(LOW, HIGH)),
            peer: config(HIGH, LOW),
            now: at_s(0),
            conn: 0,
        };
        story.step(Event::Start);
        story
    }

    fn step(&mut self, event: Event<'_>) -> Vec<Action> {
        let mut actions = Vec::new();
        self.session.step(event, self.now, &mut actions);
        actions.retain(|action| {
            matches!(
                action,
                Action::Up { .. } | Action::Down { .. } | Action::FlushStale(_) | Action::Close(..)
            )
        });
        actions
    }

    fn open(&self) -> OpenMessage {
        Session::new(self.peer.clone()).own_open(self.now)
    }

    fn conn(&self) -> ConnId {
        ConnId(self.conn)
    }

    /// Comes up on a new connection; what was done but for the Up itself.
    fn up(&mut self) -> Vec<Action> {
        self.up_with(&self.open())
    }

    fn up_with(&mut self, open: &OpenMessage) -> Vec<Action> {
        self.conn += 1;
        let conn = self.conn();
        self.step(Event::Accepted(conn));
        self.step(Event::Open(conn, open));
        let mut actions = self.step(Event::Keepalive(conn));
        assert!(matches!(actions.first(), Some(Action::Up { .. })), "{actions:?}");
        actions.remove(0);
        actions
    }

    /// Loses the connection; the families that stay.
    fn lose(&mut self) -> PerFamily<bool> {
        let conn = self.conn();
        let actions = self.step(Event::Closed(conn));
        stays(&actions)
    }

    fn wait(&mut self, time: Duration) -> Vec<Action> {
        self.now = self.now + time;
        self.step(Event::Clock)
    }
}

fn stays(actions: &[Action]) -> PerFamily<bool> {
    let down = actions.iter().find_map(|action| match action {
        Action::Down { stale, .. } => Some(*stale),
        _ => None,
    });
    down.expect("down")
}

fn flushed(families: &[Family]) -> Vec<Action> {
    families.iter().map(|family| Action::FlushStale(*family)).collect()
}

const V4: Family = Family::Ipv4Unicast;
const V6: Family = Family::Ipv6Unicast;

#[test]
fn routes_of_a_lost_peer_stay_until_its_end_of_rib() {
    let mut story = Story::new(|_| {});
    story.up();
    assert_eq!(story.lose(), BOTH);
    assert_eq!(story.up(), []);
    let conn = story.conn();
    assert_eq!(story.step(Event::EndOfRib(conn, V4)), flushed(&[V4]));
    assert_eq!(story.step(Event::EndOfRib(conn, V4)), [], "once");
    assert_eq!(story.step(Event::EndOfRib(conn, V6)), flushed(&[V6]));
    assert_eq!(story.session.stale(), NONE);
}

#[test]
fn a_peer_that_does_not_come_back_in_its_restart_time_loses_them() {
    let mut story = Story::new(|config| config.restart.restart_s = 50);
    story.up();
    assert_eq!(story.lose(), BOTH);
    assert_eq!(story.wait(Duration::from_secs(49)), []);
    assert_eq!(story.wait(Duration::from_secs(1)), flushed(&[V4, V6]));
}

#[test]
fn a_peer_that_never_ends_its_rib_loses_them_after_the_stale_path_time() {
    let mut story = Story::new(|config| config.restart.stale_path_s = 200);
    story.peer.timers.hold_s = 0;
    story.up();
    story.lose();
    assert_eq!(story.up(), []);
    assert_eq!(story.wait(Duration::from_secs(199)), []);
    assert_eq!(story.wait(Duration::from_secs(1)), flushed(&[V4, V6]));
    assert!(story.session.connection().is_some(), "the session itself stays");
}

#[test]
fn a_family_that_is_not_negotiated_again_or_was_not_forwarded_goes_at_once() {
    let mut story = Story::new(|_| {});
    story.up();
    story.lose();
    let mut open = story.open();
    open.capabilities.retain(|capability| *capability != Capability::MultiProtocol(V6.afi_safi()));
    assert_eq!(story.up_with(&open), flushed(&[V6]));
    assert_eq!(story.session.stale(), PerFamily([true, false]));
    story.lose();
    let mut open = story.open();
    for capability in &mut open.capabilities {
        if let Capability::GracefulRestart(restart) = capability {
            restart.families[0].1 = false;
        }
    }
    assert_eq!(story.up_with(&open), flushed(&[V4]), "without the F bit");
}

#[test]
fn a_peer_back_without_the_capability_loses_all() {
    let mut story = Story::new(|_| {});
    story.up();
    story.lose();
    story.peer.graceful_restart = GracefulRestartMode::Disabled;
    assert_eq!(story.up(), flushed(&[V4, V6]));
}

#[test]
fn what_was_stale_already_goes_when_the_peer_is_lost_again() {
    let mut story = Story::new(|_| {});
    story.up();
    story.lose();
    story.up();
    let conn = story.conn();
    let actions = story.step(Event::Closed(conn));
    assert_eq!(actions[..2], flushed(&[V4, V6]));
    assert_eq!(stays(&actions), BOTH);
}

#[test]
fn a_helper_alone_keeps_nothing_and_neither_does_a_router_that_takes_no_part() {
    for mode in [GracefulRestartMode::Helper, GracefulRestartMode::Disabled] {
        let mut story = Story::new(|_| {});
        story.peer.graceful_restart = mode;
        story.up();
        assert_eq!(story.lose(), NONE, "peer {mode:?}");
    }
    let mut story = Story::new(|config| config.graceful_restart = GracefulRestartMode::Disabled);
    story.peer.graceful_restart = GracefulRestartMode::Restarter;
    story.up();
    assert_eq!(story.lose(), NONE, "own");
}

#[test]
fn a_notification_is_a_restart_only_with_the_n_bit_of_both_and_a_hard_reset_never() {
    let down = |notification_bit: bool, told: &Notification| {
        let mut story = Story::new(|config| config.restart.notification = notification_bit);
        story.up();
        let conn = story.conn();
        stays(&story.step(Event::Notification(conn, told)))
    };
    let told = Notification::hold_timer_expired();
    assert_eq!(down(false, &told), NONE);
    assert_eq!(down(true, &told), BOTH);
    assert_eq!(down(true, &Notification::administrative_shutdown("x").hard_reset()), NONE);
}

#[test]
fn an_operators_end_is_a_hard_reset_where_the_peer_would_take_it_as_a_restart() {
    for n_bit in [false, true] {
        let mut story = Story::new(|config| config.restart.notification = n_bit);
        story.up();
        let actions = story.step(Event::Stop(StopReason::Shutdown("bye".into())));
        let Some(Action::Down { reason: DownReason::Stopped(_, Some(told)), stale }) = actions.last() else {
            panic!("{actions:?}")
        };
        assert_eq!(*stale, NONE);
        assert_eq!(told.is_hard_reset(), n_bit);
        assert_eq!(told.shutdown_text().as_deref(), Some("bye"));
    }
}

#[test]
fn a_router_that_stops_and_will_be_back_says_nothing() {
    let mut story = Story::new(|_| {});
    story.up();
    let actions = story.step(Event::Stop(StopReason::RouterStop));
    let conn = story.conn();
    assert_eq!(actions[0], Action::Close(conn, Close::Orderly));
    assert!(matches!(actions[1], Action::Down { reason: DownReason::Stopped(_, None), .. }), "{actions:?}");
}

#[test]
fn a_new_connection_takes_the_place_of_the_old_one_but_not_right_after_the_beginning() {
    let mut story = Story::new(|config| config.timers.hold_s = 0);
    story.up();
    story.now = story.now + Duration::from_secs(2);
    let actions = story.step(Event::Accepted(ConnId(77)));
    assert_eq!(actions, [Action::Close(ConnId(77), Close::Orderly)], "a collision's late loser");
    story.now = story.now + Duration::from_secs(60);
    let actions = story.step(Event::Accepted(ConnId(78)));
    assert_eq!(stays(&actions), BOTH);
    assert_eq!(story.session.connections().collect::<Vec<_>>(), [ConnId(78)]);
}

#[test]
fn a_shutdown_takes_the_stale_routes_with_it() {
    let mut story = Story::new(|_| {});
    story.up();
    story.lose();
    assert_eq!(story.step(Event::Stop(StopReason::Deconfigured)), flushed(&[V4, V6]));
}

#[test]
fn a_router_that_has_restarted_says_so_until_its_time_is_over() {
    let mut config = fixture::graceful(LOW, HIGH);
    config.identity.restarting_until = Some(at_s(120));
    let session = Session::new(config);
    let bit = |now| {
        session.own_open(now).capabilities.iter().any(
            |capability| matches!(capability, Capability::GracefulRestart(restart) if restart.restarting),
        )
    };
    assert!(session.is_restarting(at_s(119)) && bit(at_s(119)));
    assert!(!session.is_restarting(at_s(120)) && !bit(at_s(120)));
}

#[test]
fn a_restarted_router_waits_for_negotiated_families_and_never_for_a_peer_that_restarts_too() {
    let mut story = Story::new(|_| {});
    story.up();
    assert_eq!(story.session.negotiated().unwrap().end_of_rib_expected(), BOTH);
    story.lose();
    story.peer.identity.restarting_until = Some(at_s(1000));
    story.up();
    assert_eq!(story.session.negotiated().unwrap().end_of_rib_expected(), NONE);
}
