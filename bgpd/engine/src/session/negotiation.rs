//! Our OPEN and theirs, put together: what holds on the session, or why there can be none.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::config::SessionConfig;
use super::offer::{Capabilities, IPV6_AFI, VERSION, on_the_wire};
use crate::config::GracefulRestartMode;
use crate::value::{AS_TRANS, AfiSafi, Asn, Duration, Family, PeerKind, PerFamily, RouterId};
use crate::wire::capability::{GracefulRestart, Role};
use crate::wire::{Capability, Dialect, Notification, OpenMessage};

/// What holds on a session, from both OPENs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Negotiated {
    /// The peer's AS number, four octets.
    pub peer_as: Asn,
    /// This router's AS number as the peer knows it.
    pub local_as: Asn,
    /// The peer's BGP identifier.
    pub peer_id: RouterId,
    /// What the peer is to this router.
    pub kind: PeerKind,
    /// The hold time in force in seconds; 0 for none.
    pub hold_time_s: u16,
    /// The KEEPALIVE interval in force in seconds; 0 for none.
    pub keepalive_s: u16,
    /// What the codec needs: families, ADD-PATH, message size, AS size, next hops.
    pub dialect: Dialect,
    /// Whether the peer may be asked for its routes (RFC 2918).
    pub route_refresh: bool,
    /// Whether refreshes have a beginning and an end (RFC 7313).
    pub enhanced_route_refresh: bool,
    /// Graceful restart as the peer offers it; `None` where it does not, or this router does not.
    pub restart: Option<PeerRestart>,
    /// Both roles, where both sides have one (RFC 9234).
    pub roles: Option<(Role, Role)>,
    /// The peer's OPEN as it came.
    pub open: OpenMessage,
}

impl Negotiated {
    /// The families that routes are exchanged of. Can be empty, as with FRR (`NoNeg`).
    #[must_use]
    pub fn families(&self) -> PerFamily<bool> {
        self.dialect.families
    }

    /// The hold time in force, if there is one.
    #[must_use]
    pub fn hold_time(&self) -> Option<Duration> {
        (self.hold_time_s > 0).then(|| Duration::from_secs(self.hold_time_s.into()))
    }

    /// The KEEPALIVE interval in force, if there is one.
    #[must_use]
    pub fn keepalive(&self) -> Option<Duration> {
        (self.keepalive_s > 0).then(|| Duration::from_secs(self.keepalive_s.into()))
    }

    /// The peer's host name, if it told (FQDN capability).
    #[must_use]
    pub fn host_name(&self) -> Option<String> {
        self.open.capabilities.iter().find_map(|capability| match capability {
            Capability::Fqdn(fqdn) => Some(fqdn.host_text()),
            _ => None,
        })
    }

    /// The families whose routes stay in use when the connection is lost (RFC 4724 §4.2).
    #[must_use]
    pub fn preserved(&self) -> PerFamily<bool> {
        PerFamily::from_fn(|family| {
            self.dialect.families[family]
                && self.restart.as_ref().is_some_and(|restart| restart.families[family].is_some())
        })
    }

    /// Whether a NOTIFICATION counts as a restart too (RFC 8538).
    #[must_use]
    pub fn notification_is_restart(&self) -> bool {
        self.restart.as_ref().is_some_and(|restart| restart.notification)
    }

    /// The families of which the peer will send an End-of-RIB marker: a restarting router waits for these
    /// before it selects routes, and for no other (RFC 4724 §4.1). Empty where the peer restarts too.
    #[must_use]
    pub fn end_of_rib_expected(&self) -> PerFamily<bool> {
        let waits = self.restart.as_ref().is_some_and(|restart| !restart.restarting);
        PerFamily::from_fn(|family| waits && self.dialect.families[family])
    }
}

/// Graceful restart as the peer's OPEN offers it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PeerRestart {
    /// The R bit: the peer has restarted, and does not wait for our End-of-RIB.
    pub restarting: bool,
    /// The N bit, set by both (RFC 8538).
    pub notification: bool,
    /// In how many seconds the peer is back after a restart.
    pub restart_time_s: u16,
    /// The families listed; in each the F bit: whether forwarding went on.
    pub families: PerFamily<Option<bool>>,
}

/// Why an OPEN is refused: one row for each OPEN Message Error (RFC 4271 §6.2).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Subcode 1.
    #[error("BGP version {0}, this router speaks 4")]
    Version(u8),
    /// Subcode 2.
    #[error("the peer's AS number is {0}; if that is right, change remote-as")]
    PeerAs(Asn),
    /// Subcode 3.
    #[error("the peer's BGP identifier {0} is zero or this router's own; change one of the router ids")]
    Identifier(RouterId),
    /// Subcode 6.
    #[error("the peer's hold time of {0} s is below the least accepted")]
    HoldTime(u16),
    /// Subcode 7: no family in common.
    #[error("no address family in common; activate one that the peer has")]
    NoFamily,
    /// Subcode 7, `strict-capability-match`: these capabilities of the peer's.
    #[error("the peer has capabilities that this router does not know, and strict-capability-match is set")]
    Capabilities(Vec<Capability>),
    /// Subcode 11.
    #[error("the roles do not fit: {0}")]
    Role(&'static str),
}

