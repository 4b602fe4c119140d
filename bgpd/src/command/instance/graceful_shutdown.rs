//! `bgp graceful-shutdown` (RFC 8326).

use super::flag;

flag!(graceful_shutdown, "bgp graceful-shutdown", "Graceful shutdown parameters");
