//! Neighbors by what an operator calls them.

use core::net::IpAddr;

use bgp_engine::config::{NeighborName, RemoteAs};
use bgp_engine::engine::{Engine, Peer};
use bgp_engine::session::{State, StopReason};
use bgp_engine::value::{Family, PeerKind};

/// A neighbor as an operator names it: by its name, or by the address that it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Which(pub NeighborName);

impl Which {
    /// The neighbor, if there is one.
    #[must_use]
    pub fn find<'a>(&self, engine: &'a Engine) -> Option<&'a Peer> {
        engine.peer(&self.0).or_else(|| match &self.0 {
            NeighborName::Address(address) => engine.peers().find(|peer| peer.address == Some(*address)),
            NeighborName::Interface(_) => None,
        })
    }
}

/// A session's state in the words of the summary.
#[must_use]
pub fn state_text(peer: &Peer) -> String {
    match peer.session.stopped_by() {
        Some(StopReason::Shutdown(_)) => "Idle (Admin)".to_owned(),
        Some(StopReason::MaximumPrefix { .. }) => "Idle (PfxCt)".to_owned(),
        Some(StopReason::Poison { .. }) => "Idle (Poison)".to_owned(),
        Some(_) | None => peer.session.state().to_string(),
    }
}

/// Whether the session is up.
#[must_use]
pub fn is_up(peer: &Peer) -> bool {
    peer.session.state() == State::Established
}

/// Whether routes of a family are exchanged.
#[must_use]
pub fn exchanges(peer: &Peer, family: Family) -> bool {
    peer.session.negotiated().is_some_and(|negotiated| negotiated.families()[family])
}

/// Whether RFC 8212 keeps routes from going out to the peer.
#[must_use]
pub fn lacks_export_policy(engine: &Engine, peer: &Peer, family: Family) -> bool {
    let settings = &peer.settings.families[family];
    engine.configuration().bgp.as_ref().is_some_and(|bgp| bgp.ebgp_requires_policy)
        && peer.session.negotiated().is_some_and(|negotiated| negotiated.kind == PeerKind::External)
        && settings.route_map_out.is_none()
        && settings.prefix_list_out.is_none()
}

/// How many paths of a family the peer is advertised.
#[must_use]
pub fn sent_count(engine: &Engine, peer: &Peer, family: Family) -> u32 {
    let rib = engine.rib();
    let count = match family {
        Family::Ipv4Unicast => rib.v4.group(peer.id).map(|(_, group)| group.advertised_to(peer.id)),
        Family::Ipv6Unicast => rib.v6.group(peer.id).map(|(_, group)| group.advertised_to(peer.id)),
    };
    count.unwrap_or(0) + u32::from(peer.families[family].default_sent)
}

/// Up to which version of the table the peer has been sent it.
#[must_use]
pub fn sent_version(engine: &Engine, peer: &Peer, family: Family) -> u64 {
    let rib = engine.rib();
    let version = match family {
        Family::Ipv4Unicast => rib.v4.group(peer.id).map(|(_, group)| group.cursor(peer.id)),
        Family::Ipv6Unicast => rib.v6.group(peer.id).map(|(_, group)| group.cursor(peer.id)),
    };
    version.unwrap_or(0)
}

/// The peer's AS: what it said, else what is configured; 0 where only the kind is.
#[must_use]
pub fn remote_as(engine: &Engine, peer: &Peer) -> u32 {
    engine.remote_as(peer).map_or(0, |asn| asn.0)
}

/// What the peer is, as far as is known.
#[must_use]
pub fn kind(peer: &Peer) -> PeerKind {
    let negotiated = peer.session.negotiated().map(|negotiated| negotiated.kind);
    let config = peer.session.config();
    negotiated.or(config.expected_kind()).unwrap_or(match config.remote_as {
        RemoteAs::Internal => PeerKind::Internal,
        RemoteAs::Is(_) | RemoteAs::External | RemoteAs::Auto => PeerKind::External,
    })
}

/// `ipv4`, `ipv6`, `interface`.
#[must_use]
pub fn id_type(peer: &Peer) -> &'static str {
    match peer.name {
        NeighborName::Address(IpAddr::V4(_)) => "ipv4",
        NeighborName::Address(IpAddr::V6(_)) => "ipv6",
        NeighborName::Interface(_) => "interface",
    }
}

/// A family's key in JSON.
#[must_use]
pub const fn family_key(family: Family) -> &'static str {
    match family {
        Family::Ipv4Unicast => "ipv4Unicast",
        Family::Ipv6Unicast => "ipv6Unicast",
    }
}
