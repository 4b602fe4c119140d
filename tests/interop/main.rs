//! Interoperation with FRR, BIRD, GoBGP, OpenBGPD and ExaBGP, in the lab. Needs root and the five daemons.
//!
//! [`matrix`] is the table: a row a feature, a column a daemon. [`topologies`] runs the tree's own topologies;
//! [`start`] starts two routers in the same instant, many times.
//!
//! `FTBGP_STAND_IN=frr` puts FRR in our place: what then fails is the test's mistake, not ours.

mod evidence;
mod features;
mod matrix;
mod peers;
mod policy;
mod start;
mod topologies;
mod world;
