//! `bgp always-compare-med`.

use super::flag;

flag!(best_path.med.always_compare, "bgp always-compare-med", "Allow comparing MED from different neighbors");
