//! Lines of `line vty`, which have no effect; the block writes them.

mod access_class;
mod exec_timeout;
mod login;

use super::commands;

/// The folder's commands, in the order of the running configuration.
pub(crate) const COMMANDS: &[&crate::command::Command] = commands![exec_timeout, login, access_class,];

/// The place of these lines.
const LINE: &[super::Place] = &[super::Place::Line];
