//! A neighbor in one family: what is set for it and what has come of it.

use bgp_engine::config::{
    AddPathTx, CommunityKinds, LimitAction, NeighborFamily, NextHopSelf, RemovePrivateAs,
};
use bgp_engine::engine::Peer;
use bgp_engine::value::Family;
use serde_json::{Map, Value};

use crate::show::Router;
use crate::show::peers::{exchanges, lacks_export_policy, sent_count};
use crate::show::text::put;
use crate::show::update_groups::group_number;

/// A setting's line and its key.
type Row = (&'static str, &'static str);

/// A setting that is on or off, and what is said where it is on.
struct Switch {
    is_on: fn(&NeighborFamily) -> Option<bool>,
    row: Row,
}

const fn switch(is_on: fn(&NeighborFamily) -> Option<bool>, line: &'static str, key: &'static str) -> Switch {
    Switch { is_on, row: (line, key) }
}

/// The settings that are on or off, in FRR's order.
static SWITCHES: [Switch; 9] = [
    switch(|f| f.soft_reconfiguration, "Inbound soft reconfiguration allowed", "inboundSoftConfigPermit"),
    switch(|f| f.route_reflector_client, "Route-Reflector Client", "routeReflectorClient"),
    switch(|f| f.route_server_client, "Route-Server Client", "routeServerClient"),
    switch(
        |f| f.as_override,
        "Override ASNs in outbound updates if aspath equals remote-as",
        "overrideASNsInOutboundUpdates",
    ),
    switch(|f| f.next_hop_self.map(|_| true), "NEXT_HOP is always this router", "routerAlwaysNextHop"),
    switch(
        |f| f.next_hop_self.map(|how| how == NextHopSelf::Force),
        "NEXT_HOP is forced for reflected routes",
        "nextHopSelfForced",
    ),
    switch(
        |f| f.as_path_unchanged,
        "AS_PATH is propagated unchanged to this neighbor",
        "unchangedAsPathPropogatedToNbr",
    ),
    switch(
        |f| f.next_hop_unchanged,
        "NEXT_HOP is propagated unchanged to this neighbor",
        "unchangedNextHopPropogatedToNbr",
    ),
    switch(
        |f| f.med_unchanged,
        "MED is propagated unchanged to this neighbor",
        "unchangedMedPropogatedToNbr",
    ),
];

/// What is set.
fn rows(peer: &Peer, family: Family) -> Vec<Row> {
    let settings = &peer.settings.families[family];
    let on = SWITCHES.iter().filter(|switch| (switch.is_on)(settings).unwrap_or(false));
    let mut rows: Vec<Row> = on.map(|switch| switch.row).collect();
    rows.extend(settings.remove_private_as.map(remove_private_as));
    rows.extend(settings.add_path_tx.map(|add_path| match add_path {
        AddPathTx::All => ("Advertise all paths via addpath", "addpathTxAllPaths"),
        AddPathTx::BestPerAs => ("Advertise bestpath per AS via addpath", "addpathTxBestpathPerAS"),
        AddPathTx::BestSelected(_) => {
            ("Advertise best selected paths via addpath", "addpathTxBestSelectedPaths")
        }
    }));
    rows.extend(settings.default_originate.as_ref().map(|_| {
        if peer.families[family].default_sent {
            ("Default information originate, default sent", "defaultSent")
        } else {
            ("Default information originate, default not sent", "defaultNotSent")
        }
    }));
    rows
}

const fn remove_private_as(remove: RemovePrivateAs) -> Row {
    match (remove.all, remove.replace) {
        (true, true) => (
            "Private AS numbers (all) replaced in updates to this neighbor",
            "privateAsNumsAllReplacedInUpdatesToNbr",
        ),
        (true, false) => (
            "Private AS numbers (all) removed in updates to this neighbor",
            "privateAsNumsAllRemovedInUpdatesToNbr",
        ),
        (false, true) => {
            ("Private AS numbers replaced in updates to this neighbor", "privateAsNumsReplacedInUpdatesToNbr")
        }
        (false, false) => {
            ("Private AS numbers removed in updates to this neighbor", "privateAsNumsRemovedInUpdatesToNbr")
        }
    }
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
    let communities = communities(settings.send_community);
    for line in rows(peer, family).into_iter().map(|(line, _)| line).chain(communities.0) {
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
    for (_, key) in rows(peer, family) {
        map.insert(key.to_owned(), true.into());
    }
    if let (Some(_), kinds) = communities(settings.send_community) {
        map.insert("commAttriSentToNbr".to_owned(), kinds.into());
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
