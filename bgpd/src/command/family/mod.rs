//! Lines of `address-family` about the instance; in `router bgp` itself they are about IPv4.

use super::commands;

commands!(network, aggregate_address, maximum_paths, maximum_paths_ibgp);

/// How many of these FRR writes before the neighbors.
pub(super) const BEFORE_PEERS: usize = 2;
