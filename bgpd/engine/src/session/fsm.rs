//! The machine of one connection: a state a function, an event an arm.
//!
//! Each function answers with the next state. What happens on the way is in [`transition`](super::transition);
//! the whole table, situations by events, is the reviewed file `tests/session/table.txt` of this crate.

use super::collision::{Received, Side};
use super::event::{DownReason, StopReason};
use super::statistics::MessageKind;
use super::timers::Timer;
use super::{Session, State, Turn};
use crate::effect::Close;
use crate::value::ConnId;
use crate::wire::{Notification, OpenMessage};

/// What happens to one connection's machine: an event of the session's, addressed.
#[derive(Clone, Debug)]
pub(super) enum Signal<'a> {
    Start,
    Stop(&'a StopReason),
    Accepted(ConnId),
    Connected(ConnId),
    ConnectFailed,
    Closed,
    Open(&'a OpenMessage),
    Keepalive,
    Update,
    RouteRefresh,
    Notification(&'a Notification),
    Malformed(Notification),
    Expired(Timer),
    /// The other connection is gone, or has been waited for long enough.
    Uncontested,
}

impl Signal<'_> {
    /// The message that it stands for. One that was not well is counted by whoever read it.
    pub(super) fn message(&self) -> Option<MessageKind> {
        match self {
            Signal::Open(_) => Some(MessageKind::Open),
            Signal::Keepalive => Some(MessageKind::Keepalive),
            Signal::Update => Some(MessageKind::Update),
            Signal::RouteRefresh => Some(MessageKind::RouteRefresh),
            Signal::Notification(_) => Some(MessageKind::Notification),
            Signal::Start
            | Signal::Stop(_)
            | Signal::Accepted(_)
            | Signal::Connected(_)
            | Signal::ConnectFailed
            | Signal::Closed
            | Signal::Malformed(_)
            | Signal::Expired(_)
            | Signal::Uncontested => None,
        }
    }
}

impl Session {
    /// Lets one machine take one signal.
    pub(super) fn signal(&mut self, side: Side, signal: Signal<'_>, turn: &mut Turn<'_>) {
        let next = match self.lane(side).state {
            State::Idle => self.idle(side, signal, turn),
            State::Connect => self.connect(side, signal, turn),
            State::Active => self.active(side, signal, turn),
            State::OpenSent => self.open_sent(side, signal, turn),
            State::OpenConfirm => self.open_confirm(side, signal, turn),
            State::Established => self.in_session(side, signal, turn),
        };
        self.lane(side).state = next;
    }

    /// Nothing is under way: not wanted, or waiting after an error.
    fn idle(&mut self, side: Side, signal: Signal<'_>, turn: &mut Turn<'_>) -> State {
        match signal {
            Signal::Start => self.begin(side, turn),
            Signal::Stop(_) => self.rest(side),
            Signal::Accepted(conn) => {
                self.refuse(conn, turn);
                State::Idle
            }
            Signal::Connected(conn) => {
                self.close(conn, Close::Abort, turn);
                State::Idle
            }
            Signal::Expired(Timer::IdleHold | Timer::ConnectRetry) => self.begin(side, turn),
            Signal::ConnectFailed
            | Signal::Closed
            | Signal::Open(_)
            | Signal::Keepalive
            | Signal::Update
            | Signal::RouteRefresh
            | Signal::Notification(_)
            | Signal::Malformed(_)
            | Signal::Expired(Timer::Hold | Timer::Keepalive | Timer::SendHold)
            | Signal::Uncontested => State::Idle,
        }
    }

    /// Our connection is being opened.
    fn connect(&mut self, side: Side, signal: Signal<'_>, turn: &mut Turn<'_>) -> State {
        match signal {
            Signal::Connected(conn) => self.send_open(side, conn, turn),
            Signal::ConnectFailed => self.retry_later(turn),
            Signal::Stop(_) => {
                self.cancel_connect(turn);
                self.rest(side)
            }
            Signal::Expired(Timer::ConnectRetry | Timer::IdleHold) => {
                self.cancel_connect(turn);
                self.begin(side, turn)
            }
            Signal::Accepted(conn) => {
                self.refuse(conn, turn);
                State::Connect
            }
            Signal::Start
            | Signal::Closed
            | Signal::Open(_)
            | Signal::Keepalive
            | Signal::Update
            | Signal::RouteRefresh
            | Signal::Notification(_)
            | Signal::Malformed(_)
            | Signal::Expired(Timer::Hold | Timer::Keepalive | Timer::SendHold)
            | Signal::Uncontested => State::Connect,
        }
    }

    /// The peer may connect, or our next attempt is due.
    fn active(&mut self, side: Side, signal: Signal<'_>, turn: &mut Turn<'_>) -> State {
        match signal {
            Signal::Accepted(conn) => self.welcome(side, conn, turn),
            Signal::Connected(conn) => {
                self.close(conn, Close::Abort, turn);
                State::Active
            }
            Signal::Start => self.begin(side, turn),
            Signal::Stop(_) => self.rest(side),
            Signal::Expired(Timer::ConnectRetry | Timer::IdleHold) => self.begin(side, turn),
            Signal::ConnectFailed
            | Signal::Closed
            | Signal::Open(_)
            | Signal::Keepalive
            | Signal::Update
            | Signal::RouteRefresh
            | Signal::Notification(_)
            | Signal::Malformed(_)
            | Signal::Expired(Timer::Hold | Timer::Keepalive | Timer::SendHold)
            | Signal::Uncontested => State::Active,
        }
    }

    /// Our OPEN is out, theirs is due; or it is here, and the other connection goes first.
    fn open_sent(&mut self, side: Side, signal: Signal<'_>, turn: &mut Turn<'_>) -> State {
        let waiting = self.lane(side).negotiated.is_some();
        match signal {
            Signal::Open(open) if !waiting => self.take_open(side, open, turn),
            Signal::Keepalive if waiting => {
                self.lane(side).keepalive_seen = true;
                State::OpenSent
            }
            Signal::Uncontested if waiting => self.contend(side, Received::Open, turn),
            Signal::Accepted(conn) => self.welcome(side, conn, turn),
            Signal::Stop(reason) => self.halt(side, reason, turn),
            Signal::Closed => self.end(side, DownReason::Closed, turn),
            Signal::Notification(notification) => self.told(side, notification, turn),
            Signal::Malformed(notification) => self.end(side, DownReason::Sent(notification), turn),
            Signal::Expired(Timer::Hold) => self.hold_timer_expired(side, turn),
            //= rfc6608#section-3
            //# 1 - Receive Unexpected Message in OpenSent State
            Signal::Open(_) | Signal::Keepalive | Signal::Update | Signal::RouteRefresh => {
                self.unexpected(side, 1, turn)
            }
            Signal::Connected(conn) => {
                self.close(conn, Close::Abort, turn);
                State::OpenSent
            }
            Signal::Start
            | Signal::ConnectFailed
            | Signal::Expired(Timer::ConnectRetry | Timer::IdleHold | Timer::Keepalive | Timer::SendHold)
            | Signal::Uncontested => State::OpenSent,
        }
    }

    /// Both OPENs are well, the peer's KEEPALIVE is due; or it is here, and the other connection goes first.
    fn open_confirm(&mut self, side: Side, signal: Signal<'_>, turn: &mut Turn<'_>) -> State {
        let waiting = self.lane(side).keepalive_seen;
        match signal {
            Signal::Keepalive => self.contend(side, Received::Keepalive, turn),
            Signal::Uncontested if waiting => self.contend(side, Received::Keepalive, turn),
            // The peer is Established here: it has chosen this connection.
            Signal::Update | Signal::RouteRefresh if waiting => self.establish_alone(side, turn),
            Signal::Expired(Timer::Keepalive) => {
                self.send_keepalive(side, turn);
                State::OpenConfirm
            }
            Signal::Accepted(conn) => self.welcome(side, conn, turn),
            Signal::Stop(reason) => self.halt(side, reason, turn),
            Signal::Closed => self.end(side, DownReason::Closed, turn),
            Signal::Notification(notification) => self.told(side, notification, turn),
            Signal::Malformed(notification) => self.end(side, DownReason::Sent(notification), turn),
            Signal::Expired(Timer::Hold) => self.hold_timer_expired(side, turn),
            //= rfc6608#section-3
            //# 2 - Receive Unexpected Message in OpenConfirm State
            Signal::Open(_) | Signal::Update | Signal::RouteRefresh => self.unexpected(side, 2, turn),
            Signal::Connected(conn) => {
                self.close(conn, Close::Abort, turn);
                State::OpenConfirm
            }
            Signal::Start
            | Signal::ConnectFailed
            | Signal::Expired(Timer::ConnectRetry | Timer::IdleHold | Timer::SendHold)
            | Signal::Uncontested => State::OpenConfirm,
        }
    }

    /// The session is up on this connection.
    fn in_session(&mut self, side: Side, signal: Signal<'_>, turn: &mut Turn<'_>) -> State {
        match signal {
            //= rfc4271#section-8.2.2
            //# restarts its HoldTimer, if the negotiated HoldTime value is non-zero, and remains in the Established state
            Signal::Keepalive | Signal::Update | Signal::RouteRefresh => {
                self.restart_hold(side, turn.now);
                State::Established
            }
            Signal::Expired(Timer::Keepalive) => {
                self.send_keepalive(side, turn);
                State::Established
            }
            Signal::Accepted(conn) => self.welcome(side, conn, turn),
            Signal::Stop(reason) => self.halt(side, reason, turn),
            Signal::Closed => self.end(side, DownReason::Closed, turn),
            Signal::Notification(notification) => self.told(side, notification, turn),
            Signal::Malformed(notification) => self.end(side, DownReason::Sent(notification), turn),
            Signal::Expired(Timer::Hold) => self.hold_timer_expired(side, turn),
            Signal::Expired(Timer::SendHold) => self.end(side, DownReason::SendHoldTimerExpired, turn),
            //= rfc6608#section-3
            //# 3 - Receive Unexpected Message in Established State
            Signal::Open(_) => self.unexpected(side, 3, turn),
            Signal::Connected(conn) => {
                self.close(conn, Close::Abort, turn);
                State::Established
            }
            Signal::Start
            | Signal::ConnectFailed
            | Signal::Expired(Timer::ConnectRetry | Timer::IdleHold)
            | Signal::Uncontested => State::Established,
        }
    }
}
