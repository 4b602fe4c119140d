//! What this router offers: its own OPEN.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::config::SessionConfig;
use crate::config;
use crate::config::GracefulRestartMode;
use crate::value::{AfiSafi, Family, Instant, PeerKind};
use crate::wire::capability::{AddPathFamily, AddPathMode, Fqdn, GracefulRestart, Role, SoftwareVersion};
use crate::wire::{Capability, OpenMessage};

/// The version of BGP that this router speaks.
pub(super) const VERSION: u8 = 4;

/// Whether an OPEN carries capabilities.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Capabilities {
    /// All that are configured.
    #[default]
    Offered,
    /// None: the peer has refused them (RFC 5492 §3), or the operator wants none.
    Withheld,
}

/// The OPEN that this router sends at `now`.
pub(super) fn open(config: &SessionConfig, capabilities: Capabilities, now: Instant) -> OpenMessage {
    let capabilities = match capabilities {
        Capabilities::Offered if !config.no_capabilities => offered(config, now),
        Capabilities::Offered | Capabilities::Withheld => Vec::new(),
    };
    OpenMessage {
        version: VERSION,
        my_as: OpenMessage::header_as(config.shown_as()),
        hold_time_s: config.timers.hold_s,
        router_id: config.identity.router_id,
        capabilities,
    }
}

/// The capabilities, as the configuration has them.
fn offered(config: &SessionConfig, now: Instant) -> Vec<Capability> {
    let mut list: Vec<Capability> =
        families(config).map(|family| Capability::MultiProtocol(family.afi_safi())).collect();
    list.push(Capability::RouteRefresh);
    list.push(Capability::EnhancedRouteRefresh);
    list.push(Capability::FourOctetAs(config.shown_as()));
    list.push(Capability::ExtendedMessage);
    let add_path = add_path(config);
    if !add_path.is_empty() {
        list.push(Capability::AddPath(add_path));
    }
    if config.extended_next_hop {
        // RFC 8950 §4: IPv4 unicast routes may come with an IPv6 next hop.
        list.push(Capability::ExtendedNextHop(alloc::vec![(Family::Ipv4Unicast.afi_safi(), IPV6_AFI)]));
    }
    if let Some(role) = role(config) {
        list.push(Capability::Role(role));
    }
    if !config.identity.host_name.is_empty() {
        let host = config.identity.host_name.clone().into_bytes();
        list.push(Capability::Fqdn(Fqdn { host, domain: Vec::new() }));
    }
    if let Some(restart) = graceful_restart(config, now) {
        list.push(Capability::GracefulRestart(restart));
    }
    if !config.identity.software_version.is_empty() {
        let version = config.identity.software_version.clone().into_bytes();
        list.push(Capability::SoftwareVersion(SoftwareVersion(version)));
    }
    list
}

/// The AFI of an IPv6 next hop.
pub(super) const IPV6_AFI: u16 = 2;

fn families(config: &SessionConfig) -> impl Iterator<Item = Family> + '_ {
    Family::ALL.into_iter().filter(|family| config.families[*family])
}

fn add_path(config: &SessionConfig) -> Vec<AddPathFamily> {
    let mode = |family| match (config.add_path_rx[family], config.add_path_tx[family]) {
        (true, true) => Some(AddPathMode::Both),
        (true, false) => Some(AddPathMode::Receive),
        (false, true) => Some(AddPathMode::Send),
        (false, false) => None,
    };
    families(config).filter_map(|family| Some((family.afi_safi(), mode(family)?))).collect()
}

//= rfc9234#section-4.1
//# If the BGP Role is locally configured, the eBGP speaker MUST advertise the BGP Role Capability in the BGP OPEN
//# message. An eBGP speaker MUST NOT advertise multiple versions of the BGP Role Capability.
/// The role to offer: towards another AS only.
fn role(config: &SessionConfig) -> Option<Role> {
    config.role.filter(|_| config.expected_kind() == Some(PeerKind::External)).map(on_the_wire)
}

/// A configured role as capabilities have it.
pub(super) fn on_the_wire(role: config::Role) -> Role {
    match role {
        config::Role::Provider => Role::Provider,
        config::Role::RouteServer => Role::RouteServer,
        config::Role::RouteServerClient => Role::RouteServerClient,
        config::Role::Customer => Role::Customer,
        config::Role::Peer => Role::Peer,
    }
}

/// Graceful restart as it is offered: a restarter with its families, a helper without (RFC 4724 §3).
fn graceful_restart(config: &SessionConfig, now: Instant) -> Option<GracefulRestart> {
    let families: Vec<(AfiSafi, bool)> = match config.graceful_restart {
        GracefulRestartMode::Disabled => return None,
        GracefulRestartMode::Helper => Vec::new(),
        GracefulRestartMode::Restarter => {
            families(config).map(|family| (family.afi_safi(), config.restart.forwarding)).collect()
        }
    };
    Some(GracefulRestart {
        restarting: config.is_restarting(now),
        notification: config.restart.notification,
        time_s: config.restart.restart_s,
        families,
    })
}
