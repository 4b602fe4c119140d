//! What the web, mail and TFTP servers have in common.

pub mod calendar;
pub mod deadlines;
pub mod desk;
pub mod disk;
pub mod folder;
#[cfg(test)]
pub mod proof;
pub mod server;
pub mod snapshot;
pub mod stream;
