//! `bgp bestpath as-path ignore`.

use super::flag;

flag!(best_path.as_path_ignore, "bgp bestpath as-path ignore", "Ignore as-path length in selecting a route");
