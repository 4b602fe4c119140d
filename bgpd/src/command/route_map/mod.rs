//! Lines of a route map's entry.

use super::commands;

commands!(description, match_prefix_list);

/// The place of these lines.
const ROUTE_MAP: &[super::Place] = &[super::Place::RouteMap];
