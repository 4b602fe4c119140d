//! `bgp reject-as-sets`.

use super::flag;

flag!(reject_as_sets, "bgp reject-as-sets", "Reject routes with AS_SET or AS_CONFED_SET flag");
