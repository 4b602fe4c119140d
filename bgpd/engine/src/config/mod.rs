//! The configuration as the engine takes it: one value, always whole.
//!
//! A change of configuration is a new value; the engine compares it with the one in force and touches only
//! what differs. Nothing here knows the text that an operator writes: that is the grammar's business. A
//! setting that was never written is `None`, so that what an operator wrote can be told from a default, and a
//! neighbor can inherit from its peer group ([`NeighborSettings::or`]).

mod bgp;
mod neighbor;

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use core::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

pub use bgp::{
    Aggregate, BestPath, BgpConfig, Confederation, Distances, FamilyConfig, GracefulRestart, ListenRange,
    MedMode, Network, Profile, Redistribute,
};
pub use neighbor::{
    AddPathTx, AllowAsIn, CommunityKinds, GracefulRestartMode, LimitAction, LocalAs, MaximumPrefix, Neighbor,
    NeighborFamily, NeighborName, NeighborSettings, NextHopSelf, RemoteAs, RemovePrivateAs, Role, Shutdown,
    Timers, UpdateSource,
};

use crate::attr::{Community, ExtendedCommunity, LargeCommunity};
use crate::policy::{AccessList, AsPathList, CommunityList, PrefixList, RouteMap};
use crate::value::PerFamily;

/// All that an operator can tell the engine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Configuration {
    /// `router bgp`; `None` where there is none.
    pub bgp: Option<BgpConfig>,
    /// `ip prefix-list` and `ipv6 prefix-list`, by family and name.
    pub prefix_lists: PerFamily<BTreeMap<String, PrefixList>>,
    /// `access-list` and `ipv6 access-list`, by family and name.
    pub access_lists: PerFamily<BTreeMap<String, AccessList>>,
    /// `bgp as-path access-list`, by name.
    pub as_path_lists: BTreeMap<String, AsPathList>,
    /// `bgp community-list`, by name.
    pub community_lists: BTreeMap<String, CommunityList<Community>>,
    /// `bgp large-community-list`, by name.
    pub large_community_lists: BTreeMap<String, CommunityList<LargeCommunity>>,
    /// `bgp extcommunity-list`, by name.
    pub extended_community_lists: BTreeMap<String, CommunityList<ExtendedCommunity>>,
    /// `route-map`, by name.
    pub route_maps: BTreeMap<String, RouteMap>,
    /// `ip route` and `ipv6 route`.
    pub static_routes: BTreeSet<StaticRoute>,
    /// `ip nht resolve-via-default` and `ipv6 nht resolve-via-default`: whether a default route reaches next hops.
    /// Where it was never written FRR's traditional profile says yes, and the other one no.
    pub resolve_via_default: PerFamily<Option<bool>>,
    /// No routes go to the kernel, so that no `network` waits for one there.
    pub without_fib: bool,
    /// `hostname`, sent in the FQDN capability.
    pub hostname: Option<String>,
}

/// A route that the operator wrote. It serves next-hop resolution and `network`'s import check.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct StaticRoute {
    /// Where to.
    pub prefix: IpNet,
    /// By which way.
    pub via: StaticVia,
    /// Administrative distance, 1 unless written.
    pub distance: u8,
}

/// A static route's way out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum StaticVia {
    /// Through this router.
    Address(IpAddr),
    /// Out of this interface, by its name.
    Interface(String),
    /// Through this router, which is on this interface.
    AddressOnInterface(IpAddr, String),
    /// Nowhere: dropped (`Null0`, `blackhole`).
    Blackhole,
}
