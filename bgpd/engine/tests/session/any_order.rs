//! Whatever happens in whatever order: no panic, and what is always true stays true.

use std::collections::BTreeSet;

use bgp_engine::config::{GracefulRestartMode, Shutdown};
use bgp_engine::session::{
    Action, Change, Event, MessageKind, Session, SessionConfig, State, StopReason, Timer,
};
use bgp_engine::value::{ConnId, Duration, Family, Instant};
use bgp_engine::wire::notification::Notification;
use bgp_engine::wire::open::OpenMessage;
use proptest::prelude::*;

use super::fixture::{self, HIGH, LOW};

/// One thing that happens. The number picks a connection among those that the session has, or had.
#[derive(Clone, Debug)]
enum Happening {
    Start,
    /// A new connection from the peer, with all that makes a session.
    ComeUp(OpenMessage),
    Stop(u8),
    Accept,
    Connected,
    ConnectFailed,
    Closed(u8),
    Open(u8, OpenMessage),
    Keepalive(u8),
    Update(u8),
    RouteRefresh(u8),
    EndOfRib(u8, Family),
    Notification(u8, Notification),
    Malformed(u8),
    Progress(u8, u64),
    Sent,
    Wait(u64),
    Deadline,
    Reconfigure(u8),
}

fn open() -> impl Strategy<Value = OpenMessage> {
    let good = [fixture::config(HIGH, LOW), fixture::graceful(HIGH, LOW)]
        .map(|config| Session::new(config).own_open(Instant::default()));
    let [plain, graceful] = good;
    let mut wrong_as = plain.clone();
    wrong_as.my_as = 1;
    let mut no_hold_time = plain.clone();
    no_hold_time.hold_time_s = 0;
    prop_oneof![4 => Just(plain), 4 => Just(graceful), 1 => Just(wrong_as), 2 => Just(no_hold_time)]
}

fn notification() -> impl Strategy<Value = Notification> {
    prop_oneof![
        Just(Notification::cease(7)),
        Just(Notification::administrative_shutdown("text").hard_reset()),
        Just(Notification::unsupported_optional_parameter()),
        (any::<u8>(), any::<u8>(), any::<Vec<u8>>()).prop_map(|(code, subcode, data)| Notification {
            code,
            subcode,
            data
        }),
    ]
}

fn happening() -> impl Strategy<Value = Happening> {
    use Happening as H;
    prop_oneof![
        3 => Just(H::Start),
        8 => open().prop_map(H::ComeUp),
        1 => any::<u8>().prop_map(H::Stop),
        5 => Just(H::Accept),
        6 => Just(H::Connected),
        2 => Just(H::ConnectFailed),
        2 => any::<u8>().prop_map(H::Closed),
        12 => (any::<u8>(), open()).prop_map(|(n, open)| H::Open(n, open)),
        12 => any::<u8>().prop_map(H::Keepalive),
        3 => any::<u8>().prop_map(H::Update),
        1 => any::<u8>().prop_map(H::RouteRefresh),
        2 => (any::<u8>(), prop_oneof![Just(Family::Ipv4Unicast), Just(Family::Ipv6Unicast)])
            .prop_map(|(n, family)| H::EndOfRib(n, family)),
        1 => (any::<u8>(), notification()).prop_map(|(n, notification)| H::Notification(n, notification)),
        1 => any::<u8>().prop_map(H::Malformed),
        2 => (any::<u8>(), 0..3_u64).prop_map(|(n, octets)| H::Progress(n, octets)),
        2 => Just(H::Sent),
        4 => (prop_oneof![3 => 0..12_000_000_u64, 1 => 0..700_000_000_u64]).prop_map(H::Wait),
        8 => Just(H::Deadline),
        1 => any::<u8>().prop_map(H::Reconfigure),
    ]
}

