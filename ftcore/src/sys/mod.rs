//! The kernel's edge: shared memory, processes, sockets. No decision is made here, and nowhere else in this
//! crate is `unsafe`.
#![deny(clippy::undocumented_unsafe_blocks)]

pub mod bell;
pub mod channel;
pub mod checkpoint;
pub mod child;
pub mod fork;
pub mod heap;
pub mod keeper;
pub mod life;
pub mod link;
pub mod listen;
pub mod mapping;
pub mod memory;
pub mod message;
pub mod note;
pub mod option;
pub mod own;
pub mod poll;
pub mod position;
pub mod process;
pub mod program;
pub mod signals;
pub mod socket;
pub mod sockets;
pub mod title;
pub mod trial;

#[cfg(test)]
#[global_allocator]
static ALLOCATOR: note::NotingAllocator = note::NotingAllocator;
