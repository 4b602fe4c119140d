//! A neighbor in one family: what is set for it and what has come of it.

use bgp_engine::config::{AddPathTx, CommunityKinds, LimitAction, NeighborFamily, NextHopSelf};
use bgp_engine::engine::Peer;
use bgp_engine::value::Family;
use serde_json::{Map, Value};

use crate::show::Router;
use crate::show::peers::{exchanges, lacks_export_policy, sent_count};
use crate::show::text::put;
use crate::show::update_groups::group_number;

/// A setting's line, its key, and its value in JSON.
type Row = (&'static str, &'static str, Value);

/// What is set, in FRR's order. Only what applies has a row.
fn rows(peer: &Peer, family: Family) -> Vec<Row> {
    let settings = &peer.settings.families[family];
    let on = Value::from(true);
    let is = |set: Option<bool>| set.unwrap_or(false);
    let mut rows: Vec<Row> = Vec::new();
    let mut row = |applies: bool, line, key, value: &Value| {
        if applies {
            rows.push((line, key, value.clone()));
        }
    };
    row(
        is(settings.soft_reconfiguration),
        "Inbound soft reconfiguration allowed",
        "inboundSoftConfigPermit",
        &on,
    );
    row(is(settings.route_reflector_client), "Route-Reflector Client", "routeReflectorClient", &on);
    row(is(settings.route_server_client), "Route-Server Client", "routeServerClient", &on);
    if let Some(remove) = settings.remove_private_as {
        let (line, key) = match (remove.all, remove.replace) {
            (true, true) => (
                "Private AS numbers (all) replaced in updates to this neighbor",
                "privateAsNumsAllReplacedInUpdatesToNbr",
            ),
            (true, false) => (
                "Private AS numbers (all) removed in updates to this neighbor",
                "privateAsNumsAllRemovedInUpdatesToNbr",
            ),
            (false, true) => (
                "Private AS numbers replaced in updates to this neighbor",
                "privateAsNumsReplacedInUpdatesToNbr",
            ),
            (false, false) => (
                "Private AS numbers removed in updates to this neighbor",
                "privateAsNumsRemovedInUpdatesToNbr",
            ),
        };
        row(true, line, key, &on);
    }
    row(
        is(settings.as_override),
        "Override ASNs in outbound updates if aspath equals remote-as",
        "overrideASNsInOutboundUpdates",
        &on,
    );
    if let Some(next_hop_self) = settings.next_hop_self {
        row(true, "NEXT_HOP is always this router", "routerAlwaysNextHop", &on);
        row(
            next_hop_self == NextHopSelf::Force,
            "NEXT_HOP is forced for reflected routes",
            "nextHopSelfForced",
            &on,
        );
    }
    row(
        is(settings.as_path_unchanged),
        "AS_PATH is propagated unchanged to this neighbor",
        "unchangedAsPathPropogatedToNbr",
        &on,
    );
    row(
        is(settings.next_hop_unchanged),
        "NEXT_HOP is propagated unchanged to this neighbor",
        "unchangedNextHopPropogatedToNbr",
        &on,
    );
    row(
        is(settings.med_unchanged),
        "MED is propagated unchanged to this neighbor",
        "unchangedMedPropogatedToNbr",
        &on,
    );
    if let Some(add_path) = settings.add_path_tx {
        let (line, key) = match add_path {
            AddPathTx::All => ("Advertise all paths via addpath", "addpathTxAllPaths"),
            AddPathTx::BestPerAs => ("Advertise bestpath per AS via addpath", "addpathTxBestpathPerAS"),
            AddPathTx::BestSelected(_) => {
                ("Advertise best selected paths via addpath", "addpathTxBestSelectedPaths")
            }
        };
        row(true, line, key, &on);
    }
    let (line, value) = communities(settings.send_community);
    if let Some(line) = line {
        row(true, line, "commAttriSentToNbr", &value.into());
    }
    if settings.default_originate.is_some() {
        let sent = peer.families[family].default_sent;
        let line = if sent {
            "Default information originate, default sent"
        } else {
            "Default information originate, default not sent"
        };
        row(true, line, if sent { "defaultSent" } else { "defaultNotSent" }, &on);
    }
    rows
}

/// The line and the JSON value of `send-community`.
fn communities(kinds: Option<CommunityKinds>) -> (Option<&'static str>, &'static str) {
    let Some(kinds) = kinds else {
        return (Some("Community attribute sent to this neighbor(all)"), "extendedAndStandard");
    };
    match (kinds.standard, kinds.extended, kinds.large) {
        (true, true, true) => (Some("Community attribute sent to this neighbor(all)"), "extendedAndStandard"),
        (true, true, false) => {
            (Some("Community attribute sent to this neighbor(both)"), "extendedAndStandard")
        }
        (false, true, _) => (Some("Community attribute sent to this neighbor(extended)"), "extended"),
        (true, false, _) => (Some("Community attribute sent to this neighbor(standard)"), "standard"),
        (false, false, true) => (Some("Community attribute sent to this neighbor(large)"), "large"),
        (false, false, false) => (None, ""),
    }
}

/// The filters: the line's beginning, the key, the name.
fn filters(settings: &NeighborFamily) -> impl Iterator<Item = (&'static str, &'static str, &str)> {
    [
        (
            "Incoming update prefix filter list is",
            "incomingUpdatePrefixFilterList",
            settings.prefix_list_in.as_deref(),
        ),
        (
            "Outgoing update prefix filter list is",
            "outgoingUpdatePrefixFilterList",
            settings.prefix_list_out.as_deref(),
        ),
        (
            "Route map for incoming advertisements is",
            "routeMapForIncomingAdvertisements",
            settings.route_map_in.as_deref(),
        ),
        (
            "Route map for outgoing advertisements is",
            "routeMapForOutgoingAdvertisements",
            settings.route_map_out.as_deref(),
        ),
    ]
    .into_iter()
    .filter_map(|(line, key, name)| Some((line, key, name?)))
}

