//! `bgp deterministic-med`.

use super::flag;

flag!(
    best_path.med.deterministic,
    "bgp deterministic-med",
    "Pick the best-MED path among paths advertised from the neighboring AS"
);
