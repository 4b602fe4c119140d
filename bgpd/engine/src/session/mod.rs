//! One peer's session: the finite state machine of RFC 4271 §8.
//!
//! A [`Session`] holds at most two connections to the peer: one that this router has opened and one that the
//! peer has. Each has a machine of its own ([`fsm`]: a state a function, an event an arm), as RFC 4271 §8.2.1
//! wants it; [`collision`] chooses between them. The session knows nothing of routes: it says when it is up,
//! with what ([`Negotiated`]), when it is down, and which routes may stay ([`graceful_restart`]).
//!
//! # How to use it
//! Give every event of the peer to [`Session::step`], with the time of its log entry, and do what comes out,
//! in order. Step it with [`Event::Clock`] at [`Session::deadline`] or later. Tell it of messages that the
//! engine itself has sent ([`Session::sent`]). All else only reads.
//!
//! # Where we differ from RFC 4271
//! - *RFC says*: Idle refuses connections. *We do*: a session that waits for its next attempt accepts them,
//!   or two routers could miss each other for a long time; one that is shut down refuses them.
//! - *RFC says*: a failed connection is tried again after ConnectRetryTime. *We do*: the first times sooner,
//!   see [`timers`].
//! - *RFC says*: DelayOpenTimer is optional. *We do*: not have it.

mod collision;
mod config;
mod ending;
mod event;
mod fsm;
mod graceful_restart;
mod negotiation;
mod offer;
mod statistics;
mod timers;
mod transition;

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};

pub use config::{Change, Identity, RestartTimes, SessionConfig};
pub use event::{Action, DownReason, Event, StopReason};
pub use negotiation::{Negotiated, PeerRestart, Refusal};
pub use statistics::{Counts, MessageKind, Statistics};
pub use timers::Timer;

use collision::Side;
use fsm::Signal;
use graceful_restart::Retention;
use offer::Capabilities;
use timers::{Backoff, Timers};

use crate::value::{ConnId, Instant, PerFamily};
use crate::wire::{Dialect, OpenMessage};

/// The states of RFC 4271 §8.2.2, least advanced first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum State {
    /// Not started, or waiting after an error.
    #[default]
    Idle,
    /// Waiting for the peer to connect, or for the next attempt to.
    Active,
    /// Connecting.
    Connect,
    /// Our OPEN is out, theirs is due.
    OpenSent,
    /// Both OPENs are well, their KEEPALIVE is due.
    OpenConfirm,
    /// Up.
    Established,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            State::Idle => "Idle",
            State::Active => "Active",
            State::Connect => "Connect",
            State::OpenSent => "OpenSent",
            State::OpenConfirm => "OpenConfirm",
            State::Established => "Established",
        })
    }
}

/// One connection's machine.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Lane {
    state: State,
    conn: Option<ConnId>,
    timers: Timers,
    /// Both OPENs put together; from the peer's OPEN on.
    negotiated: Option<Box<Negotiated>>,
    /// Whether the peer's KEEPALIVE came before its turn: the connection waits for the other one.
    keepalive_seen: bool,
    /// Whether octets have been sent that the kernel has not taken yet.
    unsent: bool,
}

/// Whether the session is wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Wanted {
    Yes,
    /// Not, and why; until a start, or that moment.
    No(Option<StopReason>, Option<Instant>),
}

/// One step's time and actions.
struct Turn<'a> {
    now: Instant,
    out: &'a mut Vec<Action>,
}

/// One peer's session. See the module for how to use it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Session {
    config: SessionConfig,
    wanted: Wanted,
    /// The connection that this router opens, and the one that it accepts.
    lanes: [Lane; 2],
    /// Until when a connection waits for the other one.
    contest: Option<Instant>,
    backoff: Backoff,
    capabilities: Capabilities,
    retention: Retention,
    statistics: Statistics,
    /// The OPEN of the last session, for those who ask when there is none.
    last_open: Option<OpenMessage>,
}

impl Session {
    /// A session that is not started yet.
    #[must_use]
    pub fn new(config: SessionConfig) -> Self {
        Session {
            wanted: Wanted::No(None, None),
            lanes: [Lane::default(), Lane::default()],
            contest: None,
            backoff: Backoff::new(config.identity.seed),
            capabilities: Capabilities::Offered,
            retention: Retention::default(),
            statistics: Statistics::default(),
            last_open: None,
            config,
        }
    }

