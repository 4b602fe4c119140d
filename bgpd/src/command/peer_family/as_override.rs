//! `neighbor X as-override`.

use super::flag;

flag!(as_override, "as-override", "Override ASNs in outbound updates if aspath equals remote-as");
