//! BIRD's birdc: text, since BIRD 2 has no JSON.
//!
//! BIRD marks no route as stale in a plain graceful restart, but the neighbor: its routes are the stale ones then. It
//! cuts a line at about a thousand octets; [`super::Speaker::routes`] then lacks the rest.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::{Family, LabError, Node, Route, Session, community};

pub(super) fn routes(node: &Node, family: Family) -> Result<Vec<Route>, LabError> {
    let table = match family {
        Family::Ipv4 => "master4",
        Family::Ipv6 => "master6",
    };
    let neighbors = neighbors(&node.run(&["birdc", "show", "protocols", "all"])?);
    let answer = node.run(&["birdc", "show", "route", "table", table, "all"])?;
    Ok(parse(&answer, &neighbors))
}

/// A BGP protocol's neighbor.
#[derive(Default)]
struct Neighbor {
    address: String,
    /// BIRD keeps its routes until it is back.
    is_restarting: bool,
}

/// Protocol name → neighbor.
fn neighbors(protocols: &str) -> BTreeMap<String, Neighbor> {
    let mut found: BTreeMap<String, Neighbor> = BTreeMap::new();
    let mut name = "";
    for line in protocols.lines() {
        if line.starts_with(|c: char| !c.is_whitespace()) {
            name = line.split_whitespace().next().unwrap_or_default();
        } else if let Some((_, address)) = line.split_once("Neighbor address:") {
            found.entry(name.to_string()).or_default().address = address.trim().to_string();
        } else if line.contains("Neighbor graceful restart active") {
            found.entry(name.to_string()).or_default().is_restarting = true;
        }
    }
    found
}

/// Reads `show route all`: a line a path (the prefix only on a net's first), then its attributes behind a tab.
fn parse(answer: &str, neighbors: &BTreeMap<String, Neighbor>) -> Vec<Route> {
    let mut routes: Vec<Route> = Vec::new();
    let mut prefix = String::new();
    for line in answer.lines() {
        if let Some(attribute) = line.strip_prefix('\t') {
            if let Some((key, value)) = attribute.split_once(": ").or_else(|| attribute.split_once(':'))
                && let Some(route) = routes.last_mut()
            {
                attribute_of(route, key, value.trim());
            }
            continue;
        }
        let Some((before, after)) = line.split_once('[') else { continue };
        if let Some(word) = before.split_whitespace().next().filter(|word| word.contains('/')) {
            prefix = word.to_string();
        }
        let (source, flags) = after.split_once(']').unwrap_or((after, ""));
        let protocol = source.split_whitespace().next().unwrap_or_default();
        let preference =
            flags.split_once('(').map_or("", |(_, rest)| rest.split([')', '/']).next().unwrap_or(""));
        let neighbor = neighbors.get(protocol);
        routes.push(Route {
            prefix: prefix.clone(),
            neighbor: neighbor.map(|neighbor| neighbor.address.clone()),
            best: flags.trim_start().starts_with('*'),
            stale: preference.ends_with('s') || neighbor.is_some_and(|neighbor| neighbor.is_restarting),
            ..Route::default()
        });
    }
    routes
}

