//! `neighbor X graceful-shutdown` (RFC 8326).

use super::flag;

flag!(graceful_shutdown, "graceful-shutdown", "Graceful shutdown");
