//! The keeper.

pub mod notify;
pub mod run_dir;
