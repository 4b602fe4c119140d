//! AS-path access lists.

use alloc::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Action, Pattern};

/// `bgp as-path access-list NAME`: entries by sequence number, the first whose expression matches the path's text
/// decides, none denies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AsPathList {
    /// By sequence number.
    pub entries: BTreeMap<u32, AsPathListEntry>,
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AsPathListEntry {
    /// What it says.
    pub action: Action,
    /// What the path's text is held against.
    pub pattern: Pattern,
}
