//! `bgp bestpath as-path confed`.

use super::flag;

flag!(
    best_path.as_path_confed,
    "bgp bestpath as-path confed",
    "Compare path lengths including confederation sets & sequences in selecting a route"
);
