//! The whole table of the machine, situations by events, against the reviewed file `table.txt`.
//!
//! After a wanted change: `UPDATE=1 cargo test -p bgp-engine --test session table`, and review the difference.

use std::fmt::Write as _;

use bgp_engine::session::{Action, Event, Session, SessionConfig, State, StopReason, Timer};
use bgp_engine::value::{ConnId, Duration, Family, Instant};
use bgp_engine::wire::notification::Notification;
use bgp_engine::wire::open::OpenMessage;

use super::fixture::{self, HIGH, LOW, Router, at_s, brief};

/// The connection that the router opens, the one that it accepts, and a further one.
const OUT: ConnId = ConnId(1);
const IN: ConnId = ConnId(2);
const NEW: ConnId = ConnId(3);

/// A session in some situation, and the moment.
#[derive(Clone)]
struct Scene {
    session: Session,
    now: Instant,
    own: Router,
    peer: Router,
}

impl Scene {
    fn new(own: Router, peer: Router, change: impl FnOnce(&mut SessionConfig)) -> Scene {
        let mut config = fixture::config(own, peer);
        change(&mut config);
        Scene { session: Session::new(config), now: at_s(100), own, peer }
    }

    fn step(&mut self, event: Event<'_>) -> Vec<Action> {
        let mut actions = Vec::new();
        self.session.step(event, self.now, &mut actions);
        actions
    }

    fn with(mut self, event: Event<'_>) -> Scene {
        self.step(event);
        self
    }

    fn open(&self) -> OpenMessage {
        Session::new(fixture::config(self.peer, self.own)).own_open(self.now)
    }

    fn with_open(self, conn: ConnId) -> Scene {
        let open = self.open();
        self.with(Event::Open(conn, &open))
    }

    /// Lets a timer end, all others kept from it.
    fn expire(&mut self, timer: Timer, conn: ConnId) -> Option<Vec<Action>> {
        let at = self.session.timer(timer)?;
        if timer != Timer::Hold && self.session.connection() == Some(conn) {
            self.now = at - Duration::from_micros(1);
            self.step(Event::Keepalive(conn));
        }
        self.now = at;
        Some(self.step(Event::Clock))
    }
}

/// Every situation, with the connection that the messages come on.
fn scenes() -> Vec<(&'static str, ConnId, Scene)> {
    let new = || Scene::new(LOW, HIGH, |_| {});
    let passive = || Scene::new(LOW, HIGH, |config| config.passive = true);
    let notification = Notification::hold_timer_expired();
    let started = new().with(Event::Start);
    let sent = started.clone().with(Event::Connected(OUT));
    let confirm = sent.clone().with_open(OUT);
    let both = sent.clone().with(Event::Accepted(IN));
    let higher = Scene::new(HIGH, LOW, |_| {}).with(Event::Start).with(Event::Connected(OUT));
    let higher_both = higher.clone().with(Event::Accepted(IN));
    let listening = passive().with(Event::Start);
    let accepted = listening.clone().with(Event::Accepted(IN));
    let accepted_confirm = accepted.clone().with_open(IN);
    let up = accepted_confirm.clone().with(Event::Keepalive(IN));
    let mut graceful = Scene::new(LOW, HIGH, |config| *config = fixture::graceful(LOW, HIGH))
        .with(Event::Start)
        .with(Event::Connected(OUT));
    let open = Session::new(fixture::graceful(HIGH, LOW)).own_open(at_s(0));
    graceful = graceful.with(Event::Open(OUT, &open)).with(Event::Keepalive(OUT));
    graceful.now = graceful.now + Duration::from_secs(60);
    let stop = |reason| Event::Stop(reason);
    vec![
        ("Idle, never started", OUT, new()),
        ("Idle, shut down", OUT, started.clone().with(stop(StopReason::Shutdown("text".into())))),
        ("Idle, waiting after an error", OUT, sent.clone().with(Event::Notification(OUT, &notification))),
        ("Connect", OUT, started.clone()),
        ("Connect, and the peer has connected", IN, started.clone().with(Event::Accepted(IN))),
        ("Active, waiting for the next attempt", OUT, started.with(Event::ConnectFailed(OUT))),
        ("Active, passive", IN, listening),
        ("OpenSent, own connection", OUT, sent),
        ("OpenSent, the peer's connection", IN, accepted),
        ("OpenConfirm, own connection", OUT, confirm.clone()),
        ("OpenConfirm, the peer's connection", IN, accepted_confirm),
        ("OpenSent on both, messages on its own, the peer chooses", OUT, both.clone()),
        ("OpenSent on both, messages on the peer's, the peer chooses", IN, both.clone()),
        ("OpenSent on both, messages on its own, this router chooses", OUT, higher_both.clone()),
        ("OpenSent on both, messages on the peer's, this router chooses", IN, higher_both.clone()),
        ("OpenSent, waiting with the peer's OPEN for its own connection", IN, higher_both.with_open(IN)),
        ("OpenConfirm on its own, OpenSent on the peer's", OUT, both.clone().with_open(OUT)),
        (
            "OpenConfirm, waiting with a KEEPALIVE for the peer's connection",
            OUT,
            both.with_open(OUT).with(Event::Keepalive(OUT)),
        ),
        ("OpenConfirm, own connection, this router chooses", OUT, higher.with_open(OUT)),
        ("Established, own connection", OUT, confirm.with(Event::Keepalive(OUT))),
        ("Established, the peer's connection", IN, up),
        ("Established, graceful restart on both sides, for a minute", OUT, graceful),
    ]
}

