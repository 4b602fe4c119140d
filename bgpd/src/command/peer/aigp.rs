//! `neighbor X aigp`.

use super::flag;

flag!(aigp, "aigp", "Send and accept the accumulated IGP metric (RFC 7311)");
