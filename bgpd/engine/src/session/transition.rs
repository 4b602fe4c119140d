//! What happens on the way to the next state: messages, timers, the choice between two connections.

use alloc::string::ToString;
use alloc::vec::Vec;

use super::collision::{Precedence, Received, Side, Verdict, judge};
use super::event::{Action, DownReason};
use super::negotiation::negotiate;
use super::offer;
use super::statistics::MessageKind;
use super::timers::{CONTEST, LARGE_HOLD, LEAST_ATTEMPT, Timer, send_hold};
use super::{Lane, Session, State, Turn, Wanted};
use crate::notice::{NoticeEvent, Severity};
use crate::value::{ConnId, Duration, Family, Instant};
use crate::wire::notification::cease;
use crate::wire::{Notification, OpenMessage, emit_keepalive};

/// A session younger than this may still meet the connection that lost against its own.
const YOUNG: Duration = Duration::from_secs(10);

impl Session {
    /// The machine's own beginning: listening, or connecting.
    pub(super) fn begin(&mut self, side: Side, turn: &mut Turn<'_>) -> State {
        let decided =
            self.is_waiting(Side::Incoming) || self.lane(Side::Incoming).state >= State::OpenConfirm;
        match side {
            Side::Incoming => State::Active,
            Side::Outgoing if self.config.passive || decided => self.rest(side),
            Side::Outgoing => {
                let retry = Duration::from_secs(self.config.connect_retry_s.into());
                let at = turn.now + self.backoff.jitter(retry.max(LEAST_ATTEMPT));
                self.lane(side).timers.clear_all();
                self.lane(side).timers.set(Timer::ConnectRetry, at);
                turn.out.push(Action::Connect);
                State::Connect
            }
        }
    }

    /// The state of a machine that has nothing to do; its timers and its connection are forgotten.
    pub(super) fn rest(&mut self, side: Side) -> State {
        *self.lane(side) = Lane::default();
        match side {
            Side::Incoming if self.wanted == Wanted::Yes => State::Active,
            Side::Incoming | Side::Outgoing => State::Idle,
        }
    }

    /// The connection could not be had, or was lost: the next attempt comes by the ConnectRetryTimer.
    pub(super) fn retry_later(&mut self, turn: &mut Turn<'_>) -> State {
        if self.config.passive || self.wanted != Wanted::Yes {
            return self.rest(Side::Outgoing);
        }
        let at = turn.now + self.backoff.connect_retry(self.config.connect_retry_s);
        *self.lane(Side::Outgoing) = Lane::default();
        self.lane(Side::Outgoing).timers.set(Timer::ConnectRetry, at);
        State::Active
    }

    pub(super) fn cancel_connect(&mut self, turn: &mut Turn<'_>) {
        self.lane(Side::Outgoing).timers.clear_all();
        turn.out.push(Action::CancelConnect);
    }

    /// A connection stands: our OPEN goes out.
    pub(super) fn send_open(&mut self, side: Side, conn: ConnId, turn: &mut Turn<'_>) -> State {
        let open = offer::open(&self.config, self.capabilities, turn.now);
        let lane = self.lane(side);
        *lane = Lane { conn: Some(conn), unsent: true, ..Lane::default() };
        //= rfc4271#section-8.2.2
        //# sets the HoldTimer to a large value
        lane.timers.set(Timer::Hold, turn.now + LARGE_HOLD);
        self.send(conn, MessageKind::Open, turn, |out| open.emit(out));
        State::OpenSent
    }

    /// The peer's OPEN is here.
    pub(super) fn take_open(&mut self, side: Side, open: &OpenMessage, turn: &mut Turn<'_>) -> State {
        match negotiate(&self.config, self.capabilities, open) {
            Ok(negotiated) => {
                self.lane(side).negotiated = Some(negotiated);
                self.contend(side, Received::Open, turn)
            }
            Err(refusal) => {
                let notice = NoticeEvent::Refused(refusal.to_string());
                turn.out.push(Action::Notice(Severity::Warning, notice));
                self.end(side, DownReason::Sent(refusal.notification()), turn)
            }
        }
    }

    /// A connection would take its next step; the other one may have the better right.
    pub(super) fn contend(&mut self, side: Side, received: Received, turn: &mut Turn<'_>) -> State {
        let other = self.lane(side.other()).state;
        match judge(self.precedence(side), side, received, other) {
            Verdict::Proceed => self.advance(side, received, turn),
            Verdict::ProceedAlone => {
                self.give_up_other(side, turn);
                self.advance(side, received, turn)
            }
            Verdict::Wait => {
                self.contest = self.contest.or(Some(turn.now + CONTEST));
                match received {
                    Received::Open => State::OpenSent,
                    Received::Keepalive => {
                        self.lane(side).keepalive_seen = true;
                        State::OpenConfirm
                    }
                }
            }
            Verdict::Yield => self.give_up(side, turn),
        }
    }

    fn advance(&mut self, side: Side, received: Received, turn: &mut Turn<'_>) -> State {
        match received {
            Received::Open => {
                self.send_keepalive(side, turn);
                self.restart_hold(side, turn.now);
                if self.lane(side).keepalive_seen {
                    self.contend(side, Received::Keepalive, turn)
                } else {
                    State::OpenConfirm
                }
            }
            Received::Keepalive => self.establish(side, turn),
        }
    }

    /// The peer uses this connection as the session's: the other one has no right any more.
    pub(super) fn establish_alone(&mut self, side: Side, turn: &mut Turn<'_>) -> State {
        self.give_up_other(side, turn);
        self.establish(side, turn)
    }