impl Refusal {
    /// What the peer is told.
    #[must_use]
    pub fn notification(&self) -> Notification {
        match self {
            Refusal::Version(_) => Notification::unsupported_version(),
            Refusal::PeerAs(_) => Notification::bad_peer_as(),
            Refusal::Identifier(_) => Notification::bad_bgp_identifier(),
            Refusal::HoldTime(_) => Notification::unacceptable_hold_time(),
            Refusal::NoFamily => Notification::unsupported_capability(&[]),
            Refusal::Capabilities(unknown) => Notification::unsupported_capability(unknown),
            Refusal::Role(_) => Notification::role_mismatch(),
        }
    }
}

/// What the peer's OPEN and ours give.
///
/// # Errors
/// The first reason why there can be no session, in the order of RFC 4271 §6.2.
pub(super) fn negotiate(
    config: &SessionConfig,
    capabilities: Capabilities,
    open: &OpenMessage,
) -> Result<Box<Negotiated>, Refusal> {
    if open.version != VERSION {
        return Err(Refusal::Version(open.version));
    }
    let theirs = Theirs::read(open);
    let peer_as = peer_as(open, &theirs)?;
    if !config.expects(peer_as) {
        return Err(Refusal::PeerAs(peer_as));
    }
    let kind = config.kind_of(peer_as);
    identifier(config, kind, open.router_id)?;
    let hold_time_s = hold_time(config, open.hold_time_s)?;
    if config.strict_capability_match && !theirs.unknown.is_empty() {
        return Err(Refusal::Capabilities(theirs.unknown));
    }
    let roles = roles(config, kind, &theirs.roles)?;
    let capabilities = if config.no_capabilities { Capabilities::Withheld } else { capabilities };
    let spoken = capabilities == Capabilities::Offered;
    let families = families(config, capabilities, &theirs)?;
    let both = |ours, peers| spoken && ours && peers;
    let dialect = Dialect {
        families,
        add_path_rx: PerFamily::from_fn(|family| {
            families[family] && both(config.add_path_rx[family], theirs.add_path[family].1)
        }),
        add_path_tx: PerFamily::from_fn(|family| {
            families[family] && both(config.add_path_tx[family], theirs.add_path[family].0)
        }),
        extended_message: both(true, theirs.extended_message),
        four_octet_as: both(true, theirs.four_octet_as.is_some()),
        extended_next_hop: both(config.extended_next_hop, theirs.extended_next_hop),
        peer: kind,
        reject_as_sets: config.reject_as_sets,
        aigp: config.aigp,
    };
    Ok(Box::new(Negotiated {
        peer_as,
        local_as: config.shown_as(),
        peer_id: open.router_id,
        kind,
        hold_time_s,
        keepalive_s: keepalive(config.timers.keepalive_s, hold_time_s),
        dialect,
        route_refresh: both(true, theirs.route_refresh),
        enhanced_route_refresh: both(true, theirs.route_refresh && theirs.enhanced_route_refresh),
        restart: theirs.restart.filter(|_| spoken).and_then(|restart| agreed_restart(config, restart)),
        roles,
        open: open.clone(),
    }))
}

/// The peer's capabilities, gathered. Of one that stands twice the last counts, lists are joined (RFC 5492 §4).
#[derive(Default)]
struct Theirs {
    families: Vec<AfiSafi>,
    four_octet_as: Option<Asn>,
    add_path: PerFamily<(bool, bool)>,
    extended_message: bool,
    extended_next_hop: bool,
    route_refresh: bool,
    enhanced_route_refresh: bool,
    restart: Option<PeerRestart>,
    roles: Vec<Role>,
    unknown: Vec<Capability>,
}

impl Theirs {
    fn read(open: &OpenMessage) -> Theirs {
        let mut theirs = Theirs::default();
        for capability in &open.capabilities {
            theirs.take(capability);
        }
        theirs
    }

    fn take(&mut self, capability: &Capability) {
        match capability {
            Capability::MultiProtocol(family) => self.families.push(*family),
            Capability::RouteRefresh => self.route_refresh = true,
            Capability::EnhancedRouteRefresh => self.enhanced_route_refresh = true,
            Capability::ExtendedMessage => self.extended_message = true,
            Capability::FourOctetAs(asn) => self.four_octet_as = Some(*asn),
            Capability::AddPath(list) => {
                for (family, mode) in list {
                    if let Some(family) = Family::from_afi_safi(*family) {
                        self.add_path[family] = (mode.receives(), mode.sends());
                    }
                }
            }
            Capability::ExtendedNextHop(list) => {
                self.extended_next_hop |= list.contains(&(Family::Ipv4Unicast.afi_safi(), IPV6_AFI));
            }
            Capability::GracefulRestart(restart) => self.restart = Some(peer_restart(restart)),
            Capability::Role(role) => self.roles.push(*role),
            Capability::Fqdn(_) | Capability::SoftwareVersion(_) => {}
            Capability::Unknown { .. } => self.unknown.push(capability.clone()),
        }
    }
}

