//! How connections and sessions end, and what the peer is told.

use alloc::format;
use alloc::string::ToString;

use super::collision::Side;
use super::event::{Action, DownReason, StopReason};
use super::fsm::Signal;
use super::negotiation::Negotiated;
use super::offer::Capabilities;
use super::statistics::MessageKind;
use super::timers::{PROVEN, Timer};
use super::{Session, State, Turn, Wanted};
use crate::config::GracefulRestartMode;
use crate::effect::Close;
use crate::notice::{NoticeEvent, Severity};
use crate::value::{ConnId, Duration};
use crate::wire::Notification;
use crate::wire::notification::{cease, code};

/// The subcode of Unsupported Optional Parameter (RFC 4271 §6.2).
const UNSUPPORTED_PARAMETER: u8 = 4;

impl Session {
    /// The connection of one machine ends, and with it the session if it was up there.
    pub(super) fn end(&mut self, side: Side, reason: DownReason, turn: &mut Turn<'_>) -> State {
        let lane = core::mem::take(self.lane(side));
        if let Some(conn) = lane.conn {
            match &reason {
                DownReason::Sent(told) | DownReason::Stopped(_, Some(told)) => self.reject(conn, told, turn),
                DownReason::Stopped(StopReason::InterfaceDown, None)
                | DownReason::SendHoldTimerExpired
                | DownReason::Replaced => {
                    self.close(conn, Close::Abort, turn);
                }
                DownReason::Received(_) | DownReason::Stopped(_, None) => {
                    self.close(conn, Close::Orderly, turn);
                }
                DownReason::Closed => {}
            }
        }
        if let Some(negotiated) = lane.negotiated {
            if lane.state == State::Established {
                self.down(&negotiated, &reason, turn);
            }
            self.last_open = Some(negotiated.open);
        }
        if self.has_lost_a_collision(side, &reason) {
            return self.rest(side);
        }
        turn.out.push(Action::Notice(Severity::Notice, NoticeEvent::Down(reason.to_string())));
        let next = self.after(side, &reason, turn);
        self.statistics.last_reset = Some((turn.now, reason));
        next
    }

    /// Whether the peer has chosen the other one of two connections: nothing that an operator need know.
    fn has_lost_a_collision(&self, side: Side, reason: &DownReason) -> bool {
        let collision = Notification::cease(cease::COLLISION);
        self.lanes[side.other() as usize].conn.is_some() && *reason == DownReason::Received(collision)
    }

    fn down(&mut self, negotiated: &Negotiated, reason: &DownReason, turn: &mut Turn<'_>) {
        let stale_path = Duration::from_secs(self.config.restart.stale_path_s.into());
        let stale = self.retention.begin(reason, negotiated, stale_path, turn.now, turn.out);
        turn.out.push(Action::Down { reason: reason.clone(), stale });
        if self.statistics.since.is_some_and(|since| turn.now.since(since) >= PROVEN) {
            self.backoff.reset();
        }
        self.capabilities = Capabilities::Offered;
        self.statistics.dropped += 1;
        self.statistics.since = Some(turn.now);
    }

    /// What a machine does after its connection has ended.
    fn after(&mut self, side: Side, reason: &DownReason, turn: &mut Turn<'_>) -> State {
        let connects = side == Side::Outgoing && !self.config.passive && self.wanted == Wanted::Yes;
        match reason {
            DownReason::Closed if connects => self.retry_later(turn),
            DownReason::Sent(_) | DownReason::Received(_) | DownReason::SendHoldTimerExpired if connects => {
                self.hold_idle(turn)
            }
            DownReason::Closed
            | DownReason::Sent(_)
            | DownReason::Received(_)
            | DownReason::SendHoldTimerExpired
            | DownReason::Replaced
            | DownReason::Stopped(..) => self.rest(side),
        }
    }

    /// The next attempt to connect comes after the IdleHoldTimer.
    pub(super) fn hold_idle(&mut self, turn: &mut Turn<'_>) -> State {
        let at = turn.now + self.backoff.idle_hold();
        self.lane(Side::Outgoing).timers.clear_all();
        self.lane(Side::Outgoing).timers.set(Timer::IdleHold, at);
        State::Idle
    }

