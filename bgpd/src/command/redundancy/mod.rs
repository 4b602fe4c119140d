//! Lines of the `redundancy` block.

use super::commands;

commands!(mode, detect_hang, log_size, twin_lag, checkpoint_interval);

/// The place of these lines.
const PLACE: &[super::Place] = &[super::Place::Redundancy];
