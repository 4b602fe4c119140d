//! `bgp suppress-fib-pending`.

use super::flag;

flag!(
    suppress_fib_pending,
    "bgp suppress-fib-pending",
    "Advertise only routes that are programmed in kernel to peers"
);
