//! Access lists of prefixes, as FRR's route maps and `distribute-list` use them.

use alloc::collections::BTreeMap;
use alloc::string::String;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::Action;

/// `access-list NAME`, `ipv6 access-list NAME`: entries by sequence number, the first that fits decides, none denies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AccessList {
    /// `remark`.
    pub remark: Option<String>,
    /// By sequence number.
    pub entries: BTreeMap<u32, AccessListEntry>,
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessListEntry {
    /// What it says.
    pub action: Action,
    /// The prefix, with what lies inside it unless `exact`; the default route for `any`.
    pub prefix: IpNet,
    /// `exact-match`.
    pub exact: bool,
}

impl AccessListEntry {
    /// Whether it is written `any`.
    #[must_use]
    pub fn is_any(&self) -> bool {
        self.prefix.prefix_len() == 0 && !self.exact
    }
}
