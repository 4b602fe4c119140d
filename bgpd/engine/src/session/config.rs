//! What a session needs to know of the configuration, resolved for one peer.
//!
//! The engine resolves it when the configuration, the router id or the host name changes, and hands it to
//! [`Session::reconfigure`](super::Session::reconfigure), which asks [`SessionConfig::reset_by`] whether the
//! session has to start anew. Nothing here is optional any more: every default has been filled in.

use alloc::string::String;
use core::fmt;

use serde::{Deserialize, Serialize};

use crate::config::{
    BgpConfig, Confederation, GracefulRestartMode, LocalAs, NeighborName, NeighborSettings, Profile,
    RemoteAs, Role, Shutdown, Timers,
};
use crate::value::{Asn, Family, Instant, PeerKind, PerFamily, RouterId};

/// What of this router itself enters its OPENs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Identity {
    /// The BGP identifier.
    pub router_id: RouterId,
    /// For the FQDN capability; not sent where empty.
    pub host_name: String,
    /// For the software version capability; not sent where empty.
    pub software_version: String,
    /// Until when OPENs carry the restart state bit, where this router has itself restarted (RFC 4724 §3).
    pub restarting_until: Option<Instant>,
    /// Where the jitter of timers comes from. Two sessions of one router should have different ones.
    pub seed: u64,
}

/// The settings of one session, defaults filled in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionConfig {
    /// Who this router says it is.
    pub identity: Identity,
    /// The instance's AS number; in a confederation the member AS.
    pub asn: Asn,
    /// The confederation, where there is one.
    pub confederation: Option<Confederation>,
    /// `local-as`.
    pub local_as: Option<LocalAs>,
    /// `remote-as`.
    pub remote_as: RemoteAs,
    /// Never connects, only listens.
    pub passive: bool,
    /// Shut down by the operator: the neighbor, or the whole instance.
    pub shutdown: Option<Shutdown>,
    /// KEEPALIVE interval and hold time to offer.
    pub timers: Timers,
    /// The longest time between two attempts to connect, in seconds.
    pub connect_retry_s: u16,
    /// The least hold time to accept, in seconds; 0 for the RFC's 3 (or none).
    pub minimum_hold_time_s: u16,
    /// The families to exchange routes of.
    pub families: PerFamily<bool>,
    /// Whether several paths to a prefix are taken from the peer.
    pub add_path_rx: PerFamily<bool>,
    /// Whether several paths to a prefix are sent to the peer.
    pub add_path_tx: PerFamily<bool>,
    /// IPv6 next hops for IPv4 routes (RFC 8950).
    pub extended_next_hop: bool,
    /// This router's role towards the peer (RFC 9234).
    pub role: Option<Role>,
    /// A peer without a role is refused.
    pub role_strict: bool,
    /// What is done for graceful restart.
    pub graceful_restart: GracefulRestartMode,
    /// What the peer is told about a restart of this router.
    pub restart: RestartTimes,
    /// Sends an OPEN without optional parameters (`dont-capability-negotiate`).
    pub no_capabilities: bool,
    /// Takes the peer to be capable of every configured family, whatever its OPEN says.
    pub override_capability: bool,
    /// Refuses a peer that has a capability which this router does not know.
    pub strict_capability_match: bool,
    /// Refuses paths with an AS_SET (RFC 9774).
    pub reject_as_sets: bool,
    /// Exchanges AIGP with the peer: always with an internal one (RFC 7311 §3.2).
    pub aigp: bool,
}

/// The numbers of graceful restart (RFC 4724).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestartTimes {
    /// In how many seconds this router is back after a restart; 12 bits.
    pub restart_s: u16,
    /// How many seconds stale routes of the peer are kept at the most.
    pub stale_path_s: u16,
    /// Whether forwarding goes on while this router restarts (the F bit).
    pub forwarding: bool,
    /// Whether a NOTIFICATION, too, is taken as a restart (RFC 8538, the N bit).
    pub notification: bool,
}

/// FRR's default for `restart-time`.
const RESTART_S: u16 = 120;
/// FRR's default for `stalepath-time`.
const STALE_PATH_S: u16 = 360;

impl SessionConfig {
    /// The settings for the neighbor called `name`, with the effective `settings` (its group's below its own).
    /// `None` where it has no `remote-as`: such a neighbor has no session.
    #[must_use]
    pub fn resolve(
        bgp: &BgpConfig,
        name: &NeighborName,
        settings: &NeighborSettings,
        identity: Identity,
    ) -> Option<SessionConfig> {
        let families = PerFamily::from_fn(|family| {
            let unless_written = family == Family::Ipv4Unicast && bgp.default_ipv4_unicast;
            settings.families[family].activate.unwrap_or(unless_written)
        });
        let (timers, connect_retry_s) = match bgp.profile {
            Profile::Traditional => (Timers { keepalive_s: 60, hold_s: 180 }, 30),
            Profile::Datacenter => (Timers { keepalive_s: 3, hold_s: 9 }, 10),
        };
        let restart = &bgp.graceful_restart;
        Some(SessionConfig {
            identity,
            asn: bgp.asn,
            confederation: bgp.confederation.clone(),
            local_as: settings.local_as,
            remote_as: settings.remote_as?,
            passive: settings.passive.unwrap_or(false),
            shutdown: settings.shutdown.clone().or_else(|| bgp.shutdown.clone()),
            timers: settings.timers.or(bgp.timers).unwrap_or(timers),
            connect_retry_s: settings.connect_retry_s.unwrap_or(connect_retry_s),
            minimum_hold_time_s: bgp.minimum_hold_time_s.unwrap_or(0),
            families,
            add_path_rx: PerFamily::from_fn(|family| {
                !settings.families[family].disable_add_path_rx.unwrap_or(false)
            }),
            add_path_tx: PerFamily::from_fn(|family| settings.families[family].add_path_tx.is_some()),
            extended_next_hop: settings
                .extended_next_hop
                .unwrap_or(matches!(name, NeighborName::Interface(_))),
            role: settings.role,
            role_strict: settings.role_strict.unwrap_or(false),
            graceful_restart: settings.graceful_restart.unwrap_or(restart.mode),
            restart: RestartTimes {
                restart_s: restart.restart_time_s.unwrap_or(RESTART_S),
                stale_path_s: restart.stalepath_time_s.unwrap_or(STALE_PATH_S),
                forwarding: restart.preserve_fw_state,
                notification: restart.notification,
            },
            no_capabilities: settings.no_capabilities.unwrap_or(false),
            override_capability: settings.override_capability.unwrap_or(false),
            strict_capability_match: settings.strict_capability_match.unwrap_or(false),
            reject_as_sets: bgp.reject_as_sets,
            aigp: settings.aigp.unwrap_or(false),
        })
    }

