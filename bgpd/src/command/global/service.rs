//! `service …`: kept, without effect.

use super::{CONFIG, accepted};

accepted!(
    keep service,
    CONFIG,
    "service LINE",
    no "service LINE",
    "Set up miscellaneous service (accepted without effect)"
);
