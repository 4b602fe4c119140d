//! A run as a picture of text: what each neighbor's wire carried over time, and what was done to the router.
//!
//! ```text
//!          0 s       10 s      20 s
//! hits     ....K....:....S....:....
//! frr      #--###---:-#-#--#--:-#--   up 25 s
//! ```
//! `#` is a moment with UPDATEs, `-` one with KEEPALIVEs only, a blank one without an octet; `!` would be a SYN, FIN,
//! RST, OPEN or NOTIFICATION.

use std::ops::Range;

use super::wire::Wire;
use crate::bench::encode::kind;

/// Something that was done to the router: a letter for the picture, and when, in µs of Unix time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// The letter.
    pub letter: char,
    /// When.
    pub at_us: u64,
}

/// The most columns.
const COLUMNS: u64 = 100;
/// What a column may stand for, in µs; the first with which the run fits.
const WIDTHS_US: [u64; 5] = [500_000, 1_000_000, 2_000_000, 5_000_000, 10_000_000];

/// The time that a picture shows, cut into columns.
#[derive(Debug, Clone)]
pub struct Canvas {
    span_us: Range<u64>,
    column_us: u64,
}

impl Canvas {
    /// A canvas for this span of Unix time (µs), a column half a second or more.
    pub fn new(span_us: Range<u64>) -> Canvas {
        let length_us = span_us.end - span_us.start;
        let fits = |width: &&u64| length_us.div_ceil(**width) <= COLUMNS;
        let column_us = WIDTHS_US.iter().find(fits).copied().unwrap_or(length_us / COLUMNS + 1);
        Canvas { span_us, column_us }
    }

    fn columns(&self) -> usize {
        (self.span_us.end - self.span_us.start).div_ceil(self.column_us) as usize
    }

    fn column(&self, at_us: u64) -> Option<usize> {
        self.span_us.contains(&at_us).then(|| ((at_us - self.span_us.start) / self.column_us) as usize)
    }

    /// The line with the seconds.
    pub fn ruler(&self) -> String {
        let mut line = String::new();
        for column in (0..self.columns()).step_by(10) {
            let second = column as u64 * self.column_us / 1_000_000;
            line.push_str(&format!("{:<10}", format!("{second} s")));
        }
        line
    }

    /// The line of events; where two share a column, the later one is seen.
    pub fn events(&self, events: &[Event]) -> String {
        let mut line = vec!['.'; self.columns()];
        for event in events {
            if let Some(column) = self.column(event.at_us) {
                line[column] = event.letter;
            }
        }
        line.into_iter().collect()
    }

    /// What a neighbor's wire carried from the end that `is_router` names.
    pub fn wire(&self, wire: &Wire) -> String {
        let mut line = vec![' '; self.columns()];
        let rank = |letter: char| [' ', '-', '#', '!'].iter().position(|known| *known == letter);
        let mut draw = |at_us: u64, letter: char| {
            if let Some(column) = self.column(at_us).filter(|column| rank(line[*column]) < rank(letter)) {
                line[column] = letter;
            }
        };
        for connection in &wire.connections {
            connection.signs.iter().for_each(|(at_us, ..)| draw(*at_us, '!'));
            for direction in &connection.directions {
                for message in direction.messages().0 {
                    let letter = match message.kind {
                        kind::UPDATE => '#',
                        kind::KEEPALIVE => '-',
                        _ => '!',
                    };
                    draw(message.at_us, letter);
                }
            }
        }
        line.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_stand_in_their_columns() {
        let canvas = Canvas::new(5_000_000..11_500_000);
        let events = [Event { letter: 'K', at_us: 5_100_000 }, Event { letter: 'S', at_us: 11_400_000 }];
        assert_eq!(canvas.events(&events), "K...........S");
        assert_eq!(canvas.ruler().trim_end(), "0 s       5 s");
        assert_eq!(Canvas::new(0..250_000_000).columns(), 50);
        assert_eq!(Canvas::new(0..5_000_000_000).columns(), 100);
    }
}