    /// The AS number that this router's OPEN carries.
    ///
    /// `local-as` goes first; towards the outside of a confederation it is the confederation's identifier.
    #[must_use]
    pub fn shown_as(&self) -> Asn {
        if let Some(local) = self.local_as {
            return local.asn;
        }
        let Some(confederation) = &self.confederation else { return self.asn };
        let inside = match self.remote_as {
            RemoteAs::Is(asn) => asn == self.asn || confederation.peers.contains(&asn),
            RemoteAs::Internal => true,
            RemoteAs::External | RemoteAs::Auto => false,
        };
        if inside { self.asn } else { confederation.identifier }
    }

    /// What a peer of this AS is to this router.
    #[must_use]
    pub fn kind_of(&self, peer_as: Asn) -> PeerKind {
        if let Some(confederation) = &self.confederation {
            if peer_as == self.asn && self.shown_as() == self.asn {
                return PeerKind::Internal;
            }
            if confederation.peers.contains(&peer_as) {
                return PeerKind::Confederation;
            }
            return PeerKind::External;
        }
        if peer_as == self.shown_as() { PeerKind::Internal } else { PeerKind::External }
    }

    /// What the peer is to this router as far as the configuration says, before its OPEN.
    #[must_use]
    pub fn expected_kind(&self) -> Option<PeerKind> {
        match self.remote_as {
            RemoteAs::Is(asn) => Some(self.kind_of(asn)),
            RemoteAs::Internal => Some(PeerKind::Internal),
            RemoteAs::External => Some(PeerKind::External),
            RemoteAs::Auto => None,
        }
    }

    /// Whether a peer of this AS is the one that `remote-as` means.
    #[must_use]
    pub fn expects(&self, peer_as: Asn) -> bool {
        match self.remote_as {
            RemoteAs::Is(asn) => asn == peer_as,
            RemoteAs::Internal => self.kind_of(peer_as) == PeerKind::Internal,
            RemoteAs::External => self.kind_of(peer_as) != PeerKind::Internal,
            RemoteAs::Auto => true,
        }
    }

    /// Whether this router has itself restarted not long ago.
    pub(super) fn is_restarting(&self, now: Instant) -> bool {
        self.identity.restarting_until.is_some_and(|until| now < until)
    }

    /// Whether the session has to start anew for `new` to be in force; see [`SessionConfig::reset_by`].
    #[must_use]
    pub fn needs_reset(&self, new: &SessionConfig) -> bool {
        self.reset_by(new).is_some()
    }

    /// The change that forces the session to start anew, if one does. Changes of timers, of `passive`, of the
    /// host name and of the restart time do not: they count from the next session on.
    #[must_use]
    pub fn reset_by(&self, new: &SessionConfig) -> Option<Change> {
        let capabilities = |c: &SessionConfig| {
            let flags = (c.no_capabilities, c.override_capability, c.strict_capability_match);
            (c.add_path_rx, c.add_path_tx, c.extended_next_hop, flags)
        };
        let rows = [
            (self.identity.router_id != new.identity.router_id, Change::RouterId),
            (self.asn != new.asn || self.remote_as != new.remote_as, Change::RemoteAs),
            (self.local_as != new.local_as, Change::LocalAs),
            (self.confederation != new.confederation, Change::Confederation),
            (self.families != new.families, Change::AddressFamily),
            (capabilities(self) != capabilities(new), Change::Capability),
            ((self.role, self.role_strict) != (new.role, new.role_strict), Change::Role),
            (self.graceful_restart != new.graceful_restart, Change::GracefulRestart),
        ];
        rows.into_iter().find_map(|(differs, change)| differs.then_some(change))
    }
}

/// What was changed in the configuration so that a session must start anew. The text is FRR's where FRR has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    /// The BGP identifier.
    RouterId,
    /// The peer's AS number, or this router's.
    RemoteAs,
    /// `local-as`.
    LocalAs,
    /// The confederation.
    Confederation,
    /// The families.
    AddressFamily,
    /// A capability.
    Capability,
    /// The role.
    Role,
    /// The mode of graceful restart.
    GracefulRestart,
    /// Where to connect from, the password, the TTL: what a connection is made with.
    Transport,
    /// The peer group.
    PeerGroup,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Change::RouterId => "Router ID changed",
            Change::RemoteAs => "Remote AS changed",
            Change::LocalAs => "Local AS change",
            Change::Confederation => "Confederation change",
            Change::AddressFamily => "Address family activation change",
            Change::Capability => "Capability change",
            Change::Role => "Role changed",
            Change::GracefulRestart => "Graceful restart mode changed",
            Change::Transport => "Connection settings changed",
            Change::PeerGroup => "Peer group changed",
        })
    }
}
