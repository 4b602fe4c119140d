//! One route at a time: prefix lists, route maps, RFC 8212.

mod filter;
mod prefix_list;
mod route_map;

pub use filter::Filter;
pub use prefix_list::{PrefixList, PrefixListEntry};
pub use route_map::{Match, RouteMap, RouteMapEntry};

/// What an entry of a list or a route map says of what it matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Let it through.
    Permit,
    /// Stop it.
    Deny,
}
