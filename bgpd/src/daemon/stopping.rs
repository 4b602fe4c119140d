//! The orderly stop: when it is over, and how far it has come.

use std::time::Duration;

use bgp_engine::engine::Engine;
use bgp_engine::value::Instant;

use super::router::Serving;

/// How long peers may take to hear that the router stops.
const SESSIONS_WITHIN: Duration = Duration::from_secs(3);
/// How long it may take to remove the routes from the kernel.
const ROUTES_WITHIN: Duration = Duration::from_secs(30);
/// How often it is said how many are left.
const SAY_EVERY: Duration = Duration::from_secs(2);

/// An orderly stop, once it was ordered.
#[derive(Debug, Default)]
pub(super) struct Stopping {
    since: Option<Instant>,
    said: Option<Instant>,
}

impl Stopping {
    /// Begins; false where it began before.
    pub(super) fn begin(&mut self, now: Instant) -> bool {
        let begins = self.since.is_none();
        self.since.get_or_insert(now);
        self.said.get_or_insert(now);
        begins
    }

    /// When to look at the latest whether it is over.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let since = self.since?;
        let said = self.said?;
        Some((since + SESSIONS_WITHIN).max(said + SAY_EVERY))
    }

    /// Whether it is over: no session is left and the kernel has what it is to keep, or it took too long.
    pub(super) fn is_over(&mut self, serving: &Serving, now: Instant) -> bool {
        let Some(since) = self.since else { return false };
        if serving.primary.connections() > 0 && now < since + SESSIONS_WITHIN {
            return false;
        }
        let engine = serving.primary.machine().engine();
        if engine.has_left_kernel() {
            return true;
        }
        let left = left(engine);
        if now >= since + ROUTES_WITHIN {
            tracing::error!(
                "stopped with {left} routes left in the kernel: the next start removes or takes them"
            );
            return true;
        }
        if self.said.is_some_and(|said| said + SAY_EVERY <= now) {
            self.said = Some(now);
            tracing::info!("stopping: {left} routes are still in the kernel");
        }
        false
    }
}

/// Routes that the kernel has, or may have.
fn left(engine: &Engine) -> u32 {
    let rib = engine.rib();
    let v4 = rib.v4.told.as_ref().map(|told| told.counts(&rib.v4.table));
    let v6 = rib.v6.told.as_ref().map(|told| told.counts(&rib.v6.table));
    v4.into_iter().chain(v6).map(|counts| counts.installed + counts.asked + counts.strays).sum()
}
