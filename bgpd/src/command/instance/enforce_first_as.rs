//! `bgp enforce-first-as`.

use super::flag;

flag!(enforce_first_as, "bgp enforce-first-as", "Enforce the first AS for EBGP routes");