    /// The operator, or the engine, wants the connection to end.
    pub(super) fn halt(&mut self, side: Side, reason: &StopReason, turn: &mut Turn<'_>) -> State {
        let told = self.parting(side, reason);
        self.end(side, DownReason::Stopped(reason.clone(), told), turn)
    }

    /// What the peer is told about the reason, if anything.
    fn parting(&self, side: Side, reason: &StopReason) -> Option<Notification> {
        let negotiated = self.lanes[side as usize].negotiated.as_deref();
        let (notification, hard) = match reason {
            StopReason::Shutdown(text) => (Notification::administrative_shutdown(text), true),
            StopReason::Deconfigured => (Notification::cease(cease::PEER_DECONFIGURED), true),
            StopReason::Reset => (Notification::cease(cease::ADMINISTRATIVE_RESET), true),
            StopReason::MaximumPrefix { family, limit, .. } => {
                (Notification::maximum_prefixes(*family, *limit), true)
            }
            StopReason::Changed(_) => (Notification::cease(cease::CONFIGURATION_CHANGE), false),
            StopReason::BfdDown => (Notification::cease(cease::BFD_DOWN), true),
            StopReason::Poison { .. } => (Notification::cease(cease::OUT_OF_RESOURCES), true),
            StopReason::InterfaceDown => return None,
            StopReason::RouterStop => {
                let gracefully = self.config.graceful_restart == GracefulRestartMode::Restarter
                    && negotiated.is_some_and(|negotiated| negotiated.restart.is_some());
                if gracefully {
                    return None;
                }
                (Notification::administrative_shutdown(""), true)
            }
        };
        // A peer with the N bit would take the NOTIFICATION for a restart: the Hard Reset around it says that it
        // is none (RFC 8538 §3, §5.1).
        let wrap = hard && negotiated.is_some_and(Negotiated::notification_is_restart);
        Some(if wrap { notification.hard_reset() } else { notification })
    }

    /// The peer has sent a NOTIFICATION.
    pub(super) fn told(&mut self, side: Side, notification: &Notification, turn: &mut Turn<'_>) -> State {
        // The peer knows no optional parameters: the next OPEN goes without (RFC 5492 §3).
        if (notification.code, notification.subcode) == (code::OPEN, UNSUPPORTED_PARAMETER) {
            self.capabilities = Capabilities::Withheld;
        }
        if let Some(text) = notification.shutdown_text() {
            let text = format!("the peer says: {text}");
            turn.out.push(Action::Notice(Severity::Notice, NoticeEvent::Session(text)));
        }
        self.end(side, DownReason::Received(notification.clone()), turn)
    }

    //= rfc4271#section-6.5
    //# If a system does not receive successive KEEPALIVE, UPDATE, and/or NOTIFICATION messages within the period
    //# specified in the Hold Time field of the OPEN message, then the NOTIFICATION message with the Hold Timer
    //# Expired Error Code is sent and the BGP connection is closed.
    pub(super) fn hold_timer_expired(&mut self, side: Side, turn: &mut Turn<'_>) -> State {
        self.end(side, DownReason::Sent(Notification::hold_timer_expired()), turn)
    }

    /// A message that has no place in the state.
    pub(super) fn unexpected(&mut self, side: Side, subcode: u8, turn: &mut Turn<'_>) -> State {
        self.end(side, DownReason::Sent(Notification::unexpected_message(subcode)), turn)
    }

    /// The other machine's connection has the better right.
    pub(super) fn give_up(&mut self, side: Side, turn: &mut Turn<'_>) -> State {
        match (self.lane(side).state, self.lane(side).conn) {
            (State::Connect, _) => self.cancel_connect(turn),
            (_, Some(conn)) => self.reject(conn, &Notification::cease(cease::COLLISION), turn),
            (_, None) => {}
        }
        self.rest(side)
    }

    pub(super) fn give_up_other(&mut self, side: Side, turn: &mut Turn<'_>) {
        let other = side.other();
        if self.lane(other).conn.is_some() || self.lane(other).state == State::Connect {
            let next = self.give_up(other, turn);
            self.lane(other).state = next;
        }
    }

    /// A connection while the session is not wanted.
    pub(super) fn refuse(&mut self, conn: ConnId, turn: &mut Turn<'_>) {
        let told = match self.stopped_by() {
            Some(StopReason::Shutdown(text)) => Notification::administrative_shutdown(text),
            Some(_) | None => Notification::cease(cease::CONNECTION_REJECTED),
        };
        self.reject(conn, &told, turn);
    }

