//! `bgp minimum-holdtime (1-65535)`.

use super::number;

number!(minimum_hold_time_s, "bgp minimum-holdtime", "(1-65535)", "BGP minimum holdtime, in seconds");
