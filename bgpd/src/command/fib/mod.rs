//! Lines of the `fib` block.

use super::commands;

commands!(table, metric, protocol, nexthop_id_base);

/// The place of these lines.
const PLACE: &[super::Place] = &[super::Place::Fib];
