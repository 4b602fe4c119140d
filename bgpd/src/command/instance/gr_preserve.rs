//! `bgp graceful-restart preserve-fw-state`.

use super::flag;

flag!(
    graceful_restart.preserve_fw_state,
    "bgp graceful-restart preserve-fw-state",
    "Sets F-bit indication that fib is preserved while doing Graceful Restart"
);
