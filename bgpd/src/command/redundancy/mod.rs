//! Lines of the `redundancy` block.

mod checkpoint_interval;
mod detect_hang;
mod log_size;
mod mode;
mod twin_lag;

use super::commands;

/// The folder's commands, in the order of the running configuration.
pub(crate) const COMMANDS: &[&crate::command::Command] =
    commands![mode, detect_hang, log_size, twin_lag, checkpoint_interval,];

/// The place of these lines.
const PLACE: &[super::Place] = &[super::Place::Redundancy];
