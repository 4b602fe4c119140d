//! A router dies in every way that a router can die, and its neighbors tell whether they noticed. Needs root, FRR,
//! BIRD, GoBGP, OpenBGPD and both builds of ftbgpd; `tests/run.sh` makes them.
//!
//! The neighbors are those of topologies/takeover; [`tests::takeover`] has the proof, and `proof_of_the_proof` shows
//! that it fails where it must. A *story* is one failure class: a row of the tables in [`classes`], told on a running
//! world, after which every neighbor's sessions must be as they were. At the end of a table the whole proof is held
//! against a router without a fault. `TAKEOVER_ONLY=word` tells only the stories with that word in their names.

mod classes;
mod crash;
mod fault;
mod keeper;
mod modes;
mod moments;
mod planned;
mod poison;
mod proof_of_the_proof;
mod scarcity;
mod stage;
mod twin;
