//! What an operator can look at. A show reads, never changes, and writes its answer bit by bit.

mod running_config;

use std::sync::Arc;

pub use running_config::RunningConfig;

use crate::config::Config;

/// What a show can see.
#[derive(Clone, Copy, Debug)]
pub struct Router<'a> {
    /// The configuration in force.
    pub config: &'a Arc<Config>,
}

/// How far a show has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// There is more to write.
    More,
    /// All is written.
    Done,
    /// What was asked for is not there; what was written says so. The command's status is a refusal's.
    Refused,
}

/// How an answer is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// As FRR lays it out.
    Text,
    /// As JSON with FRR's keys.
    Json,
}

/// An answer that is written in slices, between which the router goes on: so no answer is ever whole in memory,
/// and none makes the engine wait.
///
/// Call [`Show::write_some`] with an empty buffer, send it, and again until it is no longer [`Progress::More`].
/// The router may have changed between two calls.
pub trait Show: core::fmt::Debug + Send {
    /// Writes the next slice, about 64 KiB at most, behind what is in `out`.
    fn write_some(&mut self, router: &Router<'_>, out: &mut String) -> Progress;
}
