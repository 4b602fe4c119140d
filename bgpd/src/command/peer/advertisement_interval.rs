//! `neighbor X advertisement-interval N`.

use super::number;

number!(
    advertisement_interval_s,
    "advertisement-interval",
    "(0-600)",
    "Minimum interval between sending BGP routing updates, in seconds"
);
