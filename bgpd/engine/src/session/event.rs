//! What happens to a session, and what it wants done.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};

use super::config::Change;
use super::negotiation::Negotiated;
use crate::effect::Close;
use crate::notice::{NoticeEvent, Severity};
use crate::value::{ConnId, Family, PerFamily};
use crate::wire::{Notification, OpenMessage};

/// Something that happened. Events of a connection that the session does not (or no longer) have are ignored.
#[derive(Clone, Debug)]
pub enum Event<'a> {
    /// From now on the session is wanted. If it is already and waits for its next attempt, this is it: to be
    /// told when there is a new reason for hope, as when the peer's link has come up.
    Start,
    /// The session is to end; whether it starts again by itself is the reason's business.
    Stop(StopReason),
    /// A connection from the peer was accepted.
    Accepted(ConnId),
    /// The connection that [`Action::Connect`] asked for stands.
    Connected(ConnId),
    /// The connection that [`Action::Connect`] asked for came to nothing.
    ConnectFailed(ConnId),
    /// The peer or the network ended a connection.
    Closed(ConnId),
    /// An OPEN came.
    Open(ConnId, &'a OpenMessage),
    /// A KEEPALIVE came.
    Keepalive(ConnId),
    /// An UPDATE came. Step first, then ask [`Session::connection`](super::Session::connection) whether it is
    /// to be decoded: the event can be what brings the session up, or what ends it.
    Update(ConnId),
    /// A ROUTE-REFRESH came.
    RouteRefresh(ConnId),
    /// An UPDATE, already told by [`Event::Update`], was the End-of-RIB marker of this family (RFC 4724 §2).
    EndOfRib(ConnId, Family),
    /// A NOTIFICATION came.
    Notification(ConnId, &'a Notification),
    /// A message was not well and costs the session; this is what the peer is to be told.
    Malformed(ConnId, Notification),
    /// The kernel has taken octets of a connection; so many are still to be taken (RFC 9687). To be told of
    /// every connection of the session from its first octet on, or a peer that reads all is taken for dead.
    Progress {
        /// Which.
        conn: ConnId,
        /// Octets given to [`Action::Send`] or sent by the engine, and not yet taken.
        outstanding: u64,
    },
    /// Time has passed.
    Clock,
}

/// Why a session is to end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StopReason {
    /// `shutdown`, with the text for the peer (RFC 9003), empty for none. Down until [`Event::Start`].
    Shutdown(String),
    /// The neighbor was taken out of the configuration. Down for good.
    Deconfigured,
    /// `clear bgp X`. Starts again.
    Reset,
    /// More prefixes than `maximum-prefix` allows.
    MaximumPrefix {
        /// Of which family.
        family: Family,
        /// The limit, which the peer is told (RFC 4486 §4).
        limit: u32,
        /// After how many minutes the session starts again; else by [`Event::Start`].
        restart_minutes: Option<u16>,
    },
    /// The configuration was changed. Starts again.
    Changed(Change),
    /// The router stops. With graceful restart the peer is not told (RFC 4724 §4).
    RouterStop,
    /// The interface of the session is down. Starts again.
    InterfaceDown,
    /// The path to the peer is dead, as BFD says. Starts again.
    BfdDown,
    /// Messages of the peer's have crashed processes of this router, again and again. Starts again after so many
    /// minutes, or by [`Event::Start`].
    Poison {
        /// 1 to 65535.
        minutes: u16,
    },
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StopReason::Shutdown(_) => f.write_str("Admin. shutdown"),
            StopReason::Deconfigured => f.write_str("Neighbor deleted"),
            StopReason::Reset => f.write_str("User reset"),
            StopReason::MaximumPrefix { family, limit, .. } => {
                write!(f, "Maximum prefixes of {family} exceeded ({limit})")
            }
            StopReason::Changed(change) => change.fmt(f),
            StopReason::RouterStop => f.write_str("Router stops"),
            StopReason::InterfaceDown => f.write_str("Interface down"),
            StopReason::BfdDown => f.write_str("BFD down received"),
            StopReason::Poison { minutes } => {
                write!(f, "Messages that crash this router (held for {minutes} min)")
            }
        }
    }
}

/// Why a session ended, or an attempt failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DownReason {
    /// It was wanted so here; the peer was told with this, if at all.
    Stopped(StopReason, Option<Notification>),
    /// This router ended it with a NOTIFICATION.
    Sent(Notification),
    /// The peer ended it with a NOTIFICATION.
    Received(Notification),
    /// The peer or the network closed the connection.
    Closed,
    /// The peer has not read for the Send Hold Time (RFC 9687).
    SendHoldTimerExpired,
    /// The peer opened a new connection in place of the old (RFC 4724 §5).
    Replaced,
}

impl fmt::Display for DownReason {
    /// As FRR words it after `Last reset …, `.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DownReason::Stopped(reason, _) => write!(f, "{reason}"),
            DownReason::Sent(notification) => write!(f, "Notification sent ({notification})"),
            DownReason::Received(notification) => write!(f, "Notification received ({notification})"),
            DownReason::Closed => f.write_str("Peer closed the session"),
            DownReason::SendHoldTimerExpired => f.write_str("Send Hold Timer Expired"),
            DownReason::Replaced => f.write_str("Peer opened a new connection"),
        }
    }
}

/// Something that the session wants done; to be done in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Open a connection to the peer, under a fresh name. A session asks for one at a time, and the answer is
    /// [`Event::Connected`] or [`Event::ConnectFailed`].
    Connect,
    /// The connection asked for is not wanted any more: abort it, answer nothing.
    CancelConnect,
    /// Send these octets.
    Send(ConnId, Vec<u8>),
    /// End the connection; nothing of it is an event afterwards.
    Close(ConnId, Close),
    /// The session is up on this connection.
    Up {
        /// Which.
        conn: ConnId,
        /// What holds on it.
        negotiated: Box<Negotiated>,
    },
    /// The session is down. The routes of the families marked stale stay in use (RFC 4724 §4.2) until
    /// [`Action::FlushStale`]; all others of the peer go. What was stale before has been flushed before.
    Down {
        /// Why.
        reason: DownReason,
        /// Families whose routes stay.
        stale: PerFamily<bool>,
    },
    /// What is still stale of the peer's routes of this family goes.
    FlushStale(Family),
    /// Something that an operator should know.
    Notice(Severity, NoticeEvent),
}
