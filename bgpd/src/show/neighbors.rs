//! `show bgp neighbors`: all about sessions, one neighbor after the other.

mod capabilities;
mod family;
mod json;
mod text;

use bgp_engine::config::{GracefulRestartMode, NeighborName, Role};
use bgp_engine::engine::Peer;
use bgp_engine::rib::OwnAddress;
use bgp_engine::session::{Change, DownReason, StopReason, Timer};
use bgp_engine::value::{Family, PerFamily};
use bgp_engine::wire::capability::Role as WireRole;

use super::path::instance;
use super::peers::Which;
use super::text::push_member;
use super::{Layout, Progress, Router, SLICE_OCTETS, Show, refuse};

/// All about one neighbor or all.
#[derive(Debug)]
pub struct Neighbors {
    layout: Layout,
    which: Option<Which>,
    /// The family of which alone the neighbors are shown.
    family: Option<Family>,
    /// The neighbors to come, the next one last; `None` before the first slice.
    names: Option<Vec<NeighborName>>,
    first: bool,
}

impl Neighbors {
    /// Nothing written yet. Without `which` all neighbors, or those that take part in `family`.
    #[must_use]
    pub fn new(layout: Layout, which: Option<Which>, family: Option<Family>) -> Self {
        Neighbors { layout, which, family, names: None, first: true }
    }

    fn begin(&mut self, router: &Router<'_>, out: &mut String) -> Option<Progress> {
        if self.names.is_some() {
            return None;
        }
        if instance(router).is_none() {
            return Some(refuse(self.layout, "BGP instance not found", out));
        }
        let mut names: Vec<NeighborName> = match &self.which {
            Some(which) => which.find(router.engine).map(|peer| peer.name.clone()).into_iter().collect(),
            None => {
                let takes_part = |peer: &&Peer| self.family.is_none_or(|f| peer.session.config().families[f]);
                router.engine.peers().filter(takes_part).map(|peer| peer.name.clone()).collect()
            }
        };
        if names.is_empty() && self.which.is_some() {
            match self.layout {
                Layout::Text => out.push_str("% No such neighbor in this view/vrf\n"),
                Layout::Json => out.push_str("{\n  \"bgpNoSuchNeighbor\": true\n}\n"),
            }
            return Some(Progress::Refused);
        }
        names.reverse();
        if self.layout == Layout::Json {
            out.push('{');
        }
        self.names = Some(names);
        None
    }
}

impl Show for Neighbors {
    fn write_some(&mut self, router: &Router<'_>, out: &mut String) -> Progress {
        if let Some(refused) = self.begin(router, out) {
            return refused;
        }
        let start = out.len();
        while let Some(name) = self.names.as_mut().and_then(Vec::pop) {
            let Some(peer) = router.engine.peer(&name) else { continue };
            match self.layout {
                Layout::Text => text::push(router, peer, out),
                Layout::Json => {
                    push_member(out, &mut self.first, 1, &name, &json::neighbor(router, peer));
                }
            }
            if out.len() - start > SLICE_OCTETS {
                return Progress::More;
            }
        }
        if self.layout == Layout::Json {
            out.push_str("\n}\n");
        }
        Progress::Done
    }
}

/// The hold time and the KEEPALIVE interval, in force and configured, in seconds.
fn timers(peer: &Peer) -> ((u16, u16), (u16, u16)) {
    let configured = peer.session.config().timers;
    let configured = (configured.hold_s, configured.keepalive_s);
    let in_force = peer.session.negotiated().map(|n| (n.hold_time_s, n.keepalive_s));
    (in_force.unwrap_or(configured), configured)
}

/// This router's role and the peer's, by FRR's names.
fn roles(peer: &Peer) -> (&'static str, &'static str) {
    let own = peer.session.config().role.map(|role| match role {
        Role::Provider => "provider",
        Role::RouteServer => "rs-server",
        Role::RouteServerClient => "rs-client",
        Role::Customer => "customer",
        Role::Peer => "peer",
    });
    let theirs = peer.session.negotiated().and_then(|n| n.roles).map(|(_, role)| match role {
        WireRole::Provider => "provider",
        WireRole::RouteServer => "rs-server",
        WireRole::RouteServerClient => "rs-client",
        WireRole::Customer => "customer",
        WireRole::Peer => "peer",
        WireRole::Unknown(_) => "undefined",
    });
    (own.unwrap_or("undefined"), theirs.unwrap_or("undefined"))
}