fn exists(router: &Router<'_>, family: Family, line: &str, name: &str) -> bool {
    let configuration = router.engine.configuration();
    if line.starts_with("Route map") {
        configuration.route_maps.contains_key(name)
    } else {
        configuration.prefix_lists[family].contains_key(name)
    }
}

/// The update group of a peer.
fn group(router: &Router<'_>, peer: &Peer, family: Family) -> Option<usize> {
    let rib = router.engine.rib();
    match family {
        Family::Ipv4Unicast => rib.v4.group(peer.id).map(|(at, _)| group_number(family, at)),
        Family::Ipv6Unicast => rib.v6.group(peer.id).map(|(at, _)| group_number(family, at)),
    }
}

fn has_policy(settings: &NeighborFamily) -> (bool, bool) {
    let inbound = settings.route_map_in.is_some() || settings.prefix_list_in.is_some();
    let outbound = settings.route_map_out.is_some() || settings.prefix_list_out.is_some();
    (inbound, outbound)
}

/// Writes the family's block.
pub(super) fn push(router: &Router<'_>, peer: &Peer, family: Family, out: &mut String) {
    let settings = &peer.settings.families[family];
    put!(out, "\n For address family: {family}\n");
    if let Some(group) = &peer.group {
        put!(out, "  {group} peer-group member\n");
    }
    match group(router, peer, family) {
        Some(group) => put!(out, "  Update group {group}, subgroup {group}\n  Packet Queue length 0\n"),
        None => out.push_str("  Not part of any update group\n"),
    }
    for (line, _, _) in rows(peer, family) {
        put!(out, "  {line}\n");
    }
    let (inbound, outbound) = has_policy(settings);
    if inbound {
        out.push_str("  Inbound path policy configured\n");
    }
    if outbound {
        out.push_str("  Outbound path policy configured\n");
    }
    for (line, _, name) in filters(settings) {
        let star = if exists(router, family, line, name) { "*" } else { "" };
        put!(out, "  {line} {star}{name}\n");
    }
    if router.engine.lacks_policy(peer, family) {
        out.push_str("  Inbound updates discarded due to missing policy\n");
    }
    if lacks_export_policy(router.engine, peer, family) {
        out.push_str("  Outbound updates discarded due to missing policy\n");
    }
    let accepted = router.engine.accepted(peer.id, family);
    let sent = sent_count(router.engine, peer, family);
    let duplicates = peer.families[family].refused.duplicates;
    put!(out, "  {accepted} accepted, {sent} sent prefixes, {duplicates} received duplicates\n");
    if let Some(limit) = settings.maximum_prefix {
        let warning = if limit.action == LimitAction::WarningOnly { " (warning-only)" } else { "" };
        put!(out, "  Maximum prefixes allowed {}{warning}\n", limit.limit);
        put!(out, "  Threshold for warning message {}%", limit.threshold_percent);
        if let LimitAction::Restart { minutes } = limit.action {
            put!(out, ", restart interval {minutes} min");
        }
        out.push('\n');
    }
}

/// The family's member of `addressFamilyInfo`.
pub(super) fn json(router: &Router<'_>, peer: &Peer, family: Family) -> Value {
    let settings = &peer.settings.families[family];
    let mut map = Map::new();
    if let Some(group) = &peer.group {
        map.insert("peerGroupMember".to_owned(), group.as_str().into());
    }
    if let Some(group) = group(router, peer, family) {
        map.insert("updateGroupId".to_owned(), group.into());
        map.insert("subGroupId".to_owned(), group.into());
        map.insert("packetQueueLength".to_owned(), 0.into());
    }
    for (_, key, value) in rows(peer, family) {
        map.insert(key.to_owned(), value);
    }
    let (inbound, outbound) = has_policy(settings);
    let lacks = |way: &str| Value::from(format!("{way} updates discarded due to missing policy"));
    for (applies, key, value) in [
        (inbound, "inboundPathPolicyConfig", true.into()),
        (outbound, "outboundPathPolicyConfig", true.into()),
        (router.engine.lacks_policy(peer, family), "inboundEbgpRequiresPolicy", lacks("Inbound")),
        (lacks_export_policy(router.engine, peer, family), "outboundEbgpRequiresPolicy", lacks("Outbound")),
    ] {
        if applies {
            map.insert(key.to_owned(), value);
        }
    }
    for (_, key, name) in filters(settings) {
        map.insert(key.to_owned(), name.into());
    }
    map.insert("acceptedPrefixCounter".to_owned(), router.engine.accepted(peer.id, family).into());
    if exchanges(peer, family) {
        map.insert("sentPrefixCounter".to_owned(), sent_count(router.engine, peer, family).into());
    }
    map.insert("duplicatePrefixCounter".to_owned(), peer.families[family].refused.duplicates.into());
    if let Some(limit) = settings.maximum_prefix {
        map.insert("prefixAllowedMax".to_owned(), limit.limit.into());
        if limit.action == LimitAction::WarningOnly {
            map.insert("prefixAllowedMaxWarning".to_owned(), true.into());
        }
        map.insert("prefixAllowedWarningThresh".to_owned(), limit.threshold_percent.into());
        if let LimitAction::Restart { minutes } = limit.action {
            map.insert("prefixAllowedRestartIntervalMsecs".to_owned(), (u32::from(minutes) * 60_000).into());
        }
    }
    Value::Object(map)
}
