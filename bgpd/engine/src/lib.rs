//! A deterministic BGP-4 engine.
//!
//! All that can enter is an [`input::Input`], all that can leave is an [`effect::Effect`]; what lies between
//! is a function of the inputs alone. The crate is `no_std` and free of `unsafe`: it has no way to ask for a
//! time, a socket, a file, a thread or a random number, and the build proves it.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod attr;
pub mod config;
pub mod effect;
pub mod engine;
pub mod input;
pub mod notice;
pub mod policy;
pub mod rib;
pub mod session;
pub mod snapshot;
pub mod value;
pub mod wire;
