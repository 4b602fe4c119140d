//! Work on a whole table, in slices.

use serde::{Deserialize, Serialize};

use crate::value::PeerId;

/// What is to be done to every route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Task {
    /// Take out this peer's paths that are not of its present session.
    Sweep(PeerId),
    /// Decide anew: next hops or knobs have changed.
    Reconsider,
    /// Have those who follow the table look again at what an aggregate covers.
    TouchCovered,
    /// The same for every route: an aggregate is gone, or hides something else than before.
    TouchAll,
    /// Count what fresh aggregates cover.
    CountAggregates,
}

/// A task and how far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// What.
    pub task: Task,
    /// The next route to do it to.
    pub at: u32,
}

/// Routes a slice.
pub const SLICE: u32 = 8192;
