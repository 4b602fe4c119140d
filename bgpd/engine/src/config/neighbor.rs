//! A neighbor's and a peer group's settings.

use alloc::string::String;
use core::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::value::{Asn, PerFamily};

/// What an operator calls a neighbor by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum NeighborName {
    /// By address.
    Address(IpAddr),
    /// By the interface on whose other end it is (unnumbered).
    Interface(String),
}

impl core::fmt::Display for NeighborName {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            NeighborName::Address(address) => address.fmt(f),
            NeighborName::Interface(name) => name.fmt(f),
        }
    }
}

/// A configured neighbor.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Neighbor {
    /// `neighbor X peer-group NAME`.
    pub group: Option<String>,
    /// What was written for the neighbor itself.
    pub settings: NeighborSettings,
}

/// A neighbor's or a peer group's settings; `None` is 'not written'.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NeighborSettings {
    /// `remote-as`.
    pub remote_as: Option<RemoteAs>,
    /// `interface v6only`.
    pub v6only: Option<bool>,
    /// `description`.
    pub description: Option<String>,
    /// `shutdown`.
    pub shutdown: Option<Shutdown>,
    /// `password`: the TCP MD5 key.
    pub password: Option<String>,
    /// `update-source`.
    pub update_source: Option<UpdateSource>,
    /// `ebgp-multihop`: the TTL to send with, 1 unless written (255 where no number was).
    pub ebgp_multihop: Option<u8>,
    /// `ttl-security hops` (RFC 5082).
    pub ttl_security_hops: Option<u8>,
    /// `disable-connected-check`.
    pub disable_connected_check: Option<bool>,
    /// `timers KEEPALIVE HOLD`.
    pub timers: Option<Timers>,
    /// `timers connect`, in seconds.
    pub connect_retry_s: Option<u16>,
    /// `advertisement-interval`, in seconds; 0 unless written.
    pub advertisement_interval_s: Option<u16>,
    /// `passive`.
    pub passive: Option<bool>,
    /// `local-as`.
    pub local_as: Option<LocalAs>,
    /// `local-role` (RFC 9234).
    pub role: Option<Role>,
    /// `local-role … strict-mode`.
    pub role_strict: Option<bool>,
    /// `enforce-first-as`, over the instance's.
    pub enforce_first_as: Option<bool>,
    /// `capability extended-nexthop` (RFC 8950). On for unnumbered neighbors unless written.
    pub extended_next_hop: Option<bool>,
    /// `capability dynamic` is refused; `dont-capability-negotiate` is this.
    pub no_capabilities: Option<bool>,
    /// `override-capability`.
    pub override_capability: Option<bool>,
    /// `strict-capability-match`.
    pub strict_capability_match: Option<bool>,
    /// `aigp`.
    pub aigp: Option<bool>,
    /// `graceful-restart`, `graceful-restart-helper`, `graceful-restart-disable`, over the instance's.
    pub graceful_restart: Option<GracefulRestartMode>,
    /// `graceful-shutdown` (RFC 8326).
    pub graceful_shutdown: Option<bool>,
    /// `port`, 179 unless written.
    pub port: Option<u16>,
    /// `solo` and the like are not kept. Family by family:
    pub families: PerFamily<NeighborFamily>,
}

/// A neighbor's settings in one family.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NeighborFamily {
    /// `activate`; `no activate` is `Some(false)`.
    pub activate: Option<bool>,
    /// `route-map NAME in`.
    pub route_map_in: Option<String>,
    /// `route-map NAME out`.
    pub route_map_out: Option<String>,
    /// `distribute-list NAME in`.
    pub distribute_list_in: Option<String>,
    /// `distribute-list NAME out`.
    pub distribute_list_out: Option<String>,
    /// `filter-list NAME in`.
    pub filter_list_in: Option<String>,
    /// `filter-list NAME out`.
    pub filter_list_out: Option<String>,
    /// `unsuppress-map NAME`.
    pub unsuppress_map: Option<String>,
    /// `prefix-list NAME in`.
    pub prefix_list_in: Option<String>,
    /// `prefix-list NAME out`.
    pub prefix_list_out: Option<String>,
    /// `next-hop-self`.
    pub next_hop_self: Option<NextHopSelf>,
    /// `attribute-unchanged as-path`.
    pub as_path_unchanged: Option<bool>,
    /// `attribute-unchanged next-hop`.
    pub next_hop_unchanged: Option<bool>,
    /// `attribute-unchanged med`.
    pub med_unchanged: Option<bool>,
    /// `route-reflector-client`.
    pub route_reflector_client: Option<bool>,
    /// `route-server-client`.
    pub route_server_client: Option<bool>,
    /// `soft-reconfiguration inbound`.
    pub soft_reconfiguration: Option<bool>,
    /// `maximum-prefix`.
    pub maximum_prefix: Option<MaximumPrefix>,
    /// `default-originate`; the name is its route map's, empty for none.
    pub default_originate: Option<String>,
    /// `remove-private-AS`.
    pub remove_private_as: Option<RemovePrivateAs>,
    /// `allowas-in`.
    pub allow_as_in: Option<AllowAsIn>,
    /// `as-override`.
    pub as_override: Option<bool>,
    /// `send-community`: all unless written.
    pub send_community: Option<CommunityKinds>,
    /// `addpath-tx-…`.
    pub add_path_tx: Option<AddPathTx>,
    /// `disable-addpath-rx`.
    pub disable_add_path_rx: Option<bool>,
    /// `weight`.
    pub weight: Option<u16>,
}

