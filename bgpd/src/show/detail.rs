//! One path in full, and what stands above the paths of a route.

use bgp_engine::attr::{Community, PathAttributes, SegmentType};
use bgp_engine::config::AddPathTx;
use bgp_engine::engine::Peer;
use bgp_engine::rib::{RouteId, Selected, Source};
use bgp_engine::value::Family;
use serde_json::{Map, Value, json};

use super::line::{Reached, next_hops_json};
use super::path::{Judged, Old, Seen, host_name, own_next_hop, version};
use super::text::put;
use super::time::date;
use super::{Router, Shown};

/// Who is advertised what of a route.
#[derive(Debug)]
pub struct Advertised<'a> {
    peers: Vec<(&'a Peer, Vec<Selected>)>,
    /// The kinds of ADD-PATH that somebody is sent; empty where nobody is sent several paths.
    kinds: Vec<AddPathTx>,
}

impl<'a> Advertised<'a> {
    /// What is advertised of this route.
    #[must_use]
    pub fn of<N: Shown>(router: &Router<'a>, route: RouteId) -> Self {
        let rib = N::rib(router);
        let told = router.engine.peers().map(|peer| (peer, rib.advertised(route, peer.id)));
        let mut kinds: Vec<AddPathTx> = rib.groups().filter_map(|(_, group)| group.export.add_path).collect();
        kinds.dedup();
        Advertised { peers: told.filter(|(_, paths)| !paths.is_empty()).collect(), kinds }
    }

    /// Who is sent this path.
    fn told_of(&self, seen: &Seen<'_>) -> impl Iterator<Item = &'a Peer> {
        let is_it = |path: &Selected| {
            path.source == seen.path.peer
                && path.attrs == seen.path.attrs
                && (path.id.0 == 0 || path.id.0 == seen.place.0 + 1)
        };
        self.peers.iter().filter(move |(_, paths)| paths.iter().any(is_it)).map(|&(peer, _)| peer)
    }

    fn identifier(&self, seen: &Seen<'_>, kind: fn(&AddPathTx) -> bool) -> u32 {
        if self.kinds.iter().any(kind) { seen.place.0 + 1 } else { 0 }
    }

    fn json(peers: impl Iterator<Item = &'a Peer>) -> Value {
        let entries = peers.map(|peer| {
            let mut map = Map::new();
            if let Some(host) = host_name(peer) {
                map.insert("hostname".to_owned(), host.into());
            }
            if let Some(group) = &peer.group {
                map.insert("peerGroup".to_owned(), group.as_str().into());
            }
            (peer.name.to_string(), Value::Object(map))
        });
        Value::Object(entries.collect())
    }
}

fn is_all(kind: &AddPathTx) -> bool {
    matches!(kind, AddPathTx::All)
}

fn is_per_as(kind: &AddPathTx) -> bool {
    matches!(kind, AddPathTx::BestPerAs)
}

fn is_best_selected(kind: &AddPathTx) -> bool {
    matches!(kind, AddPathTx::BestSelected(_))
}

/// What stands above a route's paths.
pub fn push_head<N: Shown>(
    router: &Router<'_>,
    route: RouteId,
    judged: &Judged<'_>,
    advertised: &Advertised<'_>,
    out: &mut String,
) {
    let rib = N::rib(router);
    let net = rib.table.net(route);
    put!(out, "BGP routing table entry for {net}, version {}\n", version::<N>(router, route));
    put!(out, "Paths: ({} available", judged.paths.len());
    let best = judged.paths.iter().position(|seen| seen.best);
    match best {
        Some(at) => put!(out, ", best #{}, table default", at + 1),
        None => out.push_str(", no best path"),
    }
    let best = best.map(|at| &judged.paths[at]);
    out.push_str(best.map_or("", |seen| limits(seen.attributes)));
    if best.is_some_and(|seen| seen.attributes.communities.contains(&Community::BLACKHOLE)) {
        out.push_str(", inform peer to blackhole prefix");
    }
    if best.is_some_and(|seen| seen.suppressed) {
        out.push_str(", Advertisements suppressed by an aggregate.");
    }
    out.push_str(")\n");
    if !advertised.kinds.is_empty() {
        // Each path then says itself who is sent it.
        return;
    }
    if advertised.peers.is_empty() {
        out.push_str("  Not advertised to any peer\n");
    } else {
        out.push_str("  Advertised to peers:\n ");
        for (peer, _) in &advertised.peers {
            put!(out, " {}", peer.name);
        }
        out.push('\n');
    }
}

/// What a well-known community keeps a route from.
fn limits(attributes: &PathAttributes) -> &'static str {
    let has = |community| attributes.communities.contains(&community);
    if has(Community::NO_ADVERTISE) {
        ", not advertised to any peer"
    } else if has(Community::NO_EXPORT) {
        ", not advertised to EBGP peer"
    } else if has(Community::LOCAL_AS) {
        ", not advertised outside local AS"
    } else {
        ""
    }
}