    fn establish(&mut self, side: Side, turn: &mut Turn<'_>) -> State {
        self.restart_hold(side, turn.now);
        self.contest = None;
        self.lane(side.other()).timers.clear_all();
        self.lane(side).state = State::Established;
        self.arm_send_hold(side, turn.now);
        let lane = &self.lanes[side as usize];
        if let (Some(conn), Some(negotiated)) = (lane.conn, &lane.negotiated) {
            turn.out.push(Action::Up { conn, negotiated: negotiated.clone() });
            self.retention.resume(negotiated, turn.out);
        }
        self.statistics.established += 1;
        self.statistics.since = Some(turn.now);
        turn.out.push(Action::Notice(Severity::Notice, NoticeEvent::Established));
        State::Established
    }

    /// The peer has connected.
    pub(super) fn welcome(&mut self, side: Side, conn: ConnId, turn: &mut Turn<'_>) -> State {
        let collision = Notification::cease(cease::COLLISION);
        if let Some(up) = self.established_side() {
            if !self.is_replaceable(turn.now) {
                self.reject(conn, &collision, turn);
                return self.lane(side).state;
            }
            // The peer has restarted and we have not noticed: the old connection counts as lost (RFC 4724 §5).
            let next = self.end(up, DownReason::Replaced, turn);
            self.lane(up).state = next;
        } else if self.lane(Side::Outgoing).state == State::OpenConfirm
            && self.precedence(Side::Outgoing) == Precedence::Own
        {
            self.reject(conn, &collision, turn);
            return self.lane(side).state;
        } else if self.lane(side).conn.is_some() {
            // The peer opens one at a time: it has left the older one.
            self.give_up(side, turn);
        }
        self.send_open(side, conn, turn)
    }

    /// Whether a new connection takes the place of the one that is up: the peer has restarted and will be back
    /// gracefully. Right after the beginning it is rather a collision's late loser.
    fn is_replaceable(&self, now: Instant) -> bool {
        let restarts = self
            .negotiated()
            .is_some_and(|negotiated| Family::ALL.into_iter().any(|family| negotiated.preserved()[family]));
        restarts && self.statistics.since.is_some_and(|since| now.since(since) >= YOUNG)
    }

    /// Whether a connection waits for the other one to go.
    pub(super) fn is_waiting(&self, side: Side) -> bool {
        let lane = &self.lanes[side as usize];
        match lane.state {
            State::OpenSent => lane.negotiated.is_some(),
            State::OpenConfirm => lane.keepalive_seen,
            State::Idle | State::Active | State::Connect | State::Established => false,
        }
    }

    fn precedence(&self, side: Side) -> Precedence {
        let own = (self.config.identity.router_id, self.config.shown_as());
        match &self.lanes[side as usize].negotiated {
            Some(negotiated) => Precedence::of(own, (negotiated.peer_id, negotiated.peer_as)),
            None => Precedence::Own,
        }
    }

    /// Sends a KEEPALIVE and sets the timer for the next one.
    pub(super) fn send_keepalive(&mut self, side: Side, turn: &mut Turn<'_>) {
        if let Some(conn) = self.lane(side).conn {
            self.send(conn, MessageKind::Keepalive, turn, emit_keepalive);
            self.restart_keepalive(side, turn.now);
            self.lane(side).unsent = true;
            self.arm_send_hold(side, turn.now);
        }
    }

    pub(super) fn send(
        &mut self,
        conn: ConnId,
        kind: MessageKind,
        turn: &mut Turn<'_>,
        emit: impl FnOnce(&mut Vec<u8>),
    ) {
        let mut octets = Vec::new();
        emit(&mut octets);
        turn.out.push(Action::Send(conn, octets));
        self.statistics.sent.add(kind, 1);
        self.statistics.last_write = Some(turn.now);
    }

    pub(super) fn restart_hold(&mut self, side: Side, now: Instant) {
        let lane = self.lane(side);
        match lane.negotiated.as_ref().and_then(|negotiated| negotiated.hold_time()) {
            Some(hold) => lane.timers.set(Timer::Hold, now + hold),
            //= rfc4271#section-4.4
            //# If the negotiated Hold Time interval is zero, then periodic KEEPALIVE messages MUST NOT be sent.
            None => lane.timers.clear(Timer::Hold),
        }
    }

    pub(super) fn restart_keepalive(&mut self, side: Side, now: Instant) {
        let lane = self.lane(side);
        let Some(interval) = lane.negotiated.as_ref().and_then(|negotiated| negotiated.keepalive()) else {
            return;
        };
        let at = now + self.backoff.jitter(interval);
        self.lane(side).timers.set(Timer::Keepalive, at);
    }

    /// Starts the timer if octets wait to be taken and it does not run yet. It counts while the session is up.
    pub(super) fn arm_send_hold(&mut self, side: Side, now: Instant) {
        let lane = self.lane(side);
        let counts = lane.state == State::Established && lane.unsent;
        if counts && lane.timers.at(Timer::SendHold).is_none() {
            let hold = lane.negotiated.as_ref().and_then(|negotiated| negotiated.hold_time());
            lane.timers.set(Timer::SendHold, now + send_hold(hold.unwrap_or_default()));
        }
    }

    /// The kernel has taken octets: the Send Hold Timer begins anew, or ends if none wait (RFC 9687).
    pub(super) fn progress(&mut self, conn: ConnId, outstanding: u64, now: Instant) {
        let side = Side::BOTH.into_iter().find(|side| self.lanes[*side as usize].conn == Some(conn));
        if let Some(side) = side {
            let lane = self.lane(side);
            lane.timers.clear(Timer::SendHold);
            lane.unsent = outstanding > 0;
            self.arm_send_hold(side, now);
        }
    }
}
