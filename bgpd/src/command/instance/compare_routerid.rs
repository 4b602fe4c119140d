//! `bgp bestpath compare-routerid`.

use super::flag;

flag!(
    best_path.compare_router_id,
    "bgp bestpath compare-routerid",
    "Compare router-id for identical EBGP paths"
);
