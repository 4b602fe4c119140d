//! `access-class` in `line vty`: kept, without effect.

use super::LINE;
use crate::command::global::accepted;

accepted!(
    keep line_access,
    LINE,
    "[ipv6] access-class WORD",
    no "[ipv6] access-class [WORD]",
    "Filter connections based on an access list (accepted without effect)"
);
