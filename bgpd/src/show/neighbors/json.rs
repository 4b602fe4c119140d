//! A neighbor as FRR's JSON has it.

use bgp_engine::config::NeighborName;
use bgp_engine::engine::{Kind, Peer};
use bgp_engine::session::{DownReason, StopReason, Timer};
use bgp_engine::value::{Duration, Family, Instant, PeerKind};
use serde_json::{Map, Value, json};

use super::capabilities::Opens;
use super::{
    due_s, families, hops, is_on_shared_network, own_address, reset_code, restart_modes, roles, timers,
};
use crate::show::Router;
use crate::show::path::host_name;
use crate::show::peers::{family_key, is_up, kind, remote_as};
use crate::show::time::uptime;

type Members = Map<String, Value>;

/// All about a neighbor.
pub(super) fn neighbor(router: &Router<'_>, peer: &Peer) -> Value {
    let mut map = Map::new();
    put_name(router, peer, &mut map);
    put_session(router, peer, &mut map);
    if let Some(opens) = Opens::of(router, peer) {
        map.insert("neighborCapabilities".to_owned(), opens.json());
    }
    map.insert("gracefulRestartInfo".to_owned(), restart(peer));
    put_statistics(peer, &mut map);
    let interval = u32::from(peer.settings.advertisement_interval_s.unwrap_or(0)) * 1000;
    map.insert("minBtwnAdvertisementRunsTimerMsecs".to_owned(), interval.into());
    match &peer.settings.update_source {
        Some(bgp_engine::config::UpdateSource::Address(address)) => {
            map.insert("updateSource".to_owned(), address.to_string().into());
        }
        Some(bgp_engine::config::UpdateSource::Interface(name)) => {
            map.insert("updateSource".to_owned(), name.as_str().into());
        }
        None => {}
    }
    let members = families(peer)
        .map(|family| (family_key(family).to_owned(), super::family::json(router, peer, family)))
        .collect();
    map.insert("addressFamilyInfo".to_owned(), Value::Object(members));
    put_past(router, peer, &mut map);
    put_connection(router, peer, &mut map);
    Value::Object(map)
}

fn put_name(router: &Router<'_>, peer: &Peer, map: &mut Members) {
    let mut put = |key: &str, value: Value| map.insert(key.to_owned(), value);
    if let (NeighborName::Interface(_), Some(address)) = (&peer.name, peer.address) {
        put("bgpNeighborAddr", address.to_string().into());
    }
    put("remoteAs", remote_as(router.engine, peer).into());
    put("localAs", peer.session.config().shown_as().0.into());
    if let Some(local) = peer.settings.local_as {
        if local.no_prepend {
            put("localAsNoPrepend", true.into());
        }
        if local.replace_as {
            put("localAsReplaceAs", true.into());
        }
    }
    let link = match kind(peer) {
        PeerKind::External => "nbrExternalLink",
        PeerKind::Internal => "nbrInternalLink",
        PeerKind::Confederation => "nbrConfedExternalLink",
    };
    put(link, true.into());
    let (own, theirs) = roles(peer);
    put("localRole", own.into());
    put("remoteRole", theirs.into());
    if let Some(description) = &peer.settings.description {
        put("nbrDesc", description.as_str().into());
    }
    if let Some(host) = host_name(peer) {
        put("hostname", host.into());
    }
    if let Some(group) = &peer.group {
        put("peerGroup", group.as_str().into());
    }
    if peer.kind == Kind::Dynamic {
        put("dynamicPeer", true.into());
    }
    if let Some(StopReason::Shutdown(text)) = peer.session.stopped_by() {
        put("adminShutDown", true.into());
        if !text.is_empty() {
            put("adminShutDownMessage", text.as_str().into());
        }
    }
}

fn msec(span: Duration) -> Value {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX).into()
}