/// A route's members of JSON that stand before its paths.
#[must_use]
pub fn head_json<N: Shown>(
    router: &Router<'_>,
    route: RouteId,
    advertised: &Advertised<'_>,
) -> Map<String, Value> {
    let mut map = Map::new();
    map.insert("prefix".to_owned(), N::rib(router).table.net(route).to_string().into());
    map.insert("version".to_owned(), version::<N>(router, route).into());
    if advertised.kinds.is_empty() && !advertised.peers.is_empty() {
        let peers = advertised.peers.iter().map(|&(peer, _)| peer);
        map.insert("advertisedTo".to_owned(), Advertised::json(peers));
    }
    map
}

/// One path in full.
pub fn push_path(
    router: &Router<'_>,
    family: Family,
    judged: &Judged<'_>,
    seen: &Seen<'_>,
    advertised: &Advertised<'_>,
    out: &mut String,
) {
    push_as_path(seen, family, out);
    push_next_hop(router, seen, family, out);
    push_attributes(judged, seen, out);
    let rare = seen.attributes.rare();
    let lists = [
        ("Community", seen.attributes.communities.to_string()),
        ("Extended Community", rare.extended_communities.to_string()),
        ("Extended Community (IPv6)", rare.ipv6_extended_communities.to_string()),
        ("Large Community", rare.large_communities.to_string()),
    ];
    for (name, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
        put!(out, "      {name}: {list}\n");
    }
    if rare.originator_id.is_some() || !rare.cluster_list.is_empty() {
        let originator = rare.originator_id.map(|id| format!("Originator: {id}"));
        let clusters =
            (!rare.cluster_list.is_empty()).then(|| format!("Cluster list: {}", rare.cluster_list));
        let both: Vec<String> = originator.into_iter().chain(clusters).collect();
        put!(out, "      {}\n", both.join(", "));
    }
    let received = received_id(seen);
    if received != 0 || !advertised.kinds.is_empty() {
        let [all, per_as, selected] =
            [is_all, is_per_as, is_best_selected].map(|kind| advertised.identifier(seen, kind));
        put!(out, "      AddPath ID: RX {received}, TX-All {all} TX-Best-Per-AS {per_as} ");
        put!(out, "TX-Best-Selected {selected}\n");
    }
    if !advertised.kinds.is_empty() {
        let peers: Vec<String> = advertised.told_of(seen).map(|peer| peer.name.to_string()).collect();
        if !peers.is_empty() {
            put!(out, "      Advertised to: {}\n", peers.join(" "));
        }
    }
    put!(out, "      Last update: {}\n", date(router.clock.epoch_of_second(seen.path.since_s)));
}

/// The peer's identifier of a path; this router's own have none.
fn received_id(seen: &Seen<'_>) -> u32 {
    if seen.is_own() { 0 } else { seen.path.received_id.0 }
}

fn push_as_path(seen: &Seen<'_>, family: Family, out: &mut String) {
    let attributes = seen.attributes;
    if attributes.as_path.is_empty() {
        out.push_str("  Local");
    } else {
        put!(out, "  {}", attributes.as_path);
    }
    match seen.old {
        Old::No => {}
        Old::Removed => out.push_str(", (removed)"),
        Old::Stale => out.push_str(", (stale)"),
    }
    if let Some(aggregator) = attributes.rare().aggregator {
        put!(out, ", (aggregated by {} {})", aggregator.asn, aggregator.router_id);
    }
    if seen.facts.reflector_client[family] {
        out.push_str(", (Received from a RR-client)");
    }
    if seen.facts.server_client[family] {
        out.push_str(", (Received from a RS-client)");
    }
    out.push('\n');
}

fn push_next_hop(router: &Router<'_>, seen: &Seen<'_>, family: Family, out: &mut String) {
    let next_hop = &seen.attributes.next_hop;
    let address = next_hop.address().unwrap_or(own_next_hop(family));
    put!(out, "    {address}");
    match seen.metric {
        None => out.push_str(" (inaccessible)"),
        Some(0) => {}
        Some(metric) => put!(out, " (metric {metric})"),
    }
    match seen.peer {
        None => put!(out, " from {} ({})\n", own_next_hop(family), router.engine.router_id()),
        Some(peer) => {
            let id = seen.attributes.rare().originator_id.unwrap_or(seen.facts.router_id);
            put!(out, " from {} ({id})\n", peer.name);
        }
    }
    if let Some(link_local) = next_hop.link_local().filter(|link_local| address != *link_local) {
        put!(out, "    ({link_local}) (used)\n");
    }
}

