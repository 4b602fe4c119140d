//! OpenBGPD's bgpctl.
//!
//! It shows an absent MED as 0. Paths that it holds but finds invalid (an AS loop) are left out: they are not in the
//! running for anything.

use std::net::IpAddr;

use serde_json::Value;

use super::{Family, LabError, Node, Route, Session, community};

pub(super) fn routes(node: &Node, family: Family) -> Result<Vec<Route>, LabError> {
    let answer = node.json(&["bgpctl", "-j", "show", "rib", "detail"])?;
    let of_family = |entry: &&Value| {
        let is_ipv6 = entry["prefix"].as_str().is_some_and(|prefix| prefix.contains(':'));
        is_ipv6 == (family == Family::Ipv6) && entry["valid"] == true
    };
    Ok(answer["rib"].as_array().into_iter().flatten().filter(of_family).map(route).collect())
}

fn route(entry: &Value) -> Route {
    let text = |value: &Value| value.as_str().map(str::to_string);
    let number = |value: &Value| value.as_u64().and_then(|number| number.try_into().ok());
    let words = |key: &str| -> Vec<String> {
        entry[key]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|word| word.as_str().map(str::to_string))
            .collect()
    };
    let neighbor = entry["neighbor"]["remote_addr"].as_str().filter(|ip| ip.parse::<IpAddr>().is_ok());
    let mut route = Route {
        prefix: text(&entry["prefix"]).unwrap_or_default(),
        neighbor: neighbor.map(str::to_string),
        next_hop: text(&entry["exit_nexthop"]),
        as_path: text(&entry["aspath"]).unwrap_or_default().replace("{ ", "{").replace(" }", "}"),
        origin: text(&entry["origin"]).unwrap_or_default().to_lowercase(),
        med: number(&entry["metric"]),
        local_pref: number(&entry["localpref"]),
        communities: words("communities").iter().map(|shown| community::standard(shown)).collect(),
        large: words("large_communities"),
        extended: words("extended_communities")
            .iter()
            .map(|shown| {
                shown.split_once(' ').map_or_else(|| shown.clone(), |(k, v)| community::extended(k, v))
            })
            .collect(),
        path_id: number(&entry["path_id"]),
        best: entry["best"] == true,
        stale: entry["stale"] == true,
        ..Route::default()
    };
    for attribute in entry["attributes"].as_array().into_iter().flatten() {
        attribute_of(&mut route, attribute);
    }
    route
}

fn attribute_of(route: &mut Route, attribute: &Value) {
    let kind = attribute["type"].as_str().unwrap_or_default();
    match kind {
        "Atomic Aggregate" => route.atomic = true,
        "Aggregator" => {
            let id = attribute["router_id"].as_str().unwrap_or_default();
            route.aggregator = Some(format!("{} {id}", attribute["AS"]));
        }
        "Originator Id" => route.originator = attribute["originator"].as_str().map(str::to_string),
        "Cluster Id List" => {
            let list = attribute["cluster_list"].as_array().into_iter().flatten();
            route.cluster_list = list.filter_map(|id| id.as_str().map(str::to_string)).collect();
        }
        "OTC" => route.otc = attribute["as"].as_u64().and_then(|asn| asn.try_into().ok()),
        other => {
            if let Some(code) = other.strip_prefix("Unknown Attribute #") {
                let data = attribute["data"].as_str().unwrap_or_default();
                route.unknown.push(format!("{code}:{}", data.replace(' ', "")));
            }
        }
    }
}

pub(super) fn session(node: &Node, address: IpAddr) -> Result<Session, LabError> {
    let answer = node.json(&["bgpctl", "-j", "show", "neighbor", &address.to_string()])?;
    let neighbor = &answer["neighbors"][0];
    let state = neighbor["state"].as_str().unwrap_or("unknown").to_string();
    let detail = serde_json::to_string_pretty(neighbor).unwrap_or_default();
    Ok(Session { established: state == "Established", state, detail })
}
