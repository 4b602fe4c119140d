//! Routes that are not BGP's, against the real kernel: what they make of next hops, what is redistributed from them,
//! and that no change of them is lost in a takeover. Needs root and FRR, which is in our place too, as the oracle.

mod next_hops;
mod redistributed;
mod takeover;
mod world;
