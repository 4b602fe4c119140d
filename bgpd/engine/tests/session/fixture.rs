//! Configurations and moments that the tests share.

use bgp_engine::config::{
    BgpConfig, GracefulRestartMode, NeighborName, NeighborSettings, Profile, RemoteAs, Timers,
};
use bgp_engine::session::{Action, Identity, SessionConfig};
use bgp_engine::value::{Asn, Duration, Instant, RouterId};
use bgp_engine::wire::frame;
use bgp_engine::wire::{Dialect, Message};

/// A router as the tests know it: AS number and identifier.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Router {
    pub(crate) asn: u32,
    pub(crate) id: u32,
    pub(crate) seed: u64,
}

pub(crate) const LOW: Router = Router { asn: 65001, id: 0x0a00_0001, seed: 1 };
pub(crate) const HIGH: Router = Router { asn: 65002, id: 0x0a00_0002, seed: 2 };

/// The settings of `own` for a session with `peer`, FRR's defaults but for the timers: 3 s and 9 s.
pub(crate) fn config(own: Router, peer: Router) -> SessionConfig {
    let bgp = BgpConfig::new(Asn(own.asn), Profile::Traditional);
    let settings = NeighborSettings {
        remote_as: Some(RemoteAs::Is(Asn(peer.asn))),
        timers: Some(Timers { keepalive_s: 3, hold_s: 9 }),
        ..NeighborSettings::default()
    };
    let name = NeighborName::Address([192, 0, 2, 1].into());
    let identity = Identity { router_id: RouterId(own.id), seed: own.seed, ..Identity::default() };
    SessionConfig::resolve(&bgp, &name, &settings, identity).expect("has a remote-as")
}

/// The same with graceful restart in full.
pub(crate) fn graceful(own: Router, peer: Router) -> SessionConfig {
    let mut config = config(own, peer);
    config.graceful_restart = GracefulRestartMode::Restarter;
    config.restart.forwarding = true;
    config
}

pub(crate) fn at_s(seconds: u64) -> Instant {
    Instant::default() + Duration::from_secs(seconds)
}

/// What an action is, in a few words.
pub(crate) fn brief(action: &Action) -> String {
    match action {
        Action::Connect => "connect".into(),
        Action::CancelConnect => "cancel connect".into(),
        Action::Send(conn, octets) => format!("send {} on {}", message(octets), conn.0),
        Action::Close(conn, how) => format!("close {} ({how:?})", conn.0),
        Action::Up { conn, .. } => format!("up on {}", conn.0),
        Action::Down { reason, stale } => match stale.0 {
            [false, false] => format!("down: {reason}"),
            stale => format!("down: {reason}, stale {stale:?}"),
        },
        Action::FlushStale(family) => format!("flush stale {family}"),
        Action::Notice(..) => String::new(),
    }
}

fn message(octets: &[u8]) -> String {
    let frame = frame::next(octets, frame::MAX_LEN).expect("well-formed").expect("whole");
    match bgp_engine::wire::parse(&frame, &Dialect::default()).expect("well-formed") {
        Message::Open(_) => "OPEN".into(),
        Message::Keepalive => "KEEPALIVE".into(),
        Message::Notification(notification) => format!("NOTIFICATION {notification}"),
        Message::Update(_) | Message::RouteRefresh(_) => unreachable!("the session sends none"),
    }
}
