//! The last lines of this process's log, for operators who look on: `show logging`, `terminal monitor`.
//!
//! Whoever writes a line never waits for a reader: what is too old is dropped, and a reader who comes too late for it is
//! told how many lines they missed.

use core::fmt::Write;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How much is kept.
const OCTETS: usize = 256 << 10;
/// The longest line; of a longer one the beginning is kept.
const LINE: usize = 4 << 10;
/// How much a reader is given at a time.
const SLICE: usize = 16 << 10;
/// How old a line may be to be news for somebody who has just lost the process before.
const RECENT: Duration = Duration::from_secs(15);

static KEPT: Mutex<Kept> = Mutex::new(Kept::new());
/// How many lines there were, to be looked at without waiting.
static COUNT: AtomicU64 = AtomicU64::new(0);

#[derive(Debug)]
struct Line {
    at: Instant,
    text: Box<str>,
}

#[derive(Debug)]
struct Kept {
    lines: VecDeque<Line>,
    octets: usize,
    /// The number of the oldest line.
    first: u64,
}

impl Kept {
    const fn new() -> Kept {
        Kept { lines: VecDeque::new(), octets: 0, first: 0 }
    }

    fn keep(&mut self, text: &str) {
        self.octets += text.len();
        self.lines.push_back(Line { at: Instant::now(), text: text.into() });
        while self.octets > OCTETS
            && let Some(oldest) = self.lines.pop_front()
        {
            self.octets -= oldest.text.len();
            self.first += 1;
        }
    }

    fn count(&self) -> u64 {
        self.first + self.lines.len() as u64
    }
}

fn kept() -> MutexGuard<'static, Kept> {
    KEPT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Keeps a line as it was written.
pub(super) fn keep(line: &[u8]) {
    let text = String::from_utf8_lossy(line.get(..LINE).unwrap_or(line));
    let text = text.trim_end();
    if !text.is_empty() {
        let mut kept = kept();
        kept.keep(text);
        COUNT.store(kept.count(), Ordering::Release);
    }
}

/// Whether a reader has reached the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum More {
    /// There are lines to be read.
    Here,
    /// There are none at this moment.
    ToCome,
}

/// Somebody who reads the lines, one after the other.
#[derive(Debug)]
pub(super) struct Reader {
    next: u64,
}

impl Reader {
    /// Of every line that is kept.
    pub(super) fn of_all() -> Reader {
        Reader { next: kept().first }
    }

    /// Of the lines to come.
    pub(super) fn of_coming() -> Reader {
        Reader { next: kept().count() }
    }

    /// Of the lines to come, and of those that are news.
    pub(super) fn of_recent() -> Reader {
        let kept = kept();
        let recent = kept.lines.iter().rev().take_while(|line| line.at.elapsed() < RECENT).count();
        Reader { next: kept.count() - recent as u64 }
    }

    /// Whether there is a line to be read.
    pub(super) fn has_news(&self) -> bool {
        COUNT.load(Ordering::Acquire) > self.next
    }

    /// Puts the next lines at the end of `to`.
    pub(super) fn read(&mut self, to: &mut String) -> More {
        let kept = kept();
        let missed = kept.first.saturating_sub(self.next);
        if missed > 0 {
            // Writing to a string does not fail.
            let _ = writeln!(to, "% {missed} lines of the log are no longer there");
            self.next = kept.first;
        }
        let behind = usize::try_from(self.next - kept.first).unwrap_or(usize::MAX);
        let before = to.len();
        for line in kept.lines.iter().skip(behind) {
            if to.len() - before > SLICE {
                return More::Here;
            }
            to.push_str(&line.text);
            to.push('\n');
            self.next += 1;
        }
        More::ToCome
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_lines_go_and_are_counted_and_a_reader_sees_each_of_the_others_once() {
        let mut early = Reader::of_coming();
        assert!(!early.has_news());
        let line = |number: usize| format!("{number} {}\n", "x".repeat(500));
        for number in 0..1000 {
            keep(line(number).as_bytes());
        }
        assert!(early.has_news());
        let (mut text, mut late) = (String::new(), String::new());
        while early.read(&mut text) == More::Here {}
        let mut all = Reader::of_all();
        while all.read(&mut late) == More::Here {}
        let (first, rest) = text.split_once('\n').unwrap();
        assert_eq!(rest, late, "what is there is read in the same way by all");
        assert!(rest.len() <= OCTETS + 1000 && rest.ends_with(&line(999)), "{}", rest.len());
        let missed: usize = first.strip_prefix("% ").unwrap().split(' ').next().unwrap().parse().unwrap();
        assert_eq!(missed + rest.lines().count(), 1000);
        assert!(!early.has_news() && early.read(&mut text) == More::ToCome);
        assert!(Reader::of_recent().has_news());
        keep(&[b'y'; 3 * LINE]);
        let mut last = String::new();
        while early.read(&mut last) == More::Here {}
        assert_eq!(last.len(), LINE + 1);
    }
}
