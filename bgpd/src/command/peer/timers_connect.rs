//! `neighbor X timers connect N`.

use super::number;

number!(connect_retry_s, "timers connect", "(1-65535)", "Connect timer, in seconds");
