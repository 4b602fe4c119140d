//! `bgp graceful-restart stalepath-time (1-4095)`.

use super::number;

number!(
    graceful_restart.stalepath_time_s,
    "bgp graceful-restart stalepath-time",
    "(1-4095)",
    "Set the max time to hold onto restarting peer stale paths, in seconds"
);
