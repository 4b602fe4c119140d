//! ExaBGP: it has no table to show, so its printed messages are played into one.
//!
//! ExaBGP does not look for AS loops; a path with its own AS in it is left out here, as every router does.
//!
//! Its process (see the start script of its image) writes one JSON object a line: states of sessions, and updates.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde_json::Value;

use super::{Family, LabError, Node, Route, Session, community};

/// What the process printed, oldest first.
fn printed(node: &Node) -> Result<Vec<Value>, LabError> {
    let words = ["sh", "-c", "cat /run/exabgp/received.jsonl 2>/dev/null || true"];
    let answer = node.run(&words)?;
    // The last line may be half written.
    let whole = answer.rfind('\n').map_or("", |end| &answer[..end]);
    // ExaBGP 4.2 prints refresh messages as what is no JSON; they say nothing of routes and sessions.
    let readable = whole.lines().filter(|line| !line.contains("\"type\": \"refresh\""));
    readable
        .map(|line| {
            serde_json::from_str(line).map_err(|e| node.unreadable(&words, e.to_string(), line.into()))
        })
        .collect()
}

/// Neighbor, prefix, path identifier.
type Key = (String, String, Option<u32>);

pub(super) fn routes(node: &Node, family: Family) -> Result<Vec<Route>, LabError> {
    let name = match family {
        Family::Ipv4 => "ipv4 unicast",
        Family::Ipv6 => "ipv6 unicast",
    };
    let mut table: BTreeMap<Key, Route> = BTreeMap::new();
    for message in printed(node)? {
        let neighbor = message["neighbor"]["address"]["peer"].as_str().unwrap_or_default().to_string();
        match message["type"].as_str() {
            Some("state") if message["neighbor"]["state"] != "up" => table.retain(|key, _| key.0 != neighbor),
            Some("update") => play(&mut table, &neighbor, &message["neighbor"], name),
            _ => {}
        }
    }
    Ok(table.into_values().collect())
}

/// Whether `as_path` holds `asn`.
fn loops(as_path: &str, asn: &Value) -> bool {
    let asn = asn.to_string();
    as_path.split(|c: char| !c.is_ascii_digit()).any(|word| word == asn)
}

fn play(table: &mut BTreeMap<Key, Route>, neighbor: &str, received: &Value, family: &str) {
    let update = &received["message"]["update"];
    for nlri in update["withdraw"][family].as_array().into_iter().flatten() {
        table.remove(&key(neighbor, nlri));
    }
    let attributes = attributes(&update["attribute"]);
    for (next_hop, list) in update["announce"][family].as_object().into_iter().flatten() {
        // A link-local next hop comes beside the global one, as an entry of its own.
        let is_second = next_hop.starts_with("fe80:");
        for nlri in list.as_array().into_iter().flatten() {
            let key = key(neighbor, nlri);
            if is_second && table.contains_key(&key) {
                continue;
            }
            if loops(&attributes.as_path, &received["asn"]["local"]) {
                table.remove(&key);
                continue;
            }
            let mut route = attributes.clone();
            route.prefix = key.1.clone();
            route.neighbor = Some(neighbor.into());
            route.next_hop = Some(next_hop.clone());
            route.path_id = key.2;
            table.insert(key, route);
        }
    }
}

fn key(neighbor: &str, nlri: &Value) -> Key {
    let id = nlri["path-information"].as_str().and_then(|id| id.parse::<std::net::Ipv4Addr>().ok());
    (neighbor.into(), nlri["nlri"].as_str().unwrap_or_default().into(), id.map(u32::from))
}

fn attributes(shown: &Value) -> Route {
    let mut route = Route { best: true, ..Route::default() };
    let number = |value: &Value| value.as_u64().and_then(|number| number.try_into().ok());
    for (key, value) in shown.as_object().into_iter().flatten() {
        let list = value.as_array().map(Vec::as_slice).unwrap_or_default();
        match key.as_str() {
            "origin" => route.origin = value.as_str().unwrap_or_default().into(),
            "as-path" => route.as_path = as_path(list),
            "med" => route.med = number(value),
            "local-preference" => route.local_pref = number(value),
            "atomic-aggregate" => route.atomic = value == true,
            "aggregator" => route.aggregator = value.as_str().map(|a| a.replacen(':', " ", 1)),
            "community" => route.communities = list.iter().map(|c| community::standard(&joined(c))).collect(),
            "large-community" => route.large = list.iter().map(joined).collect(),
            "extended-community" => {
                let bits = list.iter().filter_map(|c| c["value"].as_u64());
                route.extended = bits.map(community::extended_from_bits).collect();
            }
            "originator-id" => route.originator = value.as_str().map(str::to_string),
            "cluster-list" => {
                route.cluster_list = list.iter().filter_map(|id| id.as_str().map(str::to_string)).collect();
            }
            "aigp" => route.aigp = value.as_u64(),
            // "attribute-0x63-0xE0": code and flags in hexadecimal.
            other => {
                let code = other.strip_prefix("attribute-0x").and_then(|rest| rest.split('-').next());
                if let Some(code) = code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
                    let octets = value.as_str().unwrap_or_default().trim_start_matches("0x").to_lowercase();
                    route.unknown.push(format!("{code}:{octets}"));
                }
            }
        }
    }
    route
}

/// AS numbers; a set is a list in the list.
fn as_path(list: &[Value]) -> String {
    let each = list.iter().map(|item| match item.as_array() {
        Some(set) => format!("{{{}}}", set.iter().map(Value::to_string).collect::<Vec<_>>().join(",")),
        None => item.to_string(),
    });
    each.collect::<Vec<_>>().join(" ")
}

fn joined(list: &Value) -> String {
    list.as_array().into_iter().flatten().map(Value::to_string).collect::<Vec<_>>().join(":")
}

pub(super) fn session(node: &Node, address: IpAddr) -> Result<Session, LabError> {
    let address = address.to_string();
    let last = printed(node)?
        .into_iter()
        .rfind(|message| message["type"] == "state" && message["neighbor"]["address"]["peer"] == address);
    let Some(last) = last else {
        return Ok(Session { state: "nothing printed of it yet".into(), ..Session::default() });
    };
    let state = last["neighbor"]["state"].as_str().unwrap_or("unknown").to_string();
    Ok(Session { established: state == "up", state, detail: last.to_string() })
}
