//! Times as FRR tells them.
//!
//! The engine's moments are of the log's clock; [`Clock`] says what a wall clock shows at them.

use bgp_engine::value::{Duration, Instant};

/// The present moment and the way from the log's clock to the wall clock.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// The present moment of the log's clock.
    pub now: Instant,
    /// What the wall clock (microseconds since 1970, UTC) is ahead of the log's clock.
    pub wall_ahead_us: i64,
}

impl Clock {
    /// How long ago a moment was.
    #[must_use]
    pub fn since(&self, moment: Instant) -> Duration {
        self.now.since(moment)
    }

    /// A moment in seconds since 1970.
    #[must_use]
    pub fn epoch_s(&self, moment: Instant) -> i64 {
        let micros = i64::try_from(moment.as_micros()).unwrap_or(i64::MAX);
        micros.saturating_add(self.wall_ahead_us).div_euclid(1_000_000)
    }

    /// A moment of the log's clock in whole seconds, in seconds since 1970.
    #[must_use]
    pub fn epoch_of_second(&self, second: u32) -> i64 {
        self.epoch_s(Instant::from_micros(u64::from(second) * 1_000_000))
    }
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const WEEK: u64 = 7 * DAY;
const YEAR: u64 = 365 * DAY;

/// A time span as FRR shows how long a peer is up: `00:12:01`, `1d02h03m`, `01w2d03h`, `01y02w3d`.
#[must_use]
pub fn uptime(span: Duration) -> String {
    let s = span.as_secs();
    match s {
        0..DAY => format!("{:02}:{:02}:{:02}", s / HOUR, s % HOUR / MINUTE, s % MINUTE),
        DAY..WEEK => format!("{}d{:02}h{:02}m", s / DAY, s % DAY / HOUR, s % HOUR / MINUTE),
        WEEK..YEAR => format!("{:02}w{}d{:02}h", s / WEEK, s % WEEK / DAY, s % DAY / HOUR),
        YEAR.. => format!("{:02}y{:02}w{}d", s / YEAR, s % YEAR / WEEK, s % YEAR % WEEK / DAY),
    }
}

const WEEKDAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Milliseconds since 1970 as logs write them, in UTC: `2026-11-23 13:20:51`.
#[must_use]
pub fn stamp(unix_ms: u64) -> String {
    let epoch_s = i64::try_from(unix_ms / 1000).unwrap_or(i64::MAX);
    let (year, month, day) = calendar(epoch_s.div_euclid(86_400));
    let second = epoch_s.rem_euclid(86_400);
    let (hours, minutes, seconds) = (second / 3600, second % 3600 / 60, second % 60);
    format!("{year}-{:02}-{day:02} {hours:02}:{minutes:02}:{seconds:02}", month + 1)
}

/// Year, month from 0, and day of a day counted from 1970.
fn calendar(days: i64) -> (i64, usize, i64) {
    // The proleptic Gregorian calendar, years counted from March so that the leap day is a year's last.
    let from_march = days + 719_468;
    let era = from_march.div_euclid(146_097);
    let of_era = from_march.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let day_of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = usize::try_from((month_from_march + 2) % 12).unwrap_or_default();
    (year_of_era + era * 400 + i64::from(month < 2), month, day_of_month)
}

/// Seconds since 1970 as `ctime` writes them, in UTC: `Wed Aug 19 10:00:00 2026`.
#[must_use]
pub fn date(epoch_s: i64) -> String {
    let day = i64::try_from(DAY).unwrap_or(i64::MAX);
    let (days, second) = (epoch_s.div_euclid(day), epoch_s.rem_euclid(day).unsigned_abs());
    let (year, month, day_of_month) = calendar(days);
    let weekday = usize::try_from((days + 4).rem_euclid(7)).unwrap_or_default();
    let (weekday, month) = (WEEKDAYS[weekday], MONTHS[month]);
    let (hours, minutes, seconds) = (second / HOUR, second % HOUR / MINUTE, second % MINUTE);
    format!("{weekday} {month} {day_of_month:2} {hours:02}:{minutes:02}:{seconds:02} {year}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_told_with_the_units_that_matter() {
        let text = |s| uptime(Duration::from_secs(s));
        assert_eq!(text(0), "00:00:00");
        assert_eq!(text(DAY - 1), "23:59:59");
        assert_eq!(text(DAY + 2 * HOUR + 3 * MINUTE + 4), "1d02h03m");
        assert_eq!(text(WEEK + 2 * DAY + 3 * HOUR), "01w2d03h");
        assert_eq!(text(YEAR + 2 * WEEK + 3 * DAY), "01y02w3d");
    }

    #[test]
    fn seconds_since_1970_are_the_date_that_a_calendar_says() {
        assert_eq!(date(0), "Thu Jan  1 00:00:00 1970");
        assert_eq!(date(1_795_440_051), "Mon Nov 23 13:20:51 2026");
        assert_eq!(date(951_782_400), "Tue Feb 29 00:00:00 2000");
        assert_eq!(date(1_709_251_199), "Thu Feb 29 23:59:59 2024");
        assert_eq!(stamp(1_795_440_051_999), "2026-11-23 13:20:51");
        assert_eq!(date(-1), "Wed Dec 31 23:59:59 1969");
    }

    #[test]
    fn the_wall_clock_is_ahead_of_the_logs_by_a_fixed_time() {
        let clock = Clock { now: Instant::from_micros(5_000_000), wall_ahead_us: 1_000_000_000_000_500 };
        assert_eq!(clock.epoch_s(clock.now), 1_000_000_005);
        assert_eq!(clock.epoch_of_second(4), 1_000_000_004);
        assert_eq!(clock.since(Instant::from_micros(1_000_000)).as_secs(), 4);
    }
}