/// The engine's side of the contract, and what it can see.
struct World {
    session: Session,
    now: Instant,
    next_conn: u64,
    connecting: bool,
    /// Connections that are open, as the actions say.
    open: BTreeSet<ConnId>,
    /// Every connection that ever was.
    known: Vec<ConnId>,
    up: Option<ConnId>,
    stale: [bool; 2],
}

impl World {
    fn new(config: SessionConfig) -> World {
        World {
            session: Session::new(config),
            now: Instant::default(),
            next_conn: 1,
            connecting: false,
            open: BTreeSet::new(),
            known: Vec::new(),
            up: None,
            stale: [false; 2],
        }
    }

    fn fresh(&mut self) -> ConnId {
        let conn = ConnId(self.next_conn);
        self.next_conn += 1;
        self.known.push(conn);
        self.open.insert(conn);
        conn
    }

    fn pick(&self, n: u8) -> ConnId {
        // Mostly the youngest: the older ones are dead.
        let back = usize::from(n % 4).min(self.known.len().saturating_sub(1));
        self.known.iter().rev().nth(back).copied().unwrap_or(ConnId(0))
    }

    fn take(&mut self, happening: &Happening) {
        use Happening as H;
        match happening {
            H::Start => self.step(Event::Start),
            H::ComeUp(open) => {
                let conn = self.fresh();
                self.step(Event::Accepted(conn));
                self.step(Event::Open(conn, open));
                self.step(Event::Keepalive(conn));
            }
            H::Stop(n) => self.step(Event::Stop(reason(*n))),
            H::Accept => {
                let conn = self.fresh();
                self.step(Event::Accepted(conn));
            }
            H::Connected if self.connecting => {
                self.connecting = false;
                let conn = self.fresh();
                self.step(Event::Connected(conn));
            }
            H::ConnectFailed if self.connecting => {
                self.connecting = false;
                self.step(Event::ConnectFailed(ConnId(0)));
            }
            H::Connected | H::ConnectFailed => {}
            H::Closed(n) => {
                let conn = self.pick(*n);
                if self.open.remove(&conn) {
                    self.step(Event::Closed(conn));
                }
            }
            H::Open(n, open) => self.step(Event::Open(self.pick(*n), open)),
            H::Keepalive(n) => self.step(Event::Keepalive(self.pick(*n))),
            H::Update(n) => self.step(Event::Update(self.pick(*n))),
            H::RouteRefresh(n) => self.step(Event::RouteRefresh(self.pick(*n))),
            H::EndOfRib(n, family) => self.step(Event::EndOfRib(self.pick(*n), *family)),
            H::Notification(n, told) => self.step(Event::Notification(self.pick(*n), told)),
            H::Malformed(n) => self.step(Event::Malformed(self.pick(*n), Notification::hold_timer_expired())),
            H::Progress(n, outstanding) => {
                self.step(Event::Progress { conn: self.pick(*n), outstanding: *outstanding });
            }
            H::Sent => self.session.sent(MessageKind::Update, 3, self.now),
            H::Wait(micros) => {
                self.now = self.now + Duration::from_micros(*micros);
                self.step(Event::Clock);
            }
            H::Deadline => {
                if let Some(at) = self.session.deadline() {
                    self.now = self.now.max(at);
                    self.step(Event::Clock);
                    let next = self.session.deadline();
                    assert!(
                        next.is_none_or(|next| next > self.now),
                        "a deadline that never passes: {next:?}"
                    );
                }
            }
            H::Reconfigure(n) => {
                let mut actions = Vec::new();
                self.session.reconfigure(other_config(*n), self.now, &mut actions);
                self.act(actions);
            }
        }
        self.check();
    }

    fn step(&mut self, event: Event<'_>) {
        let mut actions = Vec::new();
        self.session.step(event, self.now, &mut actions);
        self.act(actions);
    }

