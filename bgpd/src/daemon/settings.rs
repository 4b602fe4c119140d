//! The standby's settings as `ftcore` takes them.

use ftcore::core::role::{Mode, Settings};

use crate::config::{Redundancy, Standby};

/// How long an orderly stop of the primary may take, in microseconds.
const STOP_US: u64 = 35_000_000;

/// What a block comes to, with the documented values for what is not written.
#[must_use]
pub fn of(block: &Redundancy) -> Settings {
    Settings {
        mode: match block.mode.unwrap_or_default() {
            Standby::Hot => Mode::Hot,
            Standby::Warm => Mode::Warm,
            Standby::Cold => Mode::Cold,
            Standby::None => Mode::None,
        },
        detect_hang_us: u64::from(block.detect_hang_ms.unwrap_or(500)) * 1000,
        log_octets: u64::from(block.log_size_mib.unwrap_or(256)) << 20,
        twin_lag_us: u64::from(block.twin_lag_ms.unwrap_or(1000)) * 1000,
        checkpoint_interval_us: u64::from(block.checkpoint_interval_s.unwrap_or(60)) * 1_000_000,
        stop_us: STOP_US,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_written_has_the_documented_value() {
        let settings = of(&Redundancy::default());
        assert_eq!(settings.mode, Mode::Hot);
        assert_eq!((settings.detect_hang_us, settings.twin_lag_us), (500_000, 1_000_000));
        assert_eq!((settings.log_octets, settings.checkpoint_interval_us), (256 << 20, 60_000_000));
    }
}
