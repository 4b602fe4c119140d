//! `bgp bestpath aigp`.

use super::flag;

flag!(
    best_path.aigp,
    "bgp bestpath aigp",
    "Evaluate the AIGP attribute during the best path selection process"
);
