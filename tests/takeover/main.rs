//! A router dies in every way that a router can die, and its neighbors tell whether they noticed. Needs root, FRR,
//! BIRD, GoBGP, OpenBGPD and both builds of ftbgpd; `tests/run.sh` makes them.
//!
//! The neighbors are those of topologies/takeover. [`tests::takeover`] has the proof. `proof_of_the_proof` shows that
//! it fails where it must. The stories are rows of tables: a story is a failure class, and ends with everybody's
//! sessions as they were.

mod proof_of_the_proof;