fn put_session(router: &Router<'_>, peer: &Peer, map: &mut Members) {
    let statistics = peer.session.statistics();
    let mut put = |key: &str, value: Value| map.insert(key.to_owned(), value);
    let remote_id = peer.session.peer_open().map(|open| open.router_id).unwrap_or_default();
    put("bgpVersion", 4.into());
    put("remoteRouterId", remote_id.to_string().into());
    put("localRouterId", router.engine.router_id().to_string().into());
    put("bgpState", peer.session.state().to_string().into());
    if let Some(since) = statistics.since.filter(|_| is_up(peer)) {
        let up = router.clock.since(since);
        put("bgpTimerUpMsec", msec(up));
        put("bgpTimerUpString", uptime(up).into());
        put("bgpTimerUpEstablishedEpoch", router.clock.epoch_s(since).into());
    }
    // What never happened is as long ago as the router runs.
    let started = router.process.started;
    let ago = |moment: Option<Instant>| msec(router.clock.since(moment.unwrap_or(started)));
    put("bgpTimerLastRead", ago(statistics.last_read));
    put("bgpTimerLastWrite", ago(statistics.last_write));
    let ((hold, keepalive), (own_hold, own_keepalive)) = timers(peer);
    let seconds = |s: u16| Value::from(u32::from(s) * 1000);
    put("bgpTimerConfiguredHoldTimeMsecs", seconds(own_hold));
    put("bgpTimerConfiguredKeepAliveIntervalMsecs", seconds(own_keepalive));
    put("bgpTimerHoldTimeMsecs", seconds(hold));
    put("bgpTimerKeepAliveIntervalMsecs", seconds(keepalive));
}

fn restart(peer: &Peer) -> Value {
    let mut map = Map::new();
    let negotiated = peer.session.negotiated();
    let used = |family: &Family| negotiated.is_some_and(|negotiated| negotiated.families()[*family]);
    let ends = |came: &dyn Fn(Family) -> bool| {
        let families = Family::ALL.into_iter().filter(used).filter(|&family| came(family));
        Value::Object(families.map(|family| (family_key(family).to_owned(), true.into())).collect())
    };
    map.insert("endOfRibSend".to_owned(), ends(&|family| peer.families[family].end_of_rib_sent));
    map.insert("endOfRibRecv".to_owned(), ends(&|family| peer.families[family].end_of_rib_received));
    let (own, theirs) = restart_modes(peer);
    let restart = negotiated.and_then(|negotiated| negotiated.restart.as_ref());
    let times = peer.session.config().restart;
    map.insert("localGrMode".to_owned(), own.into());
    map.insert("remoteGrMode".to_owned(), theirs.into());
    map.insert("rBit".to_owned(), restart.is_some_and(|restart| restart.restarting).into());
    map.insert("nBit".to_owned(), restart.is_some_and(|restart| restart.notification).into());
    let received = restart.map_or(0, |restart| restart.restart_time_s);
    let timers = json!({ "configuredRestartTimer": times.restart_s, "receivedRestartTimer": received });
    map.insert("timers".to_owned(), timers);
    for family in Family::ALL.into_iter().filter(used) {
        let state = &peer.families[family];
        let kept = restart.is_some_and(|restart| restart.families[family] == Some(true));
        let value = json!({
            "fBit": kept,
            "endOfRibStatus": {
                "endOfRibSend": state.end_of_rib_sent,
                "endOfRibSentAfterUpdate": state.end_of_rib_sent,
                "endOfRibRecv": state.end_of_rib_received,
            },
            "timers": { "stalePathTimer": times.stale_path_s },
        });
        map.insert(family_key(family).to_owned(), value);
    }
    Value::Object(map)
}

fn put_statistics(peer: &Peer, map: &mut Members) {
    let statistics = peer.session.statistics();
    let (sent, received) = (&statistics.sent, &statistics.received);
    let value = json!({
        "depthInq": 0,
        "depthOutq": 0,
        "opensSent": sent.opens,
        "opensRecv": received.opens,
        "notificationsSent": sent.notifications,
        "notificationsRecv": received.notifications,
        "updatesSent": sent.updates,
        "updatesRecv": received.updates,
        "keepalivesSent": sent.keepalives,
        "keepalivesRecv": received.keepalives,
        "routeRefreshSent": sent.route_refreshes,
        "routeRefreshRecv": received.route_refreshes,
        "capabilitySent": 0,
        "capabilityRecv": 0,
        "totalSent": sent.total(),
        "totalRecv": received.total(),
    });
    map.insert("messageStats".to_owned(), value);
    let refused = super::refused(peer).into_iter().map(|(_, key, count)| (key.to_owned(), count.into()));
    map.insert("prefixStats".to_owned(), Value::Object(refused.collect()));
}

