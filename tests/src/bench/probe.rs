//! How long one route's change takes through the router.
//!
//! One prefix outside of the table is announced again and again, each time with another community, its number.
//! While a table loads, changes go out on schedule whether or not earlier ones have arrived (a slow router cannot
//! slow the question down); a change that the router merges into a later one counts as arrived with that one.

use std::time::{Duration, Instant};

use super::encode::{self, Identity};
use super::scan::{Update, nlri};
use super::table::{AttributeSet, Prefix4};

/// The prefix whose route changes: 198.18.0.0/24, of the range for benchmarks (RFC 2544), not in any table.
pub const PREFIX: Prefix4 = Prefix4 { address: 0xc612_0000, length: 24 };

/// Added to a change's number to make its community.
const FIRST: u32 = 0x4000_0000;

/// An UPDATE that announces the change of this number.
pub fn change(prober: &Identity, number: u32) -> Vec<u8> {
    let set = AttributeSet { origin: 0, tail: vec![64_998], communities: vec![FIRST + number] };
    let mut out = Vec::new();
    encode::announce(&mut out, &encode::attributes(prober, &set, 1), &[PREFIX]);
    out
}

/// The number of the change that this community stands for.
pub fn number(community: u32) -> Option<u32> {
    community.checked_sub(FIRST)
}

/// Looks for changes among the UPDATEs of a session.
#[derive(Debug, Default)]
pub struct Watcher {
    seen: Vec<(u32, Instant)>,
    silence: Option<Silence>,
}

/// The longest time without an UPDATE since a moment.
#[derive(Debug, Clone, Copy)]
struct Silence {
    since: Instant,
    last: Instant,
    longest: Duration,
    end: Instant,
}

impl Watcher {
    /// Takes in an UPDATE's body.
    pub fn update(&mut self, body: &[u8], at: Instant) {
        if let Some(silence) = &mut self.silence {
            let now = at.saturating_duration_since(silence.last);
            if now > silence.longest {
                (silence.longest, silence.end) = (now, at);
            }
            silence.last = silence.last.max(at);
        }
        let update = Update::split(body);
        if nlri(update.announced).next() != Some(PREFIX) {
            return;
        }
        if let Some(community) = update.attributes().communities.first_chunk() {
            self.seen.extend(number(u32::from_be_bytes(*community)).map(|number| (number, at)));
        }
    }

    /// From now on looks for the longest silence.
    pub fn listen_from(&mut self, since: Instant) {
        self.silence = Some(Silence { since, last: since, longest: Duration::ZERO, end: since });
    }

    /// From the moment given to [`Watcher::listen_from`] to the end of the longest silence since.
    pub fn first_sound(&self) -> Option<Duration> {
        self.silence.map(|silence| silence.end.saturating_duration_since(silence.since))
    }

    /// When the change of this number, or a later one, arrived.
    pub fn arrival(&self, number: u32) -> Option<Instant> {
        self.seen.iter().find(|(arrived, _)| *arrived >= number).map(|(_, at)| *at)
    }

    /// The highest number that has arrived.
    pub fn latest(&self) -> Option<u32> {
        self.seen.last().map(|&(number, _)| number)
    }

    /// The delay of each change that was sent (`sent[number]`), in ms, sorted; one that has not arrived counts up
    /// to `until`.
    pub fn delays_ms(&self, sent: &[Instant], first: u32, until: Instant) -> Vec<f64> {
        let mut arrivals = self.seen.iter().filter(|(number, _)| *number >= first).peekable();
        let mut delays: Vec<f64> = sent
            .iter()
            .zip(first..)
            .map(|(&sent, number)| {
                while arrivals.next_if(|(arrived, _)| *arrived < number).is_some() {}
                let arrived = arrivals.peek().map_or(until, |(_, at)| *at);
                ms(arrived.saturating_duration_since(sent))
            })
            .collect();
        delays.sort_by(f64::total_cmp);
        delays
    }
}

/// The value below which `share` of the sorted values lie.
pub fn percentile(sorted: &[f64], share: f64) -> f64 {
    let at = ((sorted.len() as f64 * share).ceil() as usize).saturating_sub(1);
    sorted.get(at).copied().unwrap_or(f64::NAN)
}

/// Milliseconds with their fraction.
pub fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn a_merged_change_arrives_with_the_later_one() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let address = Ipv4Addr::new(10, 1, 250, 1).into();
        let prober = Identity { asn: 64_999, address, hold_time_s: 9, as_width: encode::AsWidth::Four };
        let mut watcher = Watcher::default();
        for (number, ms) in [(0, 1), (2, 9)] {
            watcher.update(&change(&prober, number)[encode::HEADER..], at(ms));
        }
        assert_eq!(watcher.latest(), Some(2));
        let delays = watcher.delays_ms(&[at(0), at(2), at(4), at(6)], 0, at(20));
        assert_eq!(delays, [1.0, 5.0, 7.0, 14.0]);
        assert_eq!(percentile(&delays, 0.5), 5.0);
        assert_eq!(percentile(&delays, 0.99), 14.0);
    }
}
