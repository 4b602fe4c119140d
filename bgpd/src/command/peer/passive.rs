//! `neighbor X passive`.

use super::flag;

flag!(passive, "passive", "Don't send open messages to this neighbor");
