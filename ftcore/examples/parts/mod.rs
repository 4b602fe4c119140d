//! What the web, mail and TFTP servers have in common.

pub mod connection;
pub mod disk;
pub mod folder;
#[cfg(test)]
pub mod proof;
pub mod snapshot;
