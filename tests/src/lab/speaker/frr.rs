//! FRR's vtysh, and ours, which speaks its language.

use serde_json::Value;

use super::{Family, LabError, Node, Route, Session, community};

/// Prefixes asked for in one call of the shell.
const BATCH: usize = 50;

pub(super) fn routes(node: &Node, shell: &str, family: Family) -> Result<Vec<Route>, LabError> {
    let table = match family {
        Family::Ipv4 => "show bgp ipv4 unicast",
        Family::Ipv6 => "show bgp ipv6 unicast",
    };
    let list = node.json(&[shell, "-c", &format!("{table} json")])?;
    let prefixes: Vec<&String> = list["routes"].as_object().map(|r| r.keys().collect()).unwrap_or_default();
    let mut routes = Vec::new();
    for batch in prefixes.chunks(BATCH) {
        let mut words = vec![shell.to_string()];
        for prefix in batch {
            words.extend(["-c".into(), format!("{table} {prefix} json")]);
        }
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let answer = node.run(&words)?;
        for entry in serde_json::Deserializer::from_str(&answer).into_iter::<Value>() {
            let entry = entry.map_err(|error| node.unreadable(&words, error.to_string(), answer.clone()))?;
            let Some(prefix) = entry["prefix"].as_str() else { continue };
            let stale = &list["routes"][prefix];
            for path in entry["paths"].as_array().into_iter().flatten() {
                routes.push(route(prefix, path, stale));
            }
        }
    }
    Ok(routes)
}

/// One path of `show bgp … PREFIX json`; staleness is shown in `listed`, the table's view of the prefix.
fn route(prefix: &str, path: &Value, listed: &Value) -> Route {
    let hops = path["nexthops"].as_array().map(Vec::as_slice).unwrap_or_default();
    let global = hops.iter().find(|hop| hop["scope"] != "link-local").or(hops.first());
    let own = ["0.0.0.0", "::", "(unspec)"];
    let peer = path["peer"]["peerId"].as_str().filter(|peer| !own.contains(peer));
    // FRR 8.4 cuts `string` at 8 KiB, not `list`.
    let list = |key: &str| -> Vec<String> {
        let each = path[key]["list"].as_array().into_iter().flatten();
        each.filter_map(|item| item.as_str().map(str::to_string)).collect()
    };
    let words = |key: &str| -> Vec<String> {
        let text = path[key]["string"].as_str().unwrap_or_default();
        text.split_whitespace().map(str::to_string).collect()
    };
    let aggregator = path["aggregatorAs"].as_u64();
    let as_path = path["aspath"]["string"].as_str().filter(|path| *path != "Local").unwrap_or_default();
    let is_stale = path["stale"] == true
        || listed
            .as_array()
            .into_iter()
            .flatten()
            .any(|l| l["stale"] == true && l["peerId"] == path["peer"]["peerId"]);
    Route {
        prefix: prefix.into(),
        neighbor: peer.map(str::to_string),
        next_hop: global.and_then(|hop| hop["ip"].as_str()).map(str::to_string),
        as_path: as_path.into(),
        origin: path["origin"].as_str().unwrap_or_default().to_lowercase(),
        med: number(&path["metric"]),
        local_pref: number(&path["locPrf"]),
        communities: list("community").iter().map(|shown| community::standard(shown)).collect(),
        large: list("largeCommunity"),
        extended: words("extendedCommunity")
            .iter()
            .map(|shown| {
                shown.split_once(':').map_or_else(|| shown.clone(), |(k, v)| community::extended(k, v))
            })
            .collect(),
        aggregator: aggregator
            .map(|asn| format!("{asn} {}", path["aggregatorId"].as_str().unwrap_or_default())),
        atomic: path["atomicAggregate"] == true,
        originator: path["originatorId"].as_str().map(str::to_string),
        cluster_list: list("clusterList"),
        otc: number(&path["otc"]),
        aigp: path["aigpMetric"].as_u64(),
        unknown: Vec::new(),
        path_id: number(&path["addpathRxId"]),
        best: path["bestpath"]["overall"] == true,
        multipath: path["multipath"] == true,
        stale: is_stale,
    }
}

fn number(value: &Value) -> Option<u32> {
    value.as_u64().and_then(|number| number.try_into().ok())
}

pub(super) fn session(node: &Node, shell: &str, neighbor: &str) -> Result<Session, LabError> {
    let answer = node.json(&[shell, "-c", &format!("show bgp neighbors {neighbor} json")])?;
    let state = answer[neighbor]["bgpState"].as_str().unwrap_or("unknown").to_string();
    let detail = serde_json::to_string_pretty(&answer[neighbor]).unwrap_or_default();
    Ok(Session { established: state == "Established", state, detail })
}
