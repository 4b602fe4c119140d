//! `login` in `line vty`: kept, without effect.

use super::LINE;
use crate::command::global::accepted;

accepted!(
    replace line_login,
    LINE,
    "login",
    no "login",
    "Enable password checking (accepted without effect)"
);
