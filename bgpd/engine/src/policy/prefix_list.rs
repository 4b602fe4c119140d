//! Prefix lists.

use alloc::collections::BTreeMap;
use alloc::string::String;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::Action;

/// `ip prefix-list NAME`: entries by sequence number, the first that matches decides, none that matches denies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PrefixList {
    /// `description`.
    pub description: Option<String>,
    /// By sequence number.
    pub entries: BTreeMap<u32, PrefixListEntry>,
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrefixListEntry {
    /// What it says.
    pub action: Action,
    /// The prefix; 0.0.0.0/0 with `le 32` for `any`.
    pub prefix: IpNet,
    /// `ge`: the least length.
    pub ge: Option<u8>,
    /// `le`: the greatest length.
    pub le: Option<u8>,
}