fn push_attributes(judged: &Judged<'_>, seen: &Seen<'_>, out: &mut String) {
    let attributes = seen.attributes;
    let rare = attributes.rare();
    put!(out, "      Origin {}", attributes.origin);
    let mut numbers = |name: &str, value: Option<u64>| {
        if let Some(value) = value {
            put!(out, ", {name} {value}");
        }
    };
    numbers("metric", seen.med().map(u64::from));
    numbers("localpref", attributes.local_pref.map(u64::from));
    numbers("aigp-metric", rare.aigp);
    numbers("weight", (attributes.weight != 0).then_some(attributes.weight.into()));
    out.push_str(if seen.metric.is_some() { ", valid" } else { ", invalid" });
    out.push_str(match seen.facts.source {
        Source::External => ", external",
        Source::Internal => ", internal",
        Source::Confederation => ", confed-external",
        Source::Local if rare.aggregator.is_some() => ", aggregated, local",
        Source::Local => ", sourced, local",
    });
    if attributes.atomic_aggregate {
        out.push_str(", atomic-aggregate");
    }
    if let Some(otc) = rare.otc {
        put!(out, ", otc {otc}");
    }
    if seen.multipath {
        out.push_str(", multipath");
    }
    if seen.best {
        put!(out, ", best ({})", judged.reason.unwrap_or_default());
    }
    out.push('\n');
}

/// One path in full.
#[must_use]
pub fn path_json(
    router: &Router<'_>,
    family: Family,
    version: u64,
    judged: &Judged<'_>,
    seen: &Seen<'_>,
    advertised: &Advertised<'_>,
) -> Value {
    let mut map = Map::new();
    map.insert("aspath".to_owned(), as_path_json(seen.attributes));
    put_flags(seen, family, &mut map);
    map.insert("version".to_owned(), version.into());
    put_standing(judged, seen, &mut map);
    put_communities(seen.attributes, &mut map);
    let received = received_id(seen);
    if received != 0 || !advertised.kinds.is_empty() {
        map.insert("addpathRxId".to_owned(), received.into());
    }
    if !advertised.kinds.is_empty() {
        let id = advertised.identifier(seen, |_| true);
        map.insert("addpathTxId".to_owned(), id.into());
        map.insert("addpathTxIdAll".to_owned(), advertised.identifier(seen, is_all).into());
        map.insert("addpathTxIdBestPerAS".to_owned(), advertised.identifier(seen, is_per_as).into());
        let peers = advertised.told_of(seen);
        map.insert("advertisedTo".to_owned(), Advertised::json(peers));
    }
    let epoch = router.clock.epoch_of_second(seen.path.since_s);
    map.insert("lastUpdate".to_owned(), json!({ "epoch": epoch, "string": format!("{}\n", date(epoch)) }));
    let own_host = router.engine.configuration().hostname.clone();
    let host = seen.peer.map_or(own_host, host_name);
    let reach = Some(Reached(seen.metric));
    map.insert("nexthops".to_owned(), next_hops_json(seen, family, host.as_deref(), reach));
    map.insert("peer".to_owned(), peer_json(router, seen, family, host));
    Value::Object(map)
}

fn as_path_json(attributes: &PathAttributes) -> Value {
    let path = &attributes.as_path;
    let segments = path.segments().map(|segment| {
        let kind = match segment.kind {
            SegmentType::Set => "as-set",
            SegmentType::Sequence => "as-sequence",
            SegmentType::ConfedSequence => "as-confed-sequence",
            SegmentType::ConfedSet => "as-confed-set",
        };
        json!({ "type": kind, "list": segment.asns().map(|asn| asn.0).collect::<Vec<_>>() })
    });
    let text = if path.is_empty() { "Local".to_owned() } else { path.to_string() };
    json!({ "string": text, "segments": segments.collect::<Vec<_>>(), "length": path.hop_count() })
}

