//! Primaries that die of themselves, one after the other, with no input to blame: the last rung of the ladder.
//!
//! The rungs before it are climbed within a takeover: the entry as it is, its one message withdrawn, its session ended,
//! the connection dropped, the entry skipped (`trial`). And each twin is made from a checkpoint and the log, never from
//! a primary's memory: what one process has damaged in its own does not come to the next.

use super::{END_US, Roles};
use crate::core::input::Time;
use crate::core::role::{Action, Blame, End};

/// Deaths in a row after which the state may still be kept: a takeover costs a neighbor nothing, a lost state all.
pub(super) const MOST_IN_A_ROW: u32 = 11;
/// A primary that dies of itself within this time may have died of what it took over.
pub(super) const SETTLED_US: u64 = 60_000_000;
/// How long nobody is started after a state was given up; it doubles with each further one that comes to that, up to
/// the longest.
pub(super) const ANEW_US: u64 = 1_000_000;
const LONGEST_ANEW_US: u64 = 60_000_000;
/// Whether the state is being given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GivingUp {
    No,
    Yes,
}

impl Roles {
    /// Who dies of itself before it has settled, with no input to blame, has died of what it took over, at once or when
    /// some timer ran out. That many times in a row, and the state is given up: better new connections than a circle
    /// of takeovers. Counted when the next one leads, which has seen what became of the one before.
    pub(super) fn count_death(&mut self, blame: Blame, now: Time, actions: &mut Vec<Action>) {
        let until = self.led_until.take().unwrap_or(now);
        if until.0.saturating_sub(self.leads_since.0) >= SETTLED_US {
            (self.row, self.given_up) = (0, 0);
        }
        if blame != Blame::Itself {
            return;
        }
        self.row += 1;
        actions.push(Action::Row(self.row, MOST_IN_A_ROW + 1));
        if self.row > MOST_IN_A_ROW {
            self.row = 0;
            self.giving_up = GivingUp::Yes;
        }
    }

    /// The standby first, which would take over; then who leads; then there is nothing to begin from. What comes to the
    /// same end again begins more and more rarely.
    pub(super) fn give_up(&mut self, now: Time, actions: &mut Vec<Action>) {
        match (&mut self.standby, self.primary) {
            (Some(standby), _) if !standby.led => {
                standby.led = true;
                standby.ending_until = Some(Time(now.0 + END_US));
                actions.push(Action::End(standby.child, End::Killed));
            }
            (Some(_), _) => {}
            (None, Some(primary)) => actions.push(Action::End(primary, End::Killed)),
            (None, None) => {
                self.giving_up = GivingUp::No;
                let doubled = ANEW_US.saturating_mul(1 << self.given_up.min(16));
                self.not_before = Time(now.0 + doubled.min(LONGEST_ANEW_US));
                self.given_up += 1;
                actions.push(Action::Abandon);
            }
        }
    }
}