    /// Takes one event at its time, and appends what is to be done for it.
    pub fn step(&mut self, event: Event<'_>, now: Instant, out: &mut Vec<Action>) {
        let turn = &mut Turn { now, out };
        match event {
            Event::Start => self.start(turn),
            Event::Stop(reason) => self.stop(&reason, turn),
            Event::Accepted(conn) => self.signal(Side::Incoming, Signal::Accepted(conn), turn),
            Event::Connected(conn) => self.signal(Side::Outgoing, Signal::Connected(conn), turn),
            Event::ConnectFailed(_) => self.signal(Side::Outgoing, Signal::ConnectFailed, turn),
            Event::Closed(conn) => self.on_connection(conn, Signal::Closed, turn),
            Event::Open(conn, open) => self.on_connection(conn, Signal::Open(open), turn),
            Event::Keepalive(conn) => self.on_connection(conn, Signal::Keepalive, turn),
            Event::Update(conn) => self.on_connection(conn, Signal::Update, turn),
            Event::RouteRefresh(conn) => self.on_connection(conn, Signal::RouteRefresh, turn),
            Event::EndOfRib(conn, family) => {
                if self.connection() == Some(conn) {
                    self.retention.flush(family, turn.out);
                }
            }
            Event::Notification(conn, notification) => {
                self.on_connection(conn, Signal::Notification(notification), turn);
            }
            Event::Malformed(conn, notification) => {
                self.on_connection(conn, Signal::Malformed(notification), turn);
            }
            Event::Progress { conn, outstanding } => self.progress(conn, outstanding, now),
            Event::Clock => self.clock(turn),
        }
        self.settle(turn);
    }