/// The modes of graceful restart, here and there; a star where it is the instance's setting.
fn restart_modes(peer: &Peer) -> (String, &'static str) {
    let mode = match peer.session.config().graceful_restart {
        GracefulRestartMode::Helper => "Helper",
        GracefulRestartMode::Restarter => "Restart",
        GracefulRestartMode::Disabled => "Disable",
    };
    let star = if peer.settings.graceful_restart.is_none() { "*" } else { "" };
    let theirs = match peer.session.negotiated() {
        None => "NotApplicable",
        Some(negotiated) => match &negotiated.restart {
            None => "Disable",
            Some(restart) if restart.families == PerFamily::default() => "Helper",
            Some(_) => "Restart",
        },
    };
    (format!("{mode}{star}"), theirs)
}

/// FRR's number for why a session went down, where it has one for the reason.
fn reset_code(reason: &DownReason) -> Option<u8> {
    match reason {
        DownReason::Received(_) => Some(13),
        DownReason::Sent(_) => Some(14),
        DownReason::Closed => Some(15),
        DownReason::SendHoldTimerExpired | DownReason::Replaced => None,
        DownReason::Stopped(reason, _) => match reason {
            StopReason::Shutdown(_) => Some(11),
            StopReason::Reset => Some(12),
            StopReason::Deconfigured => Some(16),
            StopReason::Changed(Change::RouterId) => Some(1),
            StopReason::Changed(Change::RemoteAs) => Some(2),
            StopReason::Changed(Change::LocalAs) => Some(3),
            StopReason::Changed(Change::Confederation) => Some(5),
            StopReason::Changed(Change::AddressFamily) => Some(10),
            StopReason::Changed(_)
            | StopReason::MaximumPrefix { .. }
            | StopReason::RouterStop
            | StopReason::InterfaceDown
            | StopReason::BfdDown
            | StopReason::Poison { .. } => None,
        },
    }
}

/// How many hops away the peer may be.
fn hops(peer: &Peer) -> u8 {
    let settings = &peer.settings;
    let external = super::peers::kind(peer) != bgp_engine::value::PeerKind::Internal;
    let ttl = settings.ttl_security_hops.or(settings.ebgp_multihop);
    ttl.unwrap_or(if external { 1 } else { 255 })
}

/// This router's addresses towards a peer, while routes are exchanged.
fn own_address(router: &Router<'_>, peer: &Peer) -> Option<OwnAddress> {
    let rib = router.engine.rib();
    let v4 = rib.v4.group(peer.id).map(|(_, group)| group.export.own_address);
    v4.or_else(|| rib.v6.group(peer.id).map(|(_, group)| group.export.own_address))
}

/// Whether the peer is on a network of this router's.
fn is_on_shared_network(router: &Router<'_>, peer: &Peer) -> bool {
    let routes = &router.engine.rib().facts.next_hops.routes;
    let remote = peer.ends.map(|(_, remote)| remote.ip());
    remote.is_some_and(|remote| {
        bgp_engine::rib::is_link_local(remote) || routes.connected_link(remote).is_some()
    })
}

/// In how many seconds a timer ends.
fn due_s(router: &Router<'_>, peer: &Peer, timer: Timer) -> Option<u64> {
    Some(peer.session.timer(timer)?.since(router.clock.now).as_secs())
}

/// The families of a peer's configuration.
fn families(peer: &Peer) -> impl Iterator<Item = Family> {
    Family::ALL.into_iter().filter(|&family| peer.session.config().families[family])
}

/// What was not taken in, all families together: the line, the key, the count.
fn refused(peer: &Peer) -> [(&'static str, &'static str, u64); 7] {
    let sum = |count: fn(&bgp_engine::engine::Refused) -> u64| {
        Family::ALL.into_iter().map(|family| count(&peer.families[family].refused)).sum()
    };
    [
        ("Inbound filtered", "inboundFiltered", sum(|refused| refused.policy)),
        ("AS-PATH loop", "aspathLoop", sum(|refused| refused.as_path_loop)),
        ("Originator loop", "originatorLoop", sum(|refused| refused.originator_loop)),
        ("Cluster loop", "clusterLoop", sum(|refused| refused.cluster_loop)),
        ("Invalid next-hop", "invalidNextHop", sum(|refused| refused.invalid_next_hop)),
        ("Withdrawn", "withdrawn", sum(|refused| refused.withdrawn)),
        ("Attributes discarded", "attributesDiscarded", sum(|refused| refused.attributes_discarded)),
    ]
}
