//! `enable password …`: kept, without effect.

use super::{CONFIG, accepted};

accepted!(
    replace enable,
    CONFIG,
    "enable password LINE",
    no "enable password [LINE]",
    "Assign the privileged level password (accepted without effect)"
);
