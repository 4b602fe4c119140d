//! `bgp bestpath as-path multipath-relax`.

use super::flag;

flag!(
    best_path.multipath_relax,
    "bgp bestpath as-path multipath-relax",
    "Allow load sharing across routes that have different AS paths (but same length)"
);
