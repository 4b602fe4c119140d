//! `bgp log-neighbor-changes`.

use super::flag;

flag!(log_neighbor_changes, "bgp log-neighbor-changes", "Log neighbor up/down and reset reason");
