//! The helper's part of graceful restart (RFC 4724 §4.2, RFC 8538): which routes of a lost peer stay, how long.
//!
//! The session says what becomes stale and when that ends; the routes themselves are the engine's. A family
//! that was not negotiated is never waited for.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::event::{Action, DownReason, StopReason};
use super::negotiation::Negotiated;
use crate::value::{Duration, Family, Instant, PerFamily};

/// What is kept of the routes of a peer that was lost.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Retention {
    stale: PerFamily<bool>,
    /// When the peer must be back.
    restart: Option<Instant>,
    /// When the last stale route goes, back or not.
    stale_path: Option<Instant>,
}

impl Retention {
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.restart.into_iter().chain(self.stale_path).min()
    }

    pub(super) fn stale(&self) -> PerFamily<bool> {
        self.stale
    }

    /// The session with `negotiated` is lost: the families to keep. What was stale goes.
    pub(super) fn begin(
        &mut self,
        reason: &DownReason,
        negotiated: &Negotiated,
        stale_path: Duration,
        now: Instant,
        out: &mut Vec<Action>,
    ) -> PerFamily<bool> {
        //= rfc4724#section-4.2
        //# To deal with possible consecutive restarts, a route (from the peer) previously marked as stale MUST be
        //# deleted.
        self.flush_all(out);
        let restart_time_s = negotiated.restart.as_ref().map_or(0, |restart| restart.restart_time_s);
        if restart_time_s > 0 && is_restart(reason, negotiated) {
            self.stale = negotiated.preserved();
        }
        if Family::ALL.into_iter().any(|family| self.stale[family]) {
            self.restart = Some(now + Duration::from_secs(restart_time_s.into()));
            self.stale_path = Some(now + stale_path);
        }
        self.stale
    }

    //= rfc4724#section-4.2
    //# the Receiving Speaker MUST immediately remove all the stale routes from the peer that it is retaining for
    //# that address family.
    /// The session is up again.
    pub(super) fn resume(&mut self, negotiated: &Negotiated, out: &mut Vec<Action>) {
        self.restart = None;
        for family in Family::ALL {
            let forwarding = negotiated.restart.as_ref().and_then(|restart| restart.families[family]);
            if !(negotiated.dialect.families[family] && forwarding == Some(true)) {
                self.flush(family, out);
            }
        }
    }

    /// All routes of `family` have been sent anew, or never will be.
    pub(super) fn flush(&mut self, family: Family, out: &mut Vec<Action>) {
        if core::mem::take(&mut self.stale[family]) {
            out.push(Action::FlushStale(family));
        }
        if self.stale == PerFamily::default() {
            *self = Retention::default();
        }
    }

    /// Nothing is kept any longer.
    pub(super) fn flush_all(&mut self, out: &mut Vec<Action>) {
        for family in Family::ALL {
            self.flush(family, out);
        }
    }

    /// Time has passed.
    pub(super) fn clock(&mut self, now: Instant, out: &mut Vec<Action>) {
        if self.deadline().is_some_and(|at| at <= now) {
            self.flush_all(out);
        }
    }
}

/// Whether the end of a session is taken as the peer's restart, so that its routes stay.
fn is_restart(reason: &DownReason, negotiated: &Negotiated) -> bool {
    match reason {
        DownReason::Closed | DownReason::Replaced => true,
        DownReason::Sent(notification) | DownReason::Received(notification) => {
            negotiated.notification_is_restart() && !notification.is_hard_reset()
        }
        DownReason::SendHoldTimerExpired => negotiated.notification_is_restart(),
        DownReason::Stopped(reason, _) => match reason {
            StopReason::InterfaceDown => true,
            StopReason::Shutdown(_)
            | StopReason::Deconfigured
            | StopReason::Reset
            | StopReason::MaximumPrefix { .. }
            | StopReason::Changed(_)
            | StopReason::RouterStop
            | StopReason::BfdDown
            | StopReason::Poison { .. } => false,
        },
    }
}
