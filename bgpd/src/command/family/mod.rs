//! Lines of `address-family` about the instance; in `router bgp` itself they are about IPv4.

mod aggregate_address;
mod distance;
mod maximum_paths;
mod maximum_paths_ibgp;
mod network;
mod redistribute;

use super::commands;

/// The folder's commands, in the order of the running configuration.
pub(crate) const COMMANDS: &[&crate::command::Command] =
    commands![distance, network, aggregate_address, redistribute, maximum_paths, maximum_paths_ibgp,];

/// How many of these FRR writes before the neighbors.
pub(super) const BEFORE_PEERS: usize = 4;
