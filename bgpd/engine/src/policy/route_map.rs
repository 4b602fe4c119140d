//! Route maps: for now permit and deny, with prefix lists to match.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::Action;
use crate::value::Family;

/// `route-map NAME`: entries by sequence number, the first whose clauses all match decides, none denies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RouteMap {
    /// By sequence number.
    pub entries: BTreeMap<u32, RouteMapEntry>,
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteMapEntry {
    /// What it says.
    pub action: Action,
    /// `description`.
    pub description: Option<String>,
    /// All must match.
    pub matches: Vec<Match>,
}

/// One match clause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Match {
    /// `match ip address prefix-list NAME`, `match ipv6 address prefix-list NAME`.
    AddressPrefixList(Family, String),
}