macro_rules! or_each {
    ($upper:expr, $lower:expr, $kind:ident { $($field:ident),* $(,)? } $($rest:tt)*) => {
        $kind { $($field: $upper.$field.clone().or_else(|| $lower.$field.clone()),)* $($rest)* }
    };
}

impl NeighborSettings {
    /// These settings, and below them, where nothing was written, those of `group`.
    #[must_use]
    pub fn or(&self, group: &NeighborSettings) -> NeighborSettings {
        or_each!(self, group, NeighborSettings {
            remote_as, v6only, description, shutdown, password, update_source, ebgp_multihop, ttl_security_hops,
            disable_connected_check, timers, connect_retry_s, advertisement_interval_s, passive, local_as, role,
            role_strict, enforce_first_as, extended_next_hop, no_capabilities, override_capability,
            strict_capability_match, aigp, graceful_restart, graceful_shutdown, port,
        } families: PerFamily::from_fn(|family| self.families[family].or(&group.families[family])))
    }
}

impl NeighborFamily {
    /// These settings, and below them, where nothing was written, those of `group`.
    #[must_use]
    pub fn or(&self, group: &NeighborFamily) -> NeighborFamily {
        or_each!(
            self,
            group,
            NeighborFamily {
                activate,
                route_map_in,
                route_map_out,
                distribute_list_in,
                distribute_list_out,
                filter_list_in,
                filter_list_out,
                unsuppress_map,
                prefix_list_in,
                prefix_list_out,
                next_hop_self,
                as_path_unchanged,
                next_hop_unchanged,
                med_unchanged,
                route_reflector_client,
                route_server_client,
                soft_reconfiguration,
                maximum_prefix,
                default_originate,
                remove_private_as,
                allow_as_in,
                as_override,
                send_community,
                add_path_tx,
                disable_add_path_rx,
                weight,
            }
        )
    }
}

/// `remote-as`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RemoteAs {
    /// This AS.
    Is(Asn),
    /// This router's own AS.
    Internal,
    /// Any other AS.
    External,
    /// Any AS.
    Auto,
}

/// `shutdown [message TEXT]`: the text goes into the NOTIFICATION (RFC 9003); empty for none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Shutdown {
    /// At most 128 octets of UTF-8 as FRR takes it.
    pub message: String,
}

/// `timers`, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timers {
    /// KEEPALIVE interval.
    pub keepalive_s: u16,
    /// Hold time.
    pub hold_s: u16,
}

/// `update-source`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum UpdateSource {
    /// This address.
    Address(IpAddr),
    /// An address of this interface.
    Interface(String),
}

/// `local-as ASN [no-prepend [replace-as]]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalAs {
    /// The AS shown to the neighbor.
    pub asn: Asn,
    /// `no-prepend`: not put before paths received.
    pub no_prepend: bool,
    /// `replace-as`: shown instead of the real one, not before it.
    pub replace_as: bool,
}

/// A BGP role (RFC 9234 §4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    /// Sells transit to the neighbor.
    Provider,
    /// A route server.
    RouteServer,
    /// A route server's client.
    RouteServerClient,
    /// Buys transit from the neighbor.
    Customer,
    /// A lateral peer.
    Peer,
}

/// Whether and how graceful restart is offered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum GracefulRestartMode {
    /// Helps a neighbor that restarts.
    #[default]
    Helper,
    /// Restarts gracefully itself, and helps.
    Restarter,
    /// Neither.
    Disabled,
}

/// `next-hop-self [force]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NextHopSelf {
    /// For routes learned by eBGP.
    Ebgp,
    /// For reflected routes too.
    Force,
}

/// `maximum-prefix N [PERCENT] [warning-only|restart MINUTES] [force]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaximumPrefix {
    /// The limit.
    pub limit: u32,
    /// At how many percent to warn, 75 unless written.
    pub threshold_percent: u8,
    /// What happens above the limit.
    pub action: LimitAction,
    /// `force`: all received prefixes count, not only the accepted.
    pub force: bool,
}

/// What happens above a maximum-prefix limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LimitAction {
    /// The session is ended and stays down until it is cleared.
    Shutdown,
    /// The session is ended and started again after so many minutes.
    Restart {
        /// 1 to 65535.
        minutes: u16,
    },
    /// A log line.
    WarningOnly,
}

/// `remove-private-AS [all] [replace-AS]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemovePrivateAs {
    /// `all`: also where other ASes stand in the path.
    pub all: bool,
    /// `replace-AS`: by this router's AS.
    pub replace: bool,
}

/// `allowas-in [N|origin]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AllowAsIn {
    /// This AS may stand in the path so often; 3 unless written.
    Times(u8),
    /// This AS may be the origin.
    Origin,
}

/// Which communities are sent (`send-community`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommunityKinds {
    /// COMMUNITIES.
    pub standard: bool,
    /// EXTENDED_COMMUNITIES.
    pub extended: bool,
    /// LARGE_COMMUNITY.
    pub large: bool,
}

/// Which paths ADD-PATH sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AddPathTx {
    /// `addpath-tx-all-paths`.
    All,
    /// `addpath-tx-best-selected N`.
    BestSelected(u8),
    /// `addpath-tx-bestpath-per-AS`.
    BestPerAs,
}
