//! `neighbor X disable-connected-check`.

use super::flag;

flag!(disable_connected_check, "disable-connected-check", "One-hop away EBGP peer using loopback address");
