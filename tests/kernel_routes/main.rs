//! The daemon's routes in the real kernel: as `ip` shows them, with FRR, BIRD and scripted peers as neighbors, while the
//! primary dies, while others write there too, and when it ends. Each test has a lab of its own. Needs root, FRR and BIRD.

mod ending;
mod faults;
mod feeder;
mod installed;
mod large;
mod neighbors;
mod old_kernel;
mod others;
mod traffic;
mod world;
