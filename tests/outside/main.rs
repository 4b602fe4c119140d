//! Routes that are not BGP's, against the real kernel: what they make of next hops.
//! Needs root and FRR, which is in our place too, as the oracle.

mod next_hops;
mod world;
