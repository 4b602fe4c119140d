//! Lines of a route map's entry.

mod description;
mod match_prefix_list;

use super::commands;

/// The folder's commands, in the order of the running configuration.
pub(crate) const COMMANDS: &[&crate::command::Command] = commands![description, match_prefix_list,];

/// The place of these lines.
const ROUTE_MAP: &[super::Place] = &[super::Place::RouteMap];
