//! `router bgp`: the instance's own settings.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::{Neighbor, NeighborName, NeighborSettings};
use crate::attr::Origin;
use crate::value::{Asn, PerFamily, RouteKind, RouterId};

/// FRR's two sets of defaults (`frr defaults`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Profile {
    /// 60/180 s timers, connect retry 120 s, RFC 8212 on.
    #[default]
    Traditional,
    /// 3/9 s timers, connect retry 10 s, RFC 8212 off.
    Datacenter,
}

/// The BGP instance. A `bool` is the state in force, its default FRR's for the [`Profile`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BgpConfig {
    /// The AS number of this router.
    pub asn: Asn,
    /// Whose defaults hold.
    pub profile: Profile,
    /// `bgp router-id`. Where it is `None` the engine takes the highest IPv4 address that it knows of.
    pub router_id: Option<RouterId>,
    /// `bgp cluster-id`; the router id where `None`.
    pub cluster_id: Option<RouterId>,
    /// `bgp confederation`.
    pub confederation: Option<Confederation>,
    /// `bgp default ipv4-unicast`.
    pub default_ipv4_unicast: bool,
    /// `bgp ebgp-requires-policy` (RFC 8212).
    pub ebgp_requires_policy: bool,
    /// `bgp network import-check`.
    pub network_import_check: bool,
    /// `bgp enforce-first-as`.
    pub enforce_first_as: bool,
    /// `bgp reject-as-sets` (RFC 9774).
    pub reject_as_sets: bool,
    /// `bgp suppress-duplicates`.
    pub suppress_duplicates: bool,
    /// `bgp suppress-fib-pending`.
    #[serde(default)]
    pub suppress_fib_pending: bool,
    /// `bgp log-neighbor-changes`.
    pub log_neighbor_changes: bool,
    /// `bgp fast-external-failover`.
    pub fast_external_failover: bool,
    /// `bgp client-to-client reflection`.
    pub client_to_client_reflection: bool,
    /// `bgp route-reflector allow-outbound-policy`: set clauses hold for reflected routes too.
    #[serde(default)]
    pub reflects_changes: bool,
    /// `bgp graceful-shutdown` (RFC 8326).
    #[serde(default)]
    pub graceful_shutdown: bool,
    /// `bgp default local-preference`, 100 unless written.
    pub default_local_pref: Option<u32>,
    /// `bgp minimum-holdtime`, in seconds.
    pub minimum_hold_time_s: Option<u16>,
    /// `timers bgp KEEPALIVE HOLD`, in seconds.
    pub timers: Option<super::Timers>,
    /// `bgp bestpath …` and its relatives.
    pub best_path: BestPath,
    /// `bgp graceful-restart …`.
    pub graceful_restart: GracefulRestart,
    /// `bgp shutdown [message TEXT]`.
    pub shutdown: Option<super::Shutdown>,
    /// `bgp listen range`, by prefix.
    pub listen_ranges: BTreeMap<IpNet, ListenRange>,
    /// `bgp listen limit`, 100 unless written.
    pub listen_limit: Option<u16>,
    /// `neighbor NAME peer-group`, by name.
    pub peer_groups: BTreeMap<String, NeighborSettings>,
    /// Every configured neighbor.
    pub neighbors: BTreeMap<NeighborName, Neighbor>,
    /// `address-family …`.
    pub families: PerFamily<FamilyConfig>,
}

impl BgpConfig {
    /// An instance with the defaults of `profile`.
    #[must_use]
    pub fn new(asn: Asn, profile: Profile) -> Self {
        BgpConfig {
            asn,
            profile,
            router_id: None,
            cluster_id: None,
            confederation: None,
            default_ipv4_unicast: true,
            ebgp_requires_policy: profile == Profile::Traditional,
            network_import_check: true,
            enforce_first_as: true,
            reject_as_sets: true,
            suppress_duplicates: true,
            suppress_fib_pending: false,
            log_neighbor_changes: profile == Profile::Datacenter,
            fast_external_failover: true,
            client_to_client_reflection: true,
            reflects_changes: false,
            graceful_shutdown: false,
            default_local_pref: None,
            minimum_hold_time_s: None,
            timers: None,
            best_path: BestPath::default(),
            graceful_restart: GracefulRestart::default(),
            shutdown: None,
            listen_ranges: BTreeMap::new(),
            listen_limit: None,
            peer_groups: BTreeMap::new(),
            neighbors: BTreeMap::new(),
            families: PerFamily::default(),
        }
    }

