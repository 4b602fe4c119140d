//! `exec-timeout` in `line vty`: kept, without effect.

use super::LINE;
use crate::command::global::accepted;

accepted!(
    replace line_vty,
    LINE,
    "exec-timeout (0-35791) [(0-2147483)]",
    no "exec-timeout [(0-35791) [(0-2147483)]]",
    "Set timeout value (accepted without effect)"
);
