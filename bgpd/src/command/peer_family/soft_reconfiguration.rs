//! `neighbor X soft-reconfiguration inbound`.

use super::flag;

flag!(
    soft_reconfiguration,
    "soft-reconfiguration inbound",
    "Allow inbound soft reconfiguration for this neighbor"
);