    /// The settings of `neighbor` with those of its peer group below them.
    #[must_use]
    pub fn effective(&self, neighbor: &Neighbor) -> NeighborSettings {
        match neighbor.group.as_ref().and_then(|group| self.peer_groups.get(group)) {
            Some(group) => neighbor.settings.or(group),
            None => neighbor.settings.clone(),
        }
    }
}

/// `bgp confederation identifier` and `peers` (RFC 5065).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confederation {
    /// The AS number that the outside sees.
    pub identifier: Asn,
    /// The other member ASes.
    pub peers: BTreeSet<Asn>,
}

/// How MEDs are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MedMode {
    /// `bgp always-compare-med`: also between different neighboring ASes.
    pub always_compare: bool,
    /// `bgp deterministic-med`: paths of one neighboring AS are compared among themselves first.
    pub deterministic: bool,
    /// `bgp bestpath med missing-as-worst`.
    pub missing_as_worst: bool,
    /// `bgp bestpath med confed`.
    pub confederation: bool,
}

/// The knobs of the decision process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BestPath {
    /// The MED's modes.
    pub med: MedMode,
    /// `bgp bestpath as-path ignore`.
    pub as_path_ignore: bool,
    /// `bgp bestpath as-path confed`: confederation segments count.
    pub as_path_confed: bool,
    /// `bgp bestpath as-path multipath-relax`.
    pub multipath_relax: bool,
    /// `bgp bestpath compare-routerid`.
    pub compare_router_id: bool,
    /// `bgp bestpath aigp`.
    pub aigp: bool,
}

/// `bgp graceful-restart …` (RFC 4724).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GracefulRestart {
    /// Restarter as well as helper (`bgp graceful-restart`), off (`bgp graceful-restart-disable`), or helper.
    pub mode: super::GracefulRestartMode,
    /// `restart-time`, 120 s unless written.
    pub restart_time_s: Option<u16>,
    /// `stalepath-time`, 360 s unless written.
    pub stalepath_time_s: Option<u16>,
    /// `select-defer-time`, 120 s unless written.
    pub select_defer_time_s: Option<u16>,
    /// `preserve-fw-state`.
    pub preserve_fw_state: bool,
    /// `notification` (RFC 8538).
    pub notification: bool,
}

/// `bgp listen range PREFIX peer-group NAME`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListenRange {
    /// The group whose settings a neighbor from this range gets.
    pub group: String,
}

/// One family's settings of the instance.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FamilyConfig {
    /// `network`.
    pub networks: BTreeMap<IpNet, Network>,
    /// `redistribute`, by what is redistributed.
    pub redistribute: BTreeMap<RouteKind, Redistribute>,
    /// `aggregate-address`.
    pub aggregates: BTreeMap<IpNet, Aggregate>,
    /// `maximum-paths`: 64 unless written.
    pub maximum_paths: Option<u16>,
    /// `maximum-paths ibgp`: 64 unless written.
    pub maximum_paths_ibgp: Option<u16>,
    /// `distance bgp`: FRR's unless written.
    pub distances: Option<Distances>,
}

/// `distance bgp EXTERNAL INTERNAL LOCAL`: administrative distances. A route of somebody else's to the same prefix with
/// a lower one, or the same, takes its place in the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Distances {
    /// Of a path from another AS.
    pub external: u8,
    /// Of a path from this AS.
    pub internal: u8,
    /// Of an aggregate.
    pub local: u8,
}

impl Default for Distances {
    /// FRR's.
    fn default() -> Self {
        Distances { external: 20, internal: 200, local: 200 }
    }
}

/// `network PREFIX`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Network {
    /// `route-map NAME`.
    pub route_map: Option<String>,
}

/// `redistribute KIND`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Redistribute {
    /// `metric N`; the route's own where `None`.
    pub metric: Option<u32>,
    /// `route-map NAME`.
    pub route_map: Option<String>,
}

/// `aggregate-address PREFIX`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Aggregate {
    /// `summary-only`: what is longer is not advertised.
    pub summary_only: bool,
    /// `as-set`.
    pub as_set: bool,
    /// `matching-MED-only`.
    pub matching_med_only: bool,
    /// `origin …`.
    pub origin: Option<Origin>,
    /// `suppress-map NAME`.
    pub suppress_map: Option<String>,
    /// `route-map NAME`.
    pub route_map: Option<String>,
}
