//! `bgp fast-external-failover`.

use super::flag;

flag!(
    fast_external_failover,
    "bgp fast-external-failover",
    "Immediately reset session if a link to a directly connected external peer goes down"
);
