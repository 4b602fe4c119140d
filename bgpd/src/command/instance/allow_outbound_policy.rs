//! `bgp route-reflector allow-outbound-policy`.

use super::flag;

flag!(
    reflects_changes,
    "bgp route-reflector allow-outbound-policy",
    "Allow modifications made by out route-map on iBGP neighbors"
);
