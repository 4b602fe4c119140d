//! `bgp graceful-restart notification`.

use super::flag;

flag!(
    graceful_restart.notification,
    "bgp graceful-restart notification",
    "Indicate Graceful Restart support for BGP NOTIFICATION messages"
);
