//! `bgp default local-preference (0-4294967295)`.

use super::number;

number!(
    default_local_pref,
    "bgp default local-preference",
    "(0-4294967295)",
    "Configure default local preference value"
);
