//! What the web, mail and TFTP servers have in common.

pub mod calendar;
pub mod deadlines;
pub mod disk;
pub mod folder;
#[cfg(test)]
pub mod proof;
pub mod snapshot;
pub mod stream;
