//! `log …`: kept, without effect; logging is set on the command line.

use super::{CONFIG, accepted};

accepted!(
    keep log,
    CONFIG,
    "log LINE",
    no "log LINE",
    "Logging control (accepted without effect)"
);
