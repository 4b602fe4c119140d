//! The two things that the engine must not ask for itself: the time, and one random number at the start.

use std::sync::OnceLock;
use std::time::Duration;

use bgp_engine::value::Instant;
use rustix::rand::GetRandomFlags;
use rustix::time::{ClockId, clock_gettime};

/// The present moment of the monotonic clock, which is zero at the machine's start.
#[must_use]
pub fn now() -> Instant {
    let time = clock_gettime(ClockId::Monotonic);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    let micros = u64::try_from(time.tv_nsec / 1000).unwrap_or_default();
    Instant::from_micros(seconds.saturating_mul(1_000_000).saturating_add(micros))
}

/// How long it is from now to `moment`.
#[must_use]
pub fn until(moment: Instant) -> Duration {
    moment.since(now())
}

/// The wall clock, in milliseconds since 1970.
#[must_use]
pub fn unix_ms() -> u64 {
    let wall = clock_gettime(ClockId::Realtime);
    u64::try_from(wall.tv_sec.saturating_mul(1000).saturating_add(wall.tv_nsec / 1_000_000))
        .unwrap_or_default()
}

/// The present moment, and how far the wall clock is ahead of this one: what a show tells times by.
#[must_use]
pub fn for_shows() -> crate::show::Clock {
    let now = now();
    let wall = clock_gettime(ClockId::Realtime);
    let wall_us = wall.tv_sec.saturating_mul(1_000_000).saturating_add(wall.tv_nsec / 1000);
    let wall_ahead_us = wall_us.saturating_sub_unsigned(now.as_micros());
    crate::show::Clock { now, wall_ahead_us }
}

/// The moment at which this process was started, as far as it knows: when this was first asked.
#[must_use]
pub fn process_start() -> Instant {
    static START: OnceLock<Instant> = OnceLock::new();
    *START.get_or_init(now)
}

/// A number that nobody could foresee.
///
/// # Panics
/// Where the kernel has no random numbers, which it has from its start on.
#[must_use]
pub fn seed() -> u64 {
    let mut octets = [0_u8; 8];
    let filled = rustix::rand::getrandom(&mut octets, GetRandomFlags::empty());
    assert_eq!(filled, Ok(octets.len()), "the kernel gives no random numbers");
    u64::from_ne_bytes(octets)
}
