//! A child: what it receives, how it stands by, and how it serves.
pub mod join;
pub mod links;
pub mod wires;

use std::time::Duration;

use crate::core::log::Cursor;
use crate::core::primary;
use crate::core::role::{Mode, Settings};
use crate::sys::checkpoint::Place;

/// How often the state's digest is logged while the log moves.
const DIGESTS_APART: Duration = Duration::from_millis(100);

/// What bounds a primary that is configured like this.
#[must_use]
fn bounds(settings: &Settings) -> primary::Settings {
    primary::Settings {
        mode: match settings.mode {
            Mode::Hot => primary::Mode::Hot,
            Mode::Warm => primary::Mode::Warm,
            Mode::Cold => primary::Mode::Cold,
            Mode::None => primary::Mode::None,
        },
        twin_lag: Duration::from_micros(settings.twin_lag_us),
        checkpoint_interval: Duration::from_micros(settings.checkpoint_interval_us),
        digest_interval: DIGESTS_APART,
    }
}

/// Where in the log a state is, for its checkpoint.
fn place_of(cursor: Cursor) -> Place {
    Place { position: cursor.position, number: cursor.number.0, epoch: u64::from(cursor.epoch.0) }
}