fn attribute_of(route: &mut Route, key: &str, value: &str) {
    let number = || value.parse().ok();
    match key.trim() {
        "BGP.origin" => route.origin = value.to_lowercase(),
        "BGP.as_path" => route.as_path = value.replace("{ ", "{").replace(" }", "}"),
        "BGP.next_hop" => route.next_hop = value.split_whitespace().next().map(str::to_string),
        "BGP.med" => route.med = number(),
        "BGP.local_pref" => route.local_pref = number(),
        "BGP.atomic_aggr" => route.atomic = true,
        "BGP.aggregator" => {
            route.aggregator = value.split_once(" AS").map(|(id, asn)| format!("{asn} {id}"));
        }
        "BGP.community" => {
            route.communities =
                tuples(value).iter().map(|parts| community::standard(&parts.join(":"))).collect();
        }
        "BGP.large_community" => {
            route.large = tuples(value).iter().map(|parts| parts.join(":")).collect();
        }
        "BGP.ext_community" => {
            route.extended = tuples(value)
                .iter()
                .map(|parts| community::extended(&parts[0], &parts[1..].join(":")))
                .collect();
        }
        "BGP.originator_id" => route.originator = Some(value.into()),
        "BGP.cluster_list" => route.cluster_list = value.split_whitespace().map(str::to_string).collect(),
        "BGP.otc" => route.otc = number(),
        "BGP.aigp" => route.aigp = value.parse().ok(),
        // An unknown attribute: "BGP.63 [t]: 01 02", its code in hexadecimal.
        other => {
            let code = other.strip_prefix("BGP.").and_then(|rest| rest.split(' ').next());
            if let Some(code) = code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
                route.unknown.push(format!("{code}:{}", value.replace(' ', "")));
            }
        }
    }
}

/// `(a, b) (c,d)` as lists of words.
fn tuples(value: &str) -> Vec<Vec<String>> {
    let groups = value.split('(').skip(1).filter_map(|group| group.split(')').next());
    groups.map(|group| group.split(',').map(|part| part.trim().to_string()).collect()).collect()
}

pub(super) fn session(node: &Node, address: IpAddr) -> Result<Session, LabError> {
    let answer = node.run(&["birdc", "show", "protocols", "all"])?;
    let address = address.to_string();
    // One block a protocol, a blank line between.
    for block in answer.split("\n\n") {
        let of_neighbor = block.lines().any(|line| {
            line.split_once("Neighbor address:").is_some_and(|(_, found)| {
                let found = found.trim();
                found == address || found.split('%').next() == Some(address.as_str())
            })
        });
        if of_neighbor {
            let state =
                block.lines().find_map(|line| line.split_once("BGP state:")).map_or("", |(_, s)| s.trim());
            return Ok(Session {
                established: state == "Established",
                state: state.into(),
                detail: block.into(),
            });
        }
    }
    Ok(Session {
        state: format!("birdc shows no protocol with the neighbor {address}"),
        ..Session::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = "BIRD 2.0.12 ready.\nTable master4:\n\
        198.51.100.0/24      unicast [us4 12:51:09.031] * (100) [AS65021e]\n\tvia 10.0.2.1 on eth1\n\
        \tBGP.origin: EGP\n\tBGP.as_path: 65001 {65020 65021}\n\tBGP.next_hop: 10.0.2.1\n\tBGP.atomic_aggr: \n\
        \tBGP.aggregator: 10.9.9.9 AS65020\n\tBGP.community: (65010,100) (65535,65284)\n\
        \tBGP.ext_community: (rt, 65010, 1)\n\tBGP.63 [t]: 01 02 03 04\n\
        \x20                    unicast [us6 12:51:09.031] (100s) [i]\n\tBGP.origin: IGP\n";

    #[test]
    fn a_second_path_has_the_prefix_of_the_line_above() {
        let neighbors = neighbors("us4  BGP\n    Neighbor address: 10.0.2.1\n");
        let routes = parse(ANSWER, &neighbors);
        assert_eq!(routes.len(), 2);
        assert_eq!(routes[0].neighbor.as_deref(), Some("10.0.2.1"));
        assert_eq!(routes[0].communities, ["65010:100", "65535:65284"]);
        assert_eq!(routes[0].extended, ["rt:65010:1"]);
        assert_eq!(routes[0].unknown, ["99:01020304"]);
        assert_eq!(routes[0].aggregator.as_deref(), Some("65020 10.9.9.9"));
        assert!(routes[0].best && routes[0].atomic && !routes[0].stale);
        assert_eq!(routes[1].prefix, "198.51.100.0/24");
        assert!(routes[1].stale && !routes[1].best);
    }
}
