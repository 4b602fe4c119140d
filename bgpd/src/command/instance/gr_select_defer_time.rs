//! `bgp graceful-restart select-defer-time (0-3600)`.

use super::number;

number!(
    graceful_restart.select_defer_time_s,
    "bgp graceful-restart select-defer-time",
    "(0-3600)",
    "Set the time to defer the BGP route selection after restart, in seconds"
);
