//! The kernel's edge: shared memory, processes, sockets. No decision is made here, and nowhere else in this
//! crate is `unsafe`.
#![deny(clippy::undocumented_unsafe_blocks)]

pub mod bell;
pub mod mapping;
pub mod memory;
