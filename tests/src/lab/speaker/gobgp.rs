//! GoBGP's gobgp: its JSON is the attributes by their codes.

use std::net::IpAddr;

use serde_json::Value;

use super::{Family, LabError, Node, Route, Session, community};

pub(super) fn routes(node: &Node, family: Family) -> Result<Vec<Route>, LabError> {
    let family = match family {
        Family::Ipv4 => "ipv4",
        Family::Ipv6 => "ipv6",
    };
    let answer = node.json(&["gobgp", "global", "rib", "-a", family, "-j"])?;
    let mut routes = Vec::new();
    for (prefix, paths) in answer.as_object().into_iter().flatten() {
        for path in paths.as_array().into_iter().flatten() {
            routes.push(route(prefix, path));
        }
    }
    Ok(routes)
}

fn route(prefix: &str, path: &Value) -> Route {
    let neighbor = path["neighbor-ip"].as_str().filter(|ip| ip.parse::<IpAddr>().is_ok());
    let mut route = Route {
        prefix: prefix.into(),
        neighbor: neighbor.map(str::to_string),
        best: path["best"] == true,
        stale: path["stale"] == true,
        path_id: path["nlri"]["id"].as_u64().or(path["id"].as_u64()).and_then(|id| id.try_into().ok()),
        ..Route::default()
    };
    for attribute in path["attrs"].as_array().into_iter().flatten() {
        attribute_of(&mut route, attribute);
    }
    route
}

fn attribute_of(route: &mut Route, attribute: &Value) {
    let text = |value: &Value| value.as_str().map(str::to_string);
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let number = |value: &Value| value.as_u64().and_then(|n| n.try_into().ok());
    match attribute["type"].as_u64() {
        Some(1) => {
            let origins = ["igp", "egp", "incomplete"];
            let code = attribute["value"].as_u64().unwrap_or(3) as usize;
            route.origin = origins.get(code).unwrap_or(&"unknown").to_string();
        }
        Some(2) => route.as_path = as_path(&attribute["as_paths"]),
        Some(3 | 14) => route.next_hop = text(&attribute["nexthop"]),
        Some(4) => route.med = number(&attribute["metric"]),
        Some(5) => route.local_pref = number(&attribute["value"]),
        Some(6) => route.atomic = true,
        Some(7) => {
            let address = attribute["address"].as_str().unwrap_or_default();
            route.aggregator = Some(format!("{} {address}", attribute["as"]));
        }
        Some(8) => {
            let bits = list(&attribute["communities"]).iter().filter_map(number).collect::<Vec<u32>>();
            route.communities = bits.into_iter().map(community::standard_from_bits).collect();
        }
        Some(9) => route.originator = text(&attribute["value"]),
        Some(10) => route.cluster_list = list(&attribute["value"]).iter().filter_map(text).collect(),
        Some(16) => route.extended = list(&attribute["value"]).iter().map(extended).collect(),
        Some(26) => route.aigp = attribute["value"][0]["metric"].as_u64(),
        Some(32) => {
            let large = list(&attribute["value"]);
            let each = large.iter().map(|l| format!("{}:{}:{}", l["ASN"], l["LocalData1"], l["LocalData2"]));
            route.large = each.collect();
        }
        Some(code) => route.unknown.push(format!("{code}:{}", hex_of_base64(attribute["value"].as_str()))),
        None => {}
    }
}

fn as_path(segments: &Value) -> String {
    let mut words = Vec::new();
    for segment in segments.as_array().into_iter().flatten() {
        let asns: Vec<String> =
            segment["asns"].as_array().into_iter().flatten().map(Value::to_string).collect();
        words.push(match segment["segment_type"].as_u64() {
            Some(1) => format!("{{{}}}", asns.join(",")),
            Some(3) => format!("({})", asns.join(" ")),
            Some(4) => format!("[{}]", asns.join(",")),
            _ => asns.join(" "),
        });
    }
    words.join(" ")
}

fn extended(value: &Value) -> String {
    let shown = value["value"].as_str().unwrap_or_default();
    match (value["type"].as_u64(), value["subtype"].as_u64()) {
        (Some(0..=2), Some(2)) => community::extended("rt", shown),
        (Some(0..=2), Some(3)) => community::extended("ro", shown),
        _ => value.to_string(),
    }
}

/// GoBGP shows an unknown attribute's octets in base64.
fn hex_of_base64(text: Option<&str>) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bits, mut held, mut hex) = (0_u32, 0_u32, String::new());
    for octet in text.unwrap_or_default().bytes() {
        let Some(value) = ALPHABET.iter().position(|known| *known == octet) else { break };
        bits = (bits << 6) | value as u32;
        held += 6;
        if held >= 8 {
            held -= 8;
            hex.push_str(&format!("{:02x}", (bits >> held) & 0xff));
        }
    }
    hex
}

/// GoBGP's number for Established in `session_state`.
const ESTABLISHED: u64 = 6;

pub(super) fn session(node: &Node, address: IpAddr) -> Result<Session, LabError> {
    let answer = node.json(&["gobgp", "neighbor", &address.to_string(), "-j"])?;
    let state = answer["state"]["session_state"].as_u64().unwrap_or(0);
    let detail = serde_json::to_string_pretty(&answer).unwrap_or_default();
    Ok(Session { established: state == ESTABLISHED, state: format!("session_state {state}"), detail })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_read_by_their_codes() {
        let path = serde_json::json!({"nlri": {"prefix": "10.0.0.0/8"}, "best": true, "stale": false,
            "neighbor-ip": "10.0.3.1", "attrs": [{"type": 1, "value": 1},
            {"type": 2, "as_paths": [{"segment_type": 2, "num": 1, "asns": [65001]},
                                     {"segment_type": 1, "num": 2, "asns": [1, 2]}]},
            {"type": 3, "nexthop": "10.0.3.1"}, {"type": 7, "as": 65020, "address": "10.9.9.9"},
            {"type": 16, "value": [{"type": 0, "subtype": 2, "value": "65010:1"}]},
            {"flags": 224, "type": 99, "value": "AQIDBA=="}]});
        let route = route("10.0.0.0/8", &path);
        assert_eq!((route.origin.as_str(), route.as_path.as_str()), ("egp", "65001 {1,2}"));
        assert_eq!(route.aggregator.as_deref(), Some("65020 10.9.9.9"));
        assert_eq!((route.extended, route.unknown), (vec!["rt:65010:1".into()], vec!["99:01020304".into()]));
    }
}
