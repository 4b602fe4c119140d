//! The time of day, which is an input like any other.

use ftcore::core::input::Time;
use serde::{Deserialize, Serialize};

/// The time of day, as far as the log knows it.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Calendar(Option<(Time, u64)>);

impl Calendar {
    /// It is so late now.
    pub fn set(&mut self, now: Time, unix_us: u64) {
        self.0 = Some((now, unix_us));
    }

    /// Microseconds of Unix time; `None` before the machine was told any.
    pub fn unix_us(&self, now: Time) -> Option<u64> {
        let (then, unix_us) = self.0?;
        unix_us.checked_add(now.0.saturating_sub(then.0))
    }
}
