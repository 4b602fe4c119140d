//! The kernel's edge: shared memory, processes, sockets. No decision is made here, and nowhere else in this
//! crate is `unsafe`.
#![deny(clippy::undocumented_unsafe_blocks)]

pub mod bell;
pub mod fork;
pub mod life;
pub mod mapping;
pub mod memory;
pub mod note;
pub mod process;
