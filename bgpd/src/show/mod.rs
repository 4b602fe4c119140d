//! What an operator can look at. A show reads, never changes, and writes its answer bit by bit.
//!
//! The layouts and the JSON keys are FRR's. A show that goes over a table does so in slices ([`walk`]): no
//! slice takes longer than about a millisecond, and none remembers more than a few octets a route. What lies
//! between two slices may have changed; a show then tells the truth of each moment, as FRR's do.

mod adj_rib;
mod brief;
mod detail;
pub mod fib;
mod line;
mod names;
mod neighbor_routes;
mod neighbors;
mod nexthop;
mod path;
mod peer_group;
mod peers;
mod policy_lists;
mod prefix;
mod prefix_list;
pub mod redundancy;
mod route_map;
mod routes;
mod running_config;
mod statistics;
mod summary;
mod table;
mod text;
mod time;
mod tracked;
mod update_groups;
mod walk;

use std::sync::Arc;

use bgp_engine::engine::Engine;
use bgp_engine::value::{IfIndex, Instant, Net};
use ipnet::{Ipv4Net, Ipv6Net};

pub use brief::Brief;
pub use fib::{Fib, Writing};
pub use names::NameList;
pub use neighbor_routes::{NeighborRoutes, NeighborView};
pub use neighbors::Neighbors;
pub use nexthop::NextHops;
pub use peer_group::PeerGroups;
pub use peers::Which;
pub use policy_lists::{ListKind, PolicyLists};
pub use prefix::{Asked, PathChoice, Prefix};
pub use prefix_list::PrefixLists;
pub use redundancy::{Redundancy, Standing};
pub use route_map::RouteMaps;
pub use routes::{Protocol, Route, RouteSummary, Routes};
pub use running_config::RunningConfig;
pub use statistics::Statistics;
pub use summary::{Columns, Families, Filter, Summary};
pub use table::{Depth, Scope, Table};
pub use time::{Clock, stamp};
pub use tracked::Tracked;
pub use update_groups::UpdateGroups;

use crate::config::Config;
use crate::machine::Survivals;

/// What a show can see.
#[derive(Clone, Copy, Debug)]
pub struct Router<'a> {
    /// The engine.
    pub engine: &'a Engine,
    /// The configuration in force.
    pub config: &'a Arc<Config>,
    /// The present moment, and how to tell it to people.
    pub clock: Clock,
    /// The process that answers.
    pub process: Process,
    /// How it and its twin stand.
    pub standing: &'a Standing,
    /// How the writing of the kernel's routes stands.
    pub writing: &'a Writing,
    /// What neighbors have been through.
    pub survivals: &'a Survivals,
}

impl<'a> Router<'a> {
    /// The name of a link.
    fn link_name(&self, link: IfIndex) -> &'a str {
        // As FRR calls one that is gone.
        self.engine.link(link).map_or("unknown", |link| &link.interface.name)
    }
}

/// The process that answers.
#[derive(Clone, Copy, Debug)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// When it started.
    pub started: Instant,
}

/// This program's version.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// How far a show has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// There is more to write.
    More,
    /// All is written.
    Done,
    /// What was asked for is not there; what was written says so. The command's status is a refusal's.
    Refused,
}

/// How an answer is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// As FRR lays it out.
    Text,
    /// As JSON with FRR's keys.
    Json,
}

/// An answer that is written in slices, between which the router goes on: so no answer is ever whole in memory,
/// and none makes the engine wait.
///
/// Call [`Show::write_some`] with an empty buffer, send it, and again until it is no longer [`Progress::More`].
/// A slice can be empty. The router may have changed between two calls.
pub trait Show: core::fmt::Debug + Send {
    /// Writes the next slice, about 64 KiB at most, behind what is in `out`.
    fn write_some(&mut self, router: &Router<'_>, out: &mut String) -> Progress;
}

/// A prefix whose table can be shown.
pub trait Shown: Net + Send {
    /// Its family's routes.
    fn rib<'a>(router: &Router<'a>) -> &'a bgp_engine::rib::FamilyRib<Self>;
}

impl Shown for Ipv4Net {
    fn rib<'a>(router: &Router<'a>) -> &'a bgp_engine::rib::FamilyRib<Self> {
        &router.engine.rib().v4
    }
}

impl Shown for Ipv6Net {
    fn rib<'a>(router: &Router<'a>) -> &'a bgp_engine::rib::FamilyRib<Self> {
        &router.engine.rib().v6
    }
}

/// Octets after which a slice ends.
const SLICE_OCTETS: usize = 16 * 1024;

/// Writes an error as the layout wants it.
fn refuse(layout: Layout, what: &str, out: &mut String) -> Progress {
    match layout {
        Layout::Text => out.push_str(&format!("% {what}\n")),
        Layout::Json => text::push_json(out, &serde_json::json!({ "warning": what })),
    }
    Progress::Refused
}
