//! `bgp suppress-duplicates`.

use super::flag;

flag!(
    suppress_duplicates,
    "bgp suppress-duplicates",
    "Suppress duplicate updates if the route actually not changed"
);