    /// When [`Event::Clock`] is due at the latest.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let held = match &self.wanted {
            Wanted::Yes => None,
            Wanted::No(_, until) => *until,
        };
        let lanes = self.lanes.iter().filter_map(|lane| lane.timers.next());
        lanes.chain(self.contest).chain(self.retention.deadline()).chain(held).min()
    }

    /// The state that an operator sees: the more advanced of the two machines', where that of the peer's
    /// connection counts from its OPEN on, unless this router connects never.
    #[must_use]
    pub fn state(&self) -> State {
        let [outgoing, incoming] = [self.lanes[0].state, self.lanes[1].state];
        let counts = self.config.passive || incoming >= State::OpenSent;
        if counts { outgoing.max(incoming) } else { outgoing }
    }

    /// The connection on which the session is up.
    #[must_use]
    pub fn connection(&self) -> Option<ConnId> {
        self.established().and_then(|lane| lane.conn)
    }

    /// Every connection that the session has, up or not.
    pub fn connections(&self) -> impl Iterator<Item = ConnId> + '_ {
        self.lanes.iter().filter_map(|lane| lane.conn)
    }

    /// How the messages of a connection are to be read and written, once the peer's OPEN has come on it.
    #[must_use]
    pub fn dialect(&self, conn: ConnId) -> Option<&Dialect> {
        let lane = self.lanes.iter().find(|lane| lane.conn == Some(conn))?;
        lane.negotiated.as_ref().map(|negotiated| &negotiated.dialect)
    }

    /// What holds on the session, while it is up.
    #[must_use]
    pub fn negotiated(&self) -> Option<&Negotiated> {
        self.established().and_then(|lane| lane.negotiated.as_deref())
    }

    /// The peer's OPEN: of the session that is up or coming up, else of the last one.
    #[must_use]
    pub fn peer_open(&self) -> Option<&OpenMessage> {
        let current = self.lanes.iter().filter_map(|lane| lane.negotiated.as_deref()).next();
        current.map(|negotiated| &negotiated.open).or(self.last_open.as_ref())
    }

    /// The OPEN that this router would send at `now`.
    #[must_use]
    pub fn own_open(&self, now: Instant) -> OpenMessage {
        offer::open(&self.config, self.capabilities, now)
    }

    /// The settings in force.
    #[must_use]
    pub fn config(&self) -> &SessionConfig {
        &self.config
    }

    /// Whether this router has itself restarted and says so in its OPENs (RFC 4724 §4.1): for whom it waits
    /// then, [`Negotiated::end_of_rib_expected`] says.
    #[must_use]
    pub fn is_restarting(&self, now: Instant) -> bool {
        self.config.is_restarting(now)
    }

    /// Counts and moments.
    #[must_use]
    pub fn statistics(&self) -> &Statistics {
        &self.statistics
    }

    /// Message counts to zero (`clear bgp X message-stats`).
    pub fn clear_counters(&mut self) {
        self.statistics.sent = Counts::default();
        self.statistics.received = Counts::default();
    }

    /// Whether the session is wanted: started, and not stopped since, or stopped for a reason that passes.
    #[must_use]
    pub fn is_wanted(&self) -> bool {
        self.wanted == Wanted::Yes
    }

    /// Whether a connection is asked for ([`Action::Connect`]) and not answered.
    #[must_use]
    pub fn is_connecting(&self) -> bool {
        self.lanes[Side::Outgoing as usize].state == State::Connect
    }

    /// Why the session is not wanted, where something has stopped it: `Idle (Admin)`, `Idle (PfxCt)`.
    #[must_use]
    pub fn stopped_by(&self) -> Option<&StopReason> {
        match &self.wanted {
            Wanted::Yes => None,
            Wanted::No(reason, _) => reason.as_ref(),
        }
    }

    /// The families whose routes are kept although the peer is or was gone.
    #[must_use]
    pub fn stale(&self) -> PerFamily<bool> {
        self.retention.stale()
    }

    /// When a timer of the session ends; of two connections the sooner.
    #[must_use]
    pub fn timer(&self, timer: Timer) -> Option<Instant> {
        self.lanes.iter().filter_map(|lane| lane.timers.at(timer)).min()
    }

    /// The engine has sent `count` messages of this kind on the session's connection.
    pub fn sent(&mut self, kind: MessageKind, count: u64, now: Instant) {
        if count == 0 {
            return;
        }
        self.statistics.sent.add(kind, count);
        self.statistics.last_write = Some(now);
        if let Some(side) = self.established_side() {
            //= rfc4271#section-8.2.2
            //# Each time the local system sends a KEEPALIVE or UPDATE message, it restarts its KeepaliveTimer
            self.restart_keepalive(side, now);
            self.lane(side).unsent = true;
            self.arm_send_hold(side, now);
        }
    }

    /// Puts new settings in force. What needs the session to start anew makes it start anew.
    pub fn reconfigure(&mut self, config: SessionConfig, now: Instant, out: &mut Vec<Action>) {
        let change = self.config.reset_by(&config);
        let was_shut = self.config.shutdown.is_some();
        let passive = config.passive;
        self.config = config;
        match (&self.config.shutdown, was_shut) {
            (Some(shutdown), _) => {
                let reason = StopReason::Shutdown(shutdown.message.clone());
                if self.stopped_by() != Some(&reason) {
                    self.step(Event::Stop(reason), now, out);
                }
            }
            (None, true) => self.step(Event::Start, now, out),
            (None, false) => {
                if let Some(change) = change.filter(|_| self.wanted == Wanted::Yes) {
                    self.step(Event::Stop(StopReason::Changed(change)), now, out);
                }
            }
        }
        if passive {
            self.turn_passive(&mut Turn { now, out });
        }
        self.settle(&mut Turn { now, out });
    }

    fn lane(&mut self, side: Side) -> &mut Lane {
        &mut self.lanes[side as usize]
    }

    fn established_side(&self) -> Option<Side> {
        Side::BOTH.into_iter().find(|side| self.lanes[*side as usize].state == State::Established)
    }

    fn established(&self) -> Option<&Lane> {
        self.established_side().map(|side| &self.lanes[side as usize])
    }

    fn on_connection(&mut self, conn: ConnId, signal: Signal<'_>, turn: &mut Turn<'_>) {
        let side = Side::BOTH.into_iter().find(|side| self.lanes[*side as usize].conn == Some(conn));
        if let Some(side) = side {
            if let Some(kind) = signal.message() {
                self.statistics.received.add(kind, 1);
                self.statistics.last_read = Some(turn.now);
            }
            self.signal(side, signal, turn);
        }
    }
}
