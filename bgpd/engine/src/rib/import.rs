//! A peer's prefixes on their way into the table.

use serde::{Deserialize, Serialize};

use crate::policy::Filter;
use crate::value::PathId;

/// What is done to a peer's routes of one family when they come in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    /// Prefix list and route map; denies everything where RFC 8212 asks for a policy and there is none.
    #[serde(skip)]
    pub filter: Filter,
    /// `soft-reconfiguration inbound`: what came is kept as it came.
    pub keep_received: bool,
}

/// How a peer's routes in the table changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Paths that came to the table.
    pub added: u32,
    /// Paths that left it.
    pub removed: u32,
    /// Paths that policy refused.
    pub refused: u32,
    /// Paths that were there already, the same.
    pub duplicates: u32,
}

/// What names a path that a peer sent.
pub type ReceivedKey<N> = (N, PathId);
