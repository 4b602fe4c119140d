//! `bgp listen limit N`: how many dynamic neighbors there may be.

use crate::command::instance::number;

number!(
    listen_limit,
    "bgp listen limit",
    "(1-65535)",
    "Maximum number of BGP Dynamic Neighbors that can be created"
);
