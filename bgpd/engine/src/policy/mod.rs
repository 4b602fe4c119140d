//! One route at a time: lists of prefixes, AS paths and communities, route maps.
//!
//! What an operator wrote is in the lists and in [`RouteMap`]; what is asked is a [`Filter`], which a [`Policy`]
//! makes from them. All of it is pure: nothing here knows a session or a table.

mod access_list;
mod as_path_list;
mod community_list;
mod compile;
mod compiled;
mod filter;
mod indexed;
mod matching;
mod pattern;
mod prefix_index;
mod prefix_list;
mod rewrite;
mod route_map;
mod setting;
mod subject;

#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use access_list::{AccessList, AccessListEntry};
pub use as_path_list::{AsPathList, AsPathListEntry};
pub use community_list::{AnyCommunity, CommunityList, CommunityListEntry, CommunityTest, Style, in_order};
pub use compile::{FilterNames, Policy};
pub use compiled::{MapCounts, Steps};
pub use filter::Filter;
pub use matching::{How, Match, PeerTest};
pub use pattern::{Pattern, PatternError};
pub use prefix_list::{PrefixList, PrefixListEntry};
pub use route_map::{RouteMap, RouteMapEntry, Then};
pub use setting::{Bandwidth, Change, Exclude, Prepend, Set, SetAigp, SetCommunities, SetMetric, SetNextHop};
pub use subject::{Asked, Protocol, Side, Subject};

/// What an entry of a list or a route map says of what it matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    /// Let it through.
    Permit,
    /// Stop it.
    Deny,
}

impl Action {
    /// `permit` or `deny`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Action::Permit => "permit",
            Action::Deny => "deny",
        }
    }
}
