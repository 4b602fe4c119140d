//! One route at a time: prefix lists, route maps.
//!
//! What an operator wrote is in [`PrefixList`] and [`RouteMap`]; what is asked is a [`Filter`], which a
//! [`Policy`] makes from them. All of it is pure: nothing here knows a session or a table.

mod filter;
mod prefix_index;
mod prefix_list;
mod route_map;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use filter::{Filter, Policy};
pub use prefix_list::{PrefixList, PrefixListEntry};
pub use route_map::{Match, RouteMap, RouteMapEntry};

/// What an entry of a list or a route map says of what it matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    /// Let it through.
    Permit,
    /// Stop it.
    Deny,
}
