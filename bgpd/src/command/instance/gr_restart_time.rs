//! `bgp graceful-restart restart-time (0-4095)`.

use super::number;

number!(
    graceful_restart.restart_time_s,
    "bgp graceful-restart restart-time",
    "(0-4095)",
    "Set the time to wait to delete stale routes before a BGP open message is received, in seconds"
);