fn put_past(router: &Router<'_>, peer: &Peer, map: &mut Members) {
    let statistics = peer.session.statistics();
    let mut put = |key: &str, value: Value| map.insert(key.to_owned(), value);
    put("connectionsEstablished", statistics.established.into());
    put("connectionsDropped", statistics.dropped.into());
    put("connectionsSurvivedTakeovers", router.survivals.of(&peer.name).into());
    if let Some(record) = router.engine.poison_of(&peer.name) {
        let last = msec(router.clock.since(record.last));
        let reaction = record.reaction.to_string();
        put("poison", json!({ "messages": record.count, "lastMsecs": last, "reaction": reaction }));
    }
    match &statistics.last_reset {
        None => {
            put("lastReset", "never".into());
        }
        Some((at, reason)) => {
            put("lastResetTimerMsecs", msec(router.clock.since(*at)));
            put("lastResetDueTo", reason.to_string().into());
            if let Some(code) = reset_code(reason) {
                put("lastResetCode", code.into());
            }
            if let DownReason::Received(notification) | DownReason::Sent(notification) = reason {
                let code = format!("{:02X}{:02X}", notification.code, notification.subcode);
                put("lastErrorCodeSubcode", code.into());
                put("lastNotificationReason", notification.to_string().into());
                if let Some(text) = notification.shutdown_text() {
                    put("lastShutdownDescription", text.into());
                }
            }
        }
    }
    let key = if kind(peer) == PeerKind::Internal {
        "internalBgpNbrMaxHopsAway"
    } else {
        "externalBgpNbrMaxHopsAway"
    };
    put(key, hops(peer).into());
}

fn put_connection(router: &Router<'_>, peer: &Peer, map: &mut Members) {
    let mut put = |key: &str, value: Value| map.insert(key.to_owned(), value);
    match peer.ends.filter(|_| is_up(peer)) {
        Some((local, remote)) => {
            put("hostLocal", local.ip().to_string().into());
            put("portLocal", local.port().into());
            put("hostForeign", remote.ip().to_string().into());
            put("portForeign", remote.port().into());
            if let Some(own) = own_address(router, peer) {
                let unspecified = core::net::Ipv6Addr::UNSPECIFIED;
                let v4 = own.v4.unwrap_or(core::net::Ipv4Addr::UNSPECIFIED);
                put("nexthop", v4.to_string().into());
                put("nexthopGlobal", own.v6.unwrap_or(unspecified).to_string().into());
                put("nexthopLocal", own.link_local.unwrap_or(unspecified).to_string().into());
            }
            let shared = is_on_shared_network(router, peer);
            put("bgpConnection", if shared { "sharedNetwork" } else { "nonSharedNetwork" }.into());
        }
        None => {
            put("hostLocal", "Unknown".into());
            put("portLocal", (-1).into());
            put("hostForeign", "Unknown".into());
            put("portForeign", (-1).into());
        }
    }
    put("connectRetryTimer", peer.session.config().connect_retry_s.into());
    if peer.settings.password.is_some() {
        put("authenticationEnabled", 1.into());
    }
    if let Some(seconds) = due_s(router, peer, Timer::IdleHold) {
        put("nextStartTimerDueInMsecs", (seconds * 1000).into());
    }
    if let Some(seconds) = due_s(router, peer, Timer::ConnectRetry) {
        put("nextConnectTimerDueInMsecs", (seconds * 1000).into());
    }
    let thread = if is_up(peer) { "on" } else { "off" };
    put("readThread", thread.into());
    put("writeThread", thread.into());
}
