//! FTBGP: the daemon around the engine, and its shell.
#![deny(unsafe_code)]

pub mod daemon;