    /// Sends a NOTIFICATION and closes the connection.
    pub(super) fn reject(&mut self, conn: ConnId, told: &Notification, turn: &mut Turn<'_>) {
        self.send(conn, MessageKind::Notification, turn, |out| told.emit(out));
        self.close(conn, Close::Orderly, turn);
    }

    pub(super) fn close(&mut self, conn: ConnId, how: Close, turn: &mut Turn<'_>) {
        turn.out.push(Action::Close(conn, how));
    }

    /// The session is wanted from now on, and at once.
    pub(super) fn start(&mut self, turn: &mut Turn<'_>) {
        if let Some(shutdown) = &self.config.shutdown {
            self.wanted = Wanted::No(Some(StopReason::Shutdown(shutdown.message.clone())), None);
            return;
        }
        self.wanted = Wanted::Yes;
        self.backoff.reset();
        for side in Side::BOTH {
            self.signal(side, Signal::Start, turn);
        }
    }

    /// The session is to end, and to start again if the reason is one that passes.
    pub(super) fn stop(&mut self, reason: &StopReason, turn: &mut Turn<'_>) {
        let stays_down = |until| Wanted::No(Some(reason.clone()), until);
        match reason {
            StopReason::Shutdown(_) | StopReason::Deconfigured | StopReason::RouterStop => {
                self.wanted = stays_down(None);
            }
            StopReason::MaximumPrefix { restart_minutes, .. } => {
                let wait = restart_minutes.map(|minutes| Duration::from_secs(60 * u64::from(minutes)));
                self.wanted = stays_down(wait.map(|wait| turn.now + wait));
            }
            StopReason::Poison { minutes } => {
                self.wanted = stays_down(Some(turn.now + Duration::from_secs(60 * u64::from(*minutes))));
            }
            StopReason::Reset | StopReason::Changed(_) | StopReason::BfdDown => self.backoff.reset(),
            StopReason::InterfaceDown => {}
        }
        self.capabilities = Capabilities::Offered;
        for side in Side::BOTH {
            self.signal(side, Signal::Stop(reason), turn);
        }
        if *reason != StopReason::InterfaceDown {
            self.retention.flush_all(turn.out);
        }
    }

    /// Time has passed.
    pub(super) fn clock(&mut self, turn: &mut Turn<'_>) {
        for side in Side::BOTH {
            while let Some(timer) = self.lane(side).timers.take_expired(turn.now) {
                self.signal(side, Signal::Expired(timer), turn);
            }
        }
        if self.contest.is_some_and(|at| at <= turn.now) {
            self.contest = None;
            if let Some(side) = Side::BOTH.into_iter().find(|side| self.is_waiting(*side)) {
                self.give_up_other(side, turn);
            }
        }
        self.retention.clock(turn.now, turn.out);
        if let Wanted::No(_, Some(until)) = self.wanted
            && until <= turn.now
        {
            self.start(turn);
        }
    }

    /// What holds after every step: a connection whose rival is gone goes on, and a session that is wanted
    /// waits for something.
    pub(super) fn settle(&mut self, turn: &mut Turn<'_>) {
        for side in Side::BOTH {
            let rival = self.lane(side.other()).state;
            if self.is_waiting(side) && matches!(rival, State::Idle | State::Active) {
                self.signal(side, Signal::Uncontested, turn);
            }
        }
        if !Side::BOTH.into_iter().any(|side| self.is_waiting(side)) {
            self.contest = None;
        }
        let quiet = |lane: &super::Lane| matches!(lane.state, State::Idle | State::Active);
        let forgotten = self.lanes.iter().all(quiet) && self.lane(Side::Outgoing).timers.next().is_none();
        if forgotten && self.wanted == Wanted::Yes && !self.config.passive {
            let next = self.hold_idle(turn);
            self.lane(Side::Outgoing).state = next;
        }
    }

    /// The configuration wants no attempts of our own any more.
    pub(super) fn turn_passive(&mut self, turn: &mut Turn<'_>) {
        match self.lane(Side::Outgoing).state {
            State::Connect => self.cancel_connect(turn),
            State::Idle | State::Active => {}
            State::OpenSent | State::OpenConfirm | State::Established => return,
        }
        let next = self.rest(Side::Outgoing);
        self.lane(Side::Outgoing).state = next;
    }
}
