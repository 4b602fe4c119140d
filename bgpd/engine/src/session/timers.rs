//! Timers are instants: nothing calls back.
//!
//! A timer that is set has a moment; the engine steps the session with
//! [`Event::Clock`](super::Event::Clock) at [`Session::deadline`](super::Session::deadline) or later. Jitter
//! comes from a small generator with the configured seed, so that a replay jitters alike.

use serde::{Deserialize, Serialize};

use crate::value::{Duration, Instant};

/// A timer of one connection's machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// Until the next attempt after a failed connection (ConnectRetryTimer).
    ConnectRetry,
    /// Until the next attempt after an error (IdleHoldTimer).
    IdleHold,
    /// Until the peer counts as dead (HoldTimer).
    Hold,
    /// Until the next KEEPALIVE (KeepaliveTimer).
    Keepalive,
    /// Until a peer that does not read counts as dead (SendHoldTimer, RFC 9687).
    SendHold,
}

impl Timer {
    /// Every timer, in the order in which those that end at once are seen to.
    pub const ALL: [Timer; 5] =
        [Timer::Hold, Timer::SendHold, Timer::Keepalive, Timer::ConnectRetry, Timer::IdleHold];
}

/// The timers of one connection's machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Timers([Option<Instant>; 5]);

impl Timers {
    pub(super) fn set(&mut self, timer: Timer, at: Instant) {
        self.0[timer as usize] = Some(at);
    }

    pub(super) fn clear(&mut self, timer: Timer) {
        self.0[timer as usize] = None;
    }

    pub(super) fn clear_all(&mut self) {
        *self = Timers::default();
    }

    pub(super) fn at(&self, timer: Timer) -> Option<Instant> {
        self.0[timer as usize]
    }

    /// The first timer that has ended by `now`, which is thereby cleared.
    pub(super) fn take_expired(&mut self, now: Instant) -> Option<Timer> {
        let timer = Timer::ALL.into_iter().find(|timer| self.at(*timer).is_some_and(|at| at <= now))?;
        self.clear(timer);
        Some(timer)
    }

    /// When the next one ends.
    pub(super) fn next(&self) -> Option<Instant> {
        self.0.iter().flatten().min().copied()
    }
}

/// The hold time while an OPEN is awaited: 'a large value' (RFC 4271 §8.2.2 suggests 4 minutes).
pub(super) const LARGE_HOLD: Duration = Duration::from_secs(240);
/// The least Send Hold Time (RFC 9687 §4).
const SEND_HOLD: Duration = Duration::from_secs(480);
/// How long two connections may wait for the peer's choice between them.
pub(super) const CONTEST: Duration = Duration::from_secs(5);
/// How long an attempt to connect lasts at the least, however small `timers connect` is: longer than a SYN that
/// was lost twice.
pub(super) const LEAST_ATTEMPT: Duration = Duration::from_secs(10);
/// The first wait after a failure; it doubles with each further one.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// The longest wait after an error.
const LONGEST_IDLE_HOLD: Duration = Duration::from_secs(60);
/// A session that lasted so long has proven that the peer is well: the waits start from the first again.
pub(super) const PROVEN: Duration = Duration::from_secs(60);

/// The Send Hold Time for a negotiated hold time: 8 minutes, or twice the hold time if that is more (RFC 9687).
pub(super) fn send_hold(hold: Duration) -> Duration {
    SEND_HOLD.max(hold * 2)
}

/// Waits between attempts, each twice as long as the one before, and their jitter.
///
/// FRR waits `timers connect` after each failed connection and 1 s, doubled up to 60 s, after an error. Here
/// the doubling counts for both, with `timers connect` as the longest wait for a connection: a neighbor that
/// starts a second later than this router is reached a second later. FRR starts from 1 s whenever a session
/// comes up; here only if it lasts a minute, so that a peer with which every session ends at once is damped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Backoff {
    failures: u32,
    random: u64,
}

impl Backoff {
    pub(super) fn new(seed: u64) -> Self {
        Backoff { failures: 0, random: seed }
    }

    /// The wait before the next attempt to connect; counts a failure.
    pub(super) fn connect_retry(&mut self, longest_s: u16) -> Duration {
        let wait = self.wait(Duration::from_secs(longest_s.max(1).into()));
        self.jitter(wait)
    }

    /// The wait after an error; counts a failure.
    pub(super) fn idle_hold(&mut self) -> Duration {
        let wait = self.wait(LONGEST_IDLE_HOLD);
        self.jitter(wait)
    }

    /// Forgets the failures.
    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }

    fn wait(&mut self, longest: Duration) -> Duration {
        let wait = FIRST_WAIT.saturating_mul(1 << self.failures.min(16));
        self.failures = self.failures.saturating_add(1);
        wait.min(longest)
    }

    //= rfc4271#section-10
    //# multiplying the base value of the appropriate timer by a random factor, which is uniformly distributed in the
    //# range from 0.75 to 1.0
    /// `time`, shortened by up to a quarter.
    pub(super) fn jitter(&mut self, time: Duration) -> Duration {
        // SplitMix64: a counter and a mixing function.
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        let percent = 75 + u32::try_from(mixed % 26).unwrap_or(25);
        time * percent / 100
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_jitter_takes_at_most_a_quarter() {
        let mut backoff = Backoff::new(7);
        for full in [1, 2, 4, 8, 16, 30, 30] {
            let wait = backoff.connect_retry(30);
            assert!(wait <= Duration::from_secs(full), "{wait:?} of {full}");
            assert!(wait >= Duration::from_secs(full) * 3 / 4, "{wait:?} of {full}");
        }
        assert!(backoff.idle_hold() <= LONGEST_IDLE_HOLD);
        backoff.reset();
        assert!(backoff.idle_hold() <= FIRST_WAIT);
    }

    #[test]
    fn equal_seeds_jitter_alike_and_others_do_not() {
        let waits = |seed| {
            let mut backoff = Backoff::new(seed);
            [(); 8].map(|()| backoff.connect_retry(30))
        };
        assert_eq!(waits(1), waits(1));
        assert_ne!(waits(1), waits(2));
    }

    #[test]
    fn an_expired_timer_is_seen_once_and_the_hold_timer_first() {
        let mut timers = Timers::default();
        let at = Instant::from_micros(5);
        timers.set(Timer::Keepalive, at);
        timers.set(Timer::Hold, at);
        assert_eq!(timers.take_expired(Instant::from_micros(4)), None);
        assert_eq!(timers.take_expired(at), Some(Timer::Hold));
        assert_eq!(timers.take_expired(at), Some(Timer::Keepalive));
        assert_eq!(timers.take_expired(at), None);
        assert_eq!(timers.next(), None);
    }

    #[test]
    fn a_peer_that_does_not_read_has_eight_minutes_or_twice_the_hold_time() {
        assert_eq!(send_hold(Duration::from_secs(180)), Duration::from_secs(480));
        assert_eq!(send_hold(Duration::from_secs(600)), Duration::from_secs(1200));
    }
}