/// The peer's word on its restarts, for the families that this router has.
fn peer_restart(restart: &GracefulRestart) -> PeerRestart {
    let listed = |family: Family| restart.families.iter().find(|entry| entry.0 == family.afi_safi());
    PeerRestart {
        restarting: restart.restarting,
        notification: restart.notification,
        restart_time_s: restart.time_s,
        families: PerFamily::from_fn(|family| listed(family).map(|entry| entry.1)),
    }
}

/// The peer's AS number, with the four octets of its capability where it has that (RFC 6793 §4.2.1).
fn peer_as(open: &OpenMessage, theirs: &Theirs) -> Result<Asn, Refusal> {
    let short = Asn(open.my_as.into());
    let Some(long) = theirs.four_octet_as else {
        //= rfc7607#section-2
        //# If a BGP speaker receives zero as the peer AS in an OPEN message, it MUST abort the connection and send a
        //# NOTIFICATION with Error Code "OPEN Message Error" and subcode "Bad Peer AS".
        return if short.0 == 0 { Err(Refusal::PeerAs(short)) } else { Ok(short) };
    };
    let fits = short == AS_TRANS || short == long;
    if long.0 == 0 || long == AS_TRANS || !fits { Err(Refusal::PeerAs(long)) } else { Ok(long) }
}

//= rfc6286#section-2.2
//# If the BGP Identifier field of the OPEN message is zero, or if it is the same as the BGP Identifier of the local
//# BGP speaker and the message is from an internal peer, then the Error Subcode is set to "Bad BGP Identifier".
fn identifier(config: &SessionConfig, kind: PeerKind, peer: RouterId) -> Result<(), Refusal> {
    let own = kind == PeerKind::Internal && peer == config.identity.router_id;
    if peer.0 == 0 || own { Err(Refusal::Identifier(peer)) } else { Ok(()) }
}

//= rfc4271#section-6.2
//# An implementation MUST reject Hold Time values of one or two seconds.
fn hold_time(config: &SessionConfig, theirs_s: u16) -> Result<u16, Refusal> {
    if matches!(theirs_s, 1 | 2) || theirs_s < config.minimum_hold_time_s {
        return Err(Refusal::HoldTime(theirs_s));
    }
    Ok(config.timers.hold_s.min(theirs_s))
}

//= rfc4271#section-4.4
//# A reasonable maximum time between KEEPALIVE messages would be one third of the Hold Time interval.
fn keepalive(configured_s: u16, hold_s: u16) -> u16 {
    match (hold_s, configured_s) {
        (0, _) => 0,
        (hold_s, 0) => (hold_s / 3).max(1),
        (hold_s, configured_s) => configured_s.min(hold_s / 3).max(1),
    }
}

/// The families in common. An OPEN without the capability speaks of IPv4 unicast alone (RFC 4760 §8).
///
/// As FRR: a peer with the capability but without a common family is refused; one without the capability is
/// taken, if need be without any family.
fn families(
    config: &SessionConfig,
    capabilities: Capabilities,
    theirs: &Theirs,
) -> Result<PerFamily<bool>, Refusal> {
    if config.override_capability {
        return Ok(config.families);
    }
    let ipv4_alone = [Family::Ipv4Unicast.afi_safi()];
    let silent = theirs.families.is_empty();
    let listed = if silent { &ipv4_alone[..] } else { &theirs.families[..] };
    let common = PerFamily::from_fn(|family: Family| {
        let possible = capabilities == Capabilities::Offered || family == Family::Ipv4Unicast;
        possible && config.families[family] && listed.contains(&family.afi_safi())
    });
    if !silent && common == PerFamily([false; 2]) {
        return Err(Refusal::NoFamily);
    }
    Ok(common)
}

/// RFC 9234 §4.2.
fn roles(config: &SessionConfig, kind: PeerKind, theirs: &[Role]) -> Result<Option<(Role, Role)>, Refusal> {
    let Some(own) = config.role.filter(|_| kind == PeerKind::External) else { return Ok(None) };
    let Some(peers) = theirs.first().copied() else {
        let refusal = Refusal::Role("the peer has none, and local-role is strict");
        return if config.role_strict { Err(refusal) } else { Ok(None) };
    };
    //= rfc9234#section-4.2
    //# If multiple BGP Role Capabilities are received and not all of them have the same value, then the BGP speaker
    //# MUST reject the connection using the Role Mismatch Notification
    if theirs.iter().any(|role| *role != peers) {
        return Err(Refusal::Role("the peer has several"));
    }
    let own = on_the_wire(own);
    let refusal = Refusal::Role("the peer's is not the counterpart of local-role");
    if own.goes_with(peers) { Ok(Some((own, peers))) } else { Err(refusal) }
}

/// Graceful restart, where this router takes part: the N bit counts if both have it.
fn agreed_restart(config: &SessionConfig, theirs: PeerRestart) -> Option<PeerRestart> {
    match config.graceful_restart {
        GracefulRestartMode::Disabled => None,
        GracefulRestartMode::Helper | GracefulRestartMode::Restarter => {
            Some(PeerRestart { notification: theirs.notification && config.restart.notification, ..theirs })
        }
    }
}