    fn act(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Connect => assert!(!std::mem::replace(&mut self.connecting, true), "one at a time"),
                Action::CancelConnect => {
                    assert!(std::mem::replace(&mut self.connecting, false), "none to cancel")
                }
                Action::Send(conn, octets) => {
                    assert!(self.open.contains(&conn), "sends on {conn:?}");
                    assert!(octets.len() >= 19, "whole messages");
                }
                Action::Close(conn, _) => assert!(self.open.remove(&conn), "closes {conn:?}"),
                Action::Up { conn, .. } => {
                    assert!(self.open.contains(&conn), "up on a closed connection");
                    assert_eq!(self.up.replace(conn), None, "up twice");
                }
                Action::Down { stale, .. } => {
                    assert!(self.up.take().is_some(), "down while down");
                    assert_eq!(self.stale, [false; 2], "what was stale has been flushed before");
                    self.stale = stale.0;
                }
                Action::FlushStale(family) => {
                    assert!(std::mem::take(&mut self.stale[family as usize]), "nothing stale of {family}");
                }
                Action::Notice(..) => {}
            }
        }
    }

    fn check(&self) {
        let session = &self.session;
        assert_eq!(session.connection(), self.up, "Up and Down say what connection() says");
        assert_eq!(session.connection().is_some(), session.state() == State::Established);
        assert_eq!(session.stale().0, self.stale);
        let held: BTreeSet<ConnId> = session.connections().collect();
        assert_eq!(held, self.open, "every open connection is the session's");
        assert!(held.len() <= 2);
        assert_eq!(self.connecting, session.is_connecting());
        if self.stale != [false; 2] {
            assert!(session.deadline().is_some(), "stale routes without an end");
        }
        match session.state() {
            State::Connect | State::OpenSent => assert!(session.deadline().is_some(), "waits without an end"),
            State::Established => {
                let negotiated = session.negotiated().expect("negotiated");
                assert_eq!(session.timer(Timer::Hold).is_some(), negotiated.hold_time().is_some());
                assert_eq!(session.timer(Timer::Keepalive).is_some(), negotiated.keepalive().is_some());
            }
            State::Idle | State::Active => {
                assert_eq!(session.timer(Timer::Hold).or(session.timer(Timer::Keepalive)), None);
                let waits = session.deadline().is_some() || session.config().passive;
                assert!(waits || !session.is_wanted(), "wanted, and nothing will ever happen");
            }
            State::OpenConfirm => {}
        }
    }
}

fn reason(n: u8) -> StopReason {
    match n % 9 {
        0 => StopReason::Shutdown("text".into()),
        1 => StopReason::Deconfigured,
        2 => StopReason::MaximumPrefix { family: Family::Ipv4Unicast, limit: 1, restart_minutes: Some(1) },
        3 => StopReason::MaximumPrefix { family: Family::Ipv6Unicast, limit: 1, restart_minutes: None },
        4 => StopReason::Changed(Change::Transport),
        5 => StopReason::RouterStop,
        6 => StopReason::InterfaceDown,
        7 => StopReason::Poison { minutes: 1 },
        _ => StopReason::Reset,
    }
}

fn other_config(n: u8) -> SessionConfig {
    let mut config = fixture::graceful(LOW, HIGH);
    config.passive = n & 1 != 0;
    config.no_capabilities = n & 2 != 0;
    config.shutdown = n.is_multiple_of(7).then(Shutdown::default);
    config.restart.notification = n & 4 != 0;
    config.families[Family::Ipv6Unicast] = n & 8 != 0;
    if n & 16 != 0 {
        config.graceful_restart = GracefulRestartMode::Disabled;
    }
    config
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(3000) })]

    #[test]
    fn no_order_of_events_breaks_a_session(
        config in any::<u8>().prop_map(other_config),
        happenings in prop::collection::vec(happening(), 1..120),
    ) {
        let mut world = World::new(config);
        world.take(&Happening::Start);
        for happening in &happenings {
            world.take(happening);
        }
    }
}