fn put_flags(seen: &Seen<'_>, family: Family, map: &mut Map<String, Value>) {
    let attributes = seen.attributes;
    let rare = attributes.rare();
    let mut put = |key: &str, value: Value| map.insert(key.to_owned(), value);
    match seen.old {
        Old::No => None,
        Old::Removed => put("removed", true.into()),
        Old::Stale => put("stale", true.into()),
    };
    if let Some(aggregator) = rare.aggregator {
        put("aggregatorAs", aggregator.asn.0.into());
        put("aggregatorId", aggregator.router_id.to_string().into());
    }
    if seen.facts.reflector_client[family] {
        put("rxedFromRrClient", true.into());
    }
    if seen.facts.server_client[family] {
        put("rxedFromRsClient", true.into());
    }
    put("origin", attributes.origin.to_string().into());
    if let Some(med) = seen.med() {
        put("metric", med.into());
    }
    if let Some(local_pref) = attributes.local_pref {
        put("locPrf", local_pref.into());
    }
    if let Some(aigp) = rare.aigp {
        put("aigpMetric", aigp.into());
    }
    if attributes.weight != 0 {
        put("weight", attributes.weight.into());
    }
    put("valid", seen.metric.is_some().into());
}

fn put_standing(judged: &Judged<'_>, seen: &Seen<'_>, map: &mut Map<String, Value>) {
    let attributes = seen.attributes;
    let rare = attributes.rare();
    let mut put = |key: &str, value: Value| map.insert(key.to_owned(), value);
    if seen.is_own() {
        put(if rare.aggregator.is_some() { "aggregated" } else { "sourced" }, true.into());
        put("local", true.into());
    }
    if attributes.atomic_aggregate {
        put("atomicAggregate", true.into());
    }
    if let Some(otc) = rare.otc {
        put("otc", otc.0.into());
    }
    if seen.multipath {
        put("multipath", true.into());
    }
    if seen.best {
        put("bestpath", json!({ "overall": true, "selectionReason": judged.reason }));
    }
    if let Some(originator) = rare.originator_id {
        put("originatorId", originator.to_string().into());
    }
    if !rare.cluster_list.is_empty() {
        let list: Vec<String> = rare.cluster_list.iter().map(ToString::to_string).collect();
        put("clusterList", json!({ "list": list }));
    }
}

fn put_communities(attributes: &PathAttributes, map: &mut Map<String, Value>) {
    let rare = attributes.rare();
    if !attributes.communities.is_empty() {
        let list: Vec<String> = attributes.communities.iter().map(|c| camel_case(&c.to_string())).collect();
        let value = json!({ "string": attributes.communities.to_string(), "list": list });
        map.insert("community".to_owned(), value);
    }
    if !rare.extended_communities.is_empty() {
        let value = json!({ "string": rare.extended_communities.to_string() });
        map.insert("extendedCommunity".to_owned(), value);
    }
    if !rare.ipv6_extended_communities.is_empty() {
        let value = json!({ "string": rare.ipv6_extended_communities.to_string() });
        map.insert("extendedIpv6Community".to_owned(), value);
    }
    if !rare.large_communities.is_empty() {
        let list: Vec<String> = rare.large_communities.iter().map(ToString::to_string).collect();
        let value = json!({ "string": rare.large_communities.to_string(), "list": list });
        map.insert("largeCommunity".to_owned(), value);
    }
}

/// `no-export` as FRR's JSON has it: `noExport`.
fn camel_case(text: &str) -> String {
    let mut words = text.split('-');
    let mut out = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        out.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        out.push_str(&letters.as_str().to_ascii_lowercase());
    }
    out
}

fn peer_json(router: &Router<'_>, seen: &Seen<'_>, family: Family, host: Option<String>) -> Value {
    let mut map = Map::new();
    let id = match seen.peer {
        Some(_) => seen.attributes.rare().originator_id.unwrap_or(seen.facts.router_id),
        None => router.engine.router_id(),
    };
    let address = if seen.peer.is_some() { seen.facts.address } else { own_next_hop(family) };
    map.insert("peerId".to_owned(), address.to_string().into());
    map.insert("routerId".to_owned(), id.to_string().into());
    if let Some(host) = host.filter(|_| seen.peer.is_some()) {
        map.insert("hostname".to_owned(), host.into());
    }
    if let Some(bgp_engine::config::NeighborName::Interface(name)) = seen.peer.map(|peer| &peer.name) {
        map.insert("interface".to_owned(), name.as_str().into());
    }
    match seen.facts.source {
        Source::External => map.insert("type".to_owned(), "external".into()),
        Source::Internal => map.insert("type".to_owned(), "internal".into()),
        Source::Confederation => map.insert("type".to_owned(), "confed-external".into()),
        Source::Local => None,
    };
    Value::Object(map)
}
