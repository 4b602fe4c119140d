//! FTBGP: the daemon around the engine, and its shell.
#![deny(unsafe_code)]

pub mod command;
pub mod config;
pub mod daemon;
pub mod machine;
pub mod shell;
pub mod show;
