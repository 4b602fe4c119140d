//! Lines of `router bgp` about the instance that FRR writes behind the neighbors.

mod listen_limit;
mod listen_range;
mod shutdown;

use super::commands;

/// The folder's commands, in the order of the running configuration.
pub(crate) const COMMANDS: &[&crate::command::Command] = commands![listen_limit, listen_range, shutdown,];