type Happens = Box<dyn Fn(&mut Scene, ConnId) -> Option<Vec<Action>>>;

/// Every event.
fn events() -> Vec<(&'static str, Happens)> {
    fn plain(event: impl Fn(ConnId) -> Event<'static> + 'static) -> Happens {
        Box::new(move |scene, conn| Some(scene.step(event(conn))))
    }
    fn open(change: impl Fn(&mut OpenMessage) + 'static) -> Happens {
        Box::new(move |scene, conn| {
            let mut open = scene.open();
            change(&mut open);
            Some(scene.step(Event::Open(conn, &open)))
        })
    }
    fn told(notification: Notification) -> Happens {
        Box::new(move |scene, conn| Some(scene.step(Event::Notification(conn, &notification))))
    }
    fn expires(timer: Timer) -> Happens {
        Box::new(move |scene, conn| scene.expire(timer, conn))
    }
    let limit =
        StopReason::MaximumPrefix { family: Family::Ipv4Unicast, limit: 10, restart_minutes: Some(1) };
    vec![
        ("Start", plain(|_| Event::Start)),
        ("Stop: shutdown", plain(|_| Event::Stop(StopReason::Shutdown("text".into())))),
        ("Stop: reset", plain(|_| Event::Stop(StopReason::Reset))),
        ("Stop: maximum-prefix", plain(move |_| Event::Stop(limit.clone()))),
        ("Stop: router stops", plain(|_| Event::Stop(StopReason::RouterStop))),
        ("Stop: interface down", plain(|_| Event::Stop(StopReason::InterfaceDown))),
        ("Accepted", plain(|_| Event::Accepted(NEW))),
        ("Connected", plain(|_| Event::Connected(NEW))),
        ("ConnectFailed", plain(|_| Event::ConnectFailed(NEW))),
        ("Closed", plain(Event::Closed)),
        ("OPEN", open(|_| {})),
        (
            "OPEN of another AS",
            open(|open| {
                open.capabilities.clear();
                open.my_as = 64999;
            }),
        ),
        ("KEEPALIVE", plain(Event::Keepalive)),
        ("UPDATE", plain(Event::Update)),
        ("ROUTE-REFRESH", plain(Event::RouteRefresh)),
        ("End-of-RIB", plain(|conn| Event::EndOfRib(conn, Family::Ipv4Unicast))),
        ("NOTIFICATION", told(Notification::cease(4))),
        ("NOTIFICATION, no parameters", told(Notification::unsupported_optional_parameter())),
        ("malformed", plain(|conn| Event::Malformed(conn, Notification::connection_not_synchronized()))),
        ("HoldTimer", expires(Timer::Hold)),
        ("KeepaliveTimer", expires(Timer::Keepalive)),
        ("ConnectRetryTimer", expires(Timer::ConnectRetry)),
        ("IdleHoldTimer", expires(Timer::IdleHold)),
        ("SendHoldTimer", expires(Timer::SendHold)),
    ]
}

fn table() -> String {
    let mut text = String::from(
        "Every situation by every event: the next state, and what is done.\n\
         (=) nothing changes, (-) cannot be.\n",
    );
    for (name, conn, scene) in scenes() {
        let state = scene.session.state();
        writeln!(text, "\n{name} [{state}]").unwrap();
        let mut rows: Vec<(String, Vec<&str>)> = Vec::new();
        for (event, happens) in events() {
            let mut scene = scene.clone();
            let outcome = match happens(&mut scene, conn) {
                None => "(-)".into(),
                Some(actions) => outcome(state, scene.session.state(), &actions),
            };
            match rows.iter_mut().find(|row| row.0 == outcome) {
                Some(row) => row.1.push(event),
                None => rows.push((outcome, vec![event])),
            }
        }
        for (outcome, events) in rows {
            writeln!(text, "  {}: {outcome}", events.join(", ")).unwrap();
        }
    }
    text
}

fn outcome(before: State, after: State, actions: &[Action]) -> String {
    let words: Vec<String> = actions.iter().map(brief).filter(|word| !word.is_empty()).collect();
    match (before == after, words.as_slice()) {
        (true, []) => "(=)".into(),
        (_, words) => format!("-> {after}  {}", words.join("; ")).trim_end().into(),
    }
}

#[test]
fn the_whole_table_is_as_reviewed() {
    let table = table();
    if std::env::var_os("UPDATE").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/session/table.txt");
        std::fs::write(path, &table).expect("the tree can be written");
        return;
    }
    let reviewed = include_str!("table.txt");
    let differ = table.lines().zip(reviewed.lines()).find(|(is, was)| is != was);
    assert!(table == reviewed, "the table has changed; first difference: {differ:?}");
}
