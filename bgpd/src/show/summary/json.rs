//! The summary as JSON.

use bgp_engine::engine::{Kind, Peer};
use bgp_engine::session::StopReason;
use bgp_engine::value::Family;
use serde_json::{Map, Value, json};

use super::{
    FamilyTable, Filter, GROUP_OCTETS, failure, local_as, queued, software_version, table_size, up_down,
};
use crate::show::Router;
use crate::show::path::{host_name, instance};
use crate::show::peers::{
    exchanges, id_type, is_up, lacks_export_policy, remote_as, sent_count, sent_version, state_text,
};

/// A family's members of JSON that stand before its neighbors, without the brace.
pub(super) fn json_head(router: &Router<'_>, table: &FamilyTable) -> Map<String, Value> {
    let mut map = Map::new();
    let Some(bgp) = instance(router) else { return map };
    let (version, routes, octets) = table_size(router, table.family);
    let members = [
        ("routerId", router.engine.router_id().to_string().into()),
        ("as", bgp.asn.0.into()),
        ("vrfId", 0.into()),
        ("vrfName", "default".into()),
        ("tableVersion", version.into()),
        ("ribCount", routes.into()),
        ("ribMemory", octets.into()),
        ("peerCount", table.total.into()),
        ("peerMemory", (table.total * size_of::<Peer>()).into()),
    ];
    map.extend(members.map(|(key, value): (&str, Value)| (key.to_owned(), value)));
    if !bgp.peer_groups.is_empty() {
        map.insert("peerGroupCount".to_owned(), bgp.peer_groups.len().into());
        map.insert("peerGroupMemory".to_owned(), (bgp.peer_groups.len() * GROUP_OCTETS).into());
    }
    map
}

/// A family's members that stand behind its neighbors.
pub(super) fn json_tail(router: &Router<'_>, table: &FamilyTable) -> Map<String, Value> {
    let mut map = Map::new();
    for (key, count) in [
        ("failedPeers", table.failed),
        ("displayedPeers", table.displayed),
        ("totalPeers", table.total),
        ("dynamicPeers", table.dynamic),
    ] {
        map.insert(key.to_owned(), count.into());
    }
    let mut best_path = Map::new();
    if let Some(bgp) = instance(router) {
        let knobs = bgp.best_path;
        for (key, set) in [
            ("multiPathRelax", knobs.multipath_relax),
            ("asPathIgnore", knobs.as_path_ignore),
            ("asPathConfed", knobs.as_path_confed),
            ("compareRouterId", knobs.compare_router_id),
            ("aigp", knobs.aigp),
            ("missingAsWorst", knobs.med.missing_as_worst),
            ("alwaysCompareMed", knobs.med.always_compare),
            ("deterministicMed", knobs.med.deterministic),
        ] {
            // FRR has the string for this one key.
            let value = if key == "multiPathRelax" { json!(set.to_string()) } else { json!(set) };
            if set || key == "multiPathRelax" {
                best_path.insert(key.to_owned(), value);
            }
        }
    }
    map.insert("bestPath".to_owned(), Value::Object(best_path));
    map
}

pub(super) fn peer_json(router: &Router<'_>, family: Family, filter: &Filter, peer: &Peer) -> Value {
    let mut map = Map::new();
    let mut put = |key: &str, value: Value| map.insert(key.to_owned(), value);
    let statistics = peer.session.statistics();
    let since = statistics.since;
    let up_ms = since.map_or(0, |since| router.clock.since(since).as_millis());
    let up_ms = Value::from(u64::try_from(up_ms).unwrap_or(u64::MAX));
    if *filter == Filter::Failed {
        put("connectionsEstablished", statistics.established.into());
        put("connectionsDropped", statistics.dropped.into());
        put("peerUptime", up_down(router, peer).into());
        put("peerUptimeMsec", up_ms);
        put("lastResetDueTo", failure(peer).into());
        put("idType", id_type(peer).into());
        return Value::Object(map);
    }
    if let Some(host) = host_name(peer) {
        put("hostname", host.into());
    }
    if let Some(version) = software_version(peer) {
        put("softwareVersion", version.into());
    }
    put("remoteAs", remote_as(router.engine, peer).into());
    put("localAs", local_as(peer).into());
    put("version", 4.into());
    put("msgRcvd", statistics.received.total().into());
    put("msgSent", statistics.sent.total().into());
    put("tableVersion", sent_version(router.engine, peer, family).into());
    put("outq", queued(router, peer).into());
    put("inq", 0.into());
    put("peerUptime", up_down(router, peer).into());
    put("peerUptimeMsec", up_ms);
    if let Some(since) = since.filter(|_| is_up(peer)) {
        put("peerUptimeEstablishedEpoch", router.clock.epoch_s(since).into());
    }
    put("pfxRcd", router.engine.accepted(peer.id, family).into());
    put("pfxSnt", sent_count(router.engine, peer, family).into());
    put(
        "state",
        if is_up(peer) && !exchanges(peer, family) { "NoNeg".into() } else { state_text(peer).into() },
    );
    put("peerState", peer_state(router, family, peer).into());
    put("connectionsEstablished", statistics.established.into());
    put("connectionsDropped", statistics.dropped.into());
    if let Some(description) = &peer.settings.description {
        put("desc", description.as_str().into());
    }
    put("idType", id_type(peer).into());
    if peer.kind == Kind::Dynamic {
        put("dynamicPeer", true.into());
    }
    Value::Object(map)
}

fn peer_state(router: &Router<'_>, family: Family, peer: &Peer) -> &'static str {
    match peer.session.stopped_by() {
        Some(StopReason::Shutdown(_)) => return "Admin",
        Some(StopReason::MaximumPrefix { .. }) => return "PfxCt",
        Some(StopReason::Poison { .. }) => return "Poison",
        Some(_) | None => {}
    }
    let lacks = router.engine.lacks_policy(peer, family) || lacks_export_policy(router.engine, peer, family);
    if is_up(peer) && lacks {
        "Policy"
    } else if peer.session.stale()[family] {
        "NSF passive"
    } else if peer.session.config().passive {
        "Passive"
    } else {
        "OK"
    }
}
