//! `bgp ebgp-requires-policy`.

use super::flag;

flag!(ebgp_requires_policy, "bgp ebgp-requires-policy", "Require in and out policy for eBGP peers (RFC8212)");
