//! What an operator reads about a session: counts and moments.

use serde::{Deserialize, Serialize};

use super::event::DownReason;
use crate::value::Instant;

/// A type of message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageKind {
    /// OPEN.
    Open,
    /// NOTIFICATION.
    Notification,
    /// UPDATE.
    Update,
    /// KEEPALIVE.
    Keepalive,
    /// ROUTE-REFRESH.
    RouteRefresh,
}

/// How many messages went one way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// OPENs.
    pub opens: u64,
    /// NOTIFICATIONs.
    pub notifications: u64,
    /// UPDATEs.
    pub updates: u64,
    /// KEEPALIVEs.
    pub keepalives: u64,
    /// ROUTE-REFRESHes.
    pub route_refreshes: u64,
}

impl Counts {
    pub(super) fn add(&mut self, kind: MessageKind, count: u64) {
        let counter = match kind {
            MessageKind::Open => &mut self.opens,
            MessageKind::Notification => &mut self.notifications,
            MessageKind::Update => &mut self.updates,
            MessageKind::Keepalive => &mut self.keepalives,
            MessageKind::RouteRefresh => &mut self.route_refreshes,
        };
        *counter = counter.saturating_add(count);
    }

    /// All of them.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.opens + self.notifications + self.updates + self.keepalives + self.route_refreshes
    }
}

/// A session's counts and moments.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Statistics {
    /// Messages to the peer.
    pub sent: Counts,
    /// Messages from the peer.
    pub received: Counts,
    /// How often the session came up.
    pub established: u64,
    /// How often it went down.
    pub dropped: u64,
    /// When the last message came.
    pub last_read: Option<Instant>,
    /// When the last message went.
    pub last_write: Option<Instant>,
    /// Since when the session is up, or down after it was up.
    pub since: Option<Instant>,
    /// When and why the session last went down, or an attempt failed.
    pub last_reset: Option<(Instant, DownReason)>,
}
