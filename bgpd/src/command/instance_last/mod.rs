//! Lines of `router bgp` about the instance that FRR writes behind the neighbors.

use super::commands;

commands!(listen_limit, listen_range, shutdown);
