//! FTBGP: the daemon around the engine, and its shell.

pub mod command;
pub mod config;
pub mod show;
