//! `password …`: kept, without effect; the control socket's mode is the gate.

use super::{CONFIG, accepted};

accepted!(
    replace password,
    CONFIG,
    "password LINE",
    no "password [LINE]",
    "Assign the terminal connection password (accepted without effect)"
);
