//! Lines of the `fib` block.

mod metric;
mod nexthop_id_base;
mod protocol;
mod table;

use super::commands;

/// The folder's commands, in the order of the running configuration.
pub(crate) const COMMANDS: &[&crate::command::Command] = commands![table, metric, protocol, nexthop_id_base,];

/// The place of these lines.
const PLACE: &[super::Place] = &[super::Place::Fib];
