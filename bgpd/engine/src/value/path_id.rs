//! Path identifiers (RFC 7911).

use serde::{Deserialize, Serialize};

/// Tells apart several paths to one prefix on one session (RFC 7911 §3). 0 where ADD-PATH is not negotiated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PathId(pub u32);
