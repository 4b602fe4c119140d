//! The tables that the neighbors show, so that they compare from run to run.
//!
//! What differs between two runs of the same routers is taken out: link-local addresses and the proof's own traffic
//! ([`heard::is_own`]). FRR shows its whole table at once only without communities; those are compared on the wire.

use std::collections::BTreeSet;

use ipnet::IpNet;
use serde_json::Value;

use super::heard;
use crate::lab::speaker::{Family, Route, Speaker};
use crate::lab::{LabError, Node};

/// The neighbor's routes of both families, its own included.
pub fn tables(node: &Node) -> Result<BTreeSet<Route>, LabError> {
    let mut routes = all(node)?;
    routes.retain(|route| route.prefix.parse::<IpNet>().is_ok_and(|prefix| !heard::is_own(&prefix)));
    Ok(routes.into_iter().map(without_link_local).collect())
}

/// The numbers of the ledger's prefixes that the neighbor shows.
pub fn all(node: &Node) -> Result<Vec<Route>, LabError> {
    let mut routes = Vec::new();
    for family in [Family::Ipv4, Family::Ipv6] {
        match node.speaker() {
            Some(Speaker::Frr) => routes.extend(frr(node, family)?),
            Some(speaker) => routes.extend(speaker.routes(node, family)?),
            None => {}
        }
    }
    Ok(routes)
}

/// FRR's whole table in one answer.
fn frr(node: &Node, family: Family) -> Result<Vec<Route>, LabError> {
    let table = match family {
        Family::Ipv4 => "show bgp ipv4 unicast json",
        Family::Ipv6 => "show bgp ipv6 unicast json",
    };
    let answer = node.json(&["vtysh", "-c", table])?;
    let number = |value: &Value| value.as_u64().and_then(|number| number.try_into().ok());
    let mut routes = Vec::new();
    for (prefix, paths) in answer["routes"].as_object().into_iter().flatten() {
        for path in paths.as_array().into_iter().flatten() {
            routes.push(Route {
                prefix: prefix.clone(),
                neighbor: path["peerId"].as_str().filter(|peer| *peer != "(unspec)").map(str::to_string),
                next_hop: path["nexthops"][0]["ip"].as_str().map(str::to_string),
                as_path: path["path"].as_str().unwrap_or_default().to_string(),
                origin: path["origin"].as_str().unwrap_or_default().to_lowercase(),
                med: number(&path["metric"]),
                local_pref: number(&path["locPrf"]),
                best: path["bestpath"] == true,
                ..Route::default()
            });
        }
    }
    Ok(routes)
}

fn without_link_local(mut route: Route) -> Route {
    for address in [&mut route.neighbor, &mut route.next_hop].into_iter().flatten() {
        if address.starts_with("fe80:") {
            *address = "fe80::".into();
        }
    }
    route
}

/// Every difference, at most some of each kind written out.
pub fn differences(name: &str, expected: &BTreeSet<Route>, shown: &BTreeSet<Route>) -> Vec<String> {
    const WRITTEN: usize = 3;
    let mut found = Vec::new();
    for (word, from, other) in [("lacks", expected, shown), ("has also", shown, expected)] {
        let odd: Vec<&Route> = from.difference(other).collect();
        if !odd.is_empty() {
            let some: Vec<String> = odd
                .iter()
                .take(WRITTEN)
                .map(|r| format!("{} via {:?} [{}]", r.prefix, r.next_hop, r.as_path))
                .collect();
            found.push(format!("{name} {word} {} routes, as {}", odd.len(), some.join(", ")));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_and_a_stray_route_are_both_said() {
        let route = |prefix: &str| Route { prefix: prefix.into(), ..Route::default() };
        let expected = BTreeSet::from([route("10.0.0.0/8"), route("11.0.0.0/8")]);
        let shown = BTreeSet::from([route("11.0.0.0/8"), route("12.0.0.0/8")]);
        let found = differences("frr", &expected, &shown);
        assert!(found[0].contains("lacks 1") && found[1].contains("has also 1"), "{found:?}");
        assert!(differences("frr", &expected, &expected).is_empty());
    }
}
