//! One path as a line of a table, and the head that stands above such lines.

use core::net::IpAddr;

use bgp_engine::attr::{Origin, PathAttributes};
use bgp_engine::value::Family;
use serde_json::{Map, Value, json};

use super::Router;
use super::path::{Judged, Old, Seen, default_local_pref, host_name, instance, own_next_hop, shown_next_hop};
use super::text::put;

/// What stands above a table's lines.
pub fn push_head(router: &Router<'_>, version: u64, out: &mut String) {
    let Some(bgp) = instance(router) else { return };
    let id = router.engine.router_id();
    put!(out, "BGP table version is {version}, local router ID is {id}, vrf id 0\n");
    put!(out, "Default local pref {}, local AS {}\n", default_local_pref(bgp), bgp.asn);
    out.push_str(LEGEND);
}

const LEGEND: &str = "\
Status codes:  s suppressed, d damped, h history, u unsorted, * valid, > best, = multipath,
               i internal, r RIB-failure, S Stale, R Removed
Nexthop codes: @NNN nexthop's vrf id, < announce-nh-self
Origin codes:  i - IGP, e - EGP, ? - incomplete
RPKI validation codes: V valid, I invalid, N Not found

";

/// The names of the columns.
pub const COLUMNS: &str = "     Network          Next Hop            Metric LocPrf Weight Path\n";

/// What stands before a path: its five letters.
#[must_use]
pub fn flags(seen: &Seen<'_>) -> String {
    let state = match seen.old {
        Old::Removed => 'R',
        Old::Stale => 'S',
        Old::No if seen.suppressed => 's',
        Old::No if seen.metric.is_some() => '*',
        Old::No => ' ',
    };
    let rank = match (seen.best, seen.multipath) {
        (true, _) => '>',
        (false, true) => '=',
        (false, false) => ' ',
    };
    format!(" {state}{rank}{} ", if seen.is_internal() { 'i' } else { ' ' })
}

/// What a line tells of a path.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    /// The next hop.
    pub next_hop: IpAddr,
    /// MULTI_EXIT_DISC.
    pub med: Option<u32>,
    /// The attributes.
    pub attributes: &'a PathAttributes,
}

impl Line<'_> {
    /// The line of a path of the table.
    #[must_use]
    pub fn of<'a>(seen: &Seen<'a>, family: Family) -> Line<'a> {
        let attributes = seen.attributes;
        Line { next_hop: shown_next_hop(&attributes.next_hop, family), med: seen.med(), attributes }
    }

    /// Writes the line behind its letters; `net` is empty for all paths of a route but the first.
    pub fn push(&self, net: &str, out: &mut String) {
        out.push_str(net);
        if net.len() < 17 {
            put!(out, "{:1$}", "", 17 - net.len());
        } else {
            put!(out, "\n{:20}", "");
        }
        let next_hop = self.next_hop.to_string();
        out.push_str(&next_hop);
        if next_hop.len() < 16 {
            put!(out, "{:1$}", "", 16 - next_hop.len());
        } else {
            put!(out, "\n{:36}", "");
        }
        let column = |value: Option<u32>| value.map_or_else(String::new, |value| value.to_string());
        put!(out, "{:>10}{:>7}", column(self.med), column(self.attributes.local_pref));
        put!(out, "{:>7} ", self.attributes.weight);
        if !self.attributes.as_path.is_empty() {
            put!(out, "{} ", self.attributes.as_path);
        }
        put!(out, "{}\n", letter(self.attributes.origin));
    }
}

/// The letter of an ORIGIN.
pub const fn letter(origin: Origin) -> char {
    match origin {
        Origin::Igp => 'i',
        Origin::Egp => 'e',
        Origin::Incomplete => '?',
    }
}

/// The members that begin a table's JSON, without the braces.
#[must_use]
pub fn json_head(router: &Router<'_>, version: u64) -> String {
    let Some(bgp) = instance(router) else { return String::new() };
    format!(
        " \"vrfId\": 0,\n \"vrfName\": \"default\",\n \"tableVersion\": {version},\n \"routerId\": \"{}\",\n \
         \"defaultLocPrf\": {},\n \"localAS\": {},\n",
        router.engine.router_id(),
        default_local_pref(bgp),
        bgp.asn
    )
}

/// A path of a table as JSON.
#[must_use]
pub fn path_json(
    judged: &Judged<'_>,
    seen: &Seen<'_>,
    net: ipnet::IpNet,
    version: u64,
    own_host: Option<&str>,
) -> Value {
    let mut map = Map::new();
    let mut flag = |name: &str, set: bool| {
        if set {
            map.insert(name.to_owned(), Value::from(true));
        }
    };
    flag("removed", seen.old == Old::Removed);
    flag("stale", seen.old == Old::Stale);
    flag("suppressed", seen.suppressed);
    flag("valid", seen.metric.is_some());
    flag("bestpath", seen.best);
    if seen.best {
        map.insert("selectionReason".to_owned(), Value::from(judged.reason));
    } else if seen.multipath {
        map.insert("multipath".to_owned(), Value::from(true));
    }
    let from = if seen.is_internal() { "internal" } else { "external" };
    map.insert("pathFrom".to_owned(), from.into());
    map.insert("prefix".to_owned(), net.addr().to_string().into());
    map.insert("prefixLen".to_owned(), net.prefix_len().into());
    map.insert("network".to_owned(), net.to_string().into());
    map.insert("version".to_owned(), version.into());
    if let Some(med) = seen.med() {
        map.insert("metric".to_owned(), med.into());
    }
    if let Some(local_pref) = seen.attributes.local_pref {
        map.insert("locPrf".to_owned(), local_pref.into());
    }
    map.insert("weight".to_owned(), seen.attributes.weight.into());
    let peer = seen.peer.map_or_else(|| "(unspec)".to_owned(), |peer| peer.name.to_string());
    map.insert("peerId".to_owned(), peer.into());
    map.insert("path".to_owned(), seen.attributes.as_path.to_string().into());
    map.insert("origin".to_owned(), seen.attributes.origin.to_string().into());
    let family = if net.addr().is_ipv4() { Family::Ipv4Unicast } else { Family::Ipv6Unicast };
    let host = seen.peer.and_then(host_name).or(own_host.filter(|_| seen.is_own()).map(str::to_owned));
    map.insert("nexthops".to_owned(), next_hops_json(seen, family, host.as_deref(), None));
    Value::Object(map)
}

/// A path's next hops as JSON; `reach` adds what is known of the way there.
#[must_use]
pub fn next_hops_json(seen: &Seen<'_>, family: Family, host: Option<&str>, reach: Option<Reached>) -> Value {
    let next_hop = &seen.attributes.next_hop;
    let link_local = next_hop.link_local().map(IpAddr::V6);
    let address = next_hop.address().unwrap_or(own_next_hop(family));
    let used = link_local.unwrap_or(address);
    let mut addresses = vec![address];
    addresses.extend(link_local.filter(|link_local| *link_local != address));
    let hops = addresses.into_iter().map(|address| {
        let mut hop = Map::new();
        hop.insert("ip".to_owned(), address.to_string().into());
        if let Some(host) = host {
            hop.insert("hostname".to_owned(), host.into());
        }
        hop.insert("afi".to_owned(), if address.is_ipv4() { "ipv4" } else { "ipv6" }.into());
        if let IpAddr::V6(v6) = address {
            let scope = if v6.is_unicast_link_local() { "link-local" } else { "global" };
            hop.insert("scope".to_owned(), scope.into());
        }
        match reach {
            Some(Reached(Some(metric))) => {
                hop.insert("metric".to_owned(), metric.into());
                hop.insert("accessible".to_owned(), json!(true));
            }
            Some(Reached(None)) => {
                hop.insert("accessible".to_owned(), json!(false));
            }
            None => {}
        }
        if address == used {
            hop.insert("used".to_owned(), json!(true));
        }
        Value::Object(hop)
    });
    Value::Array(hops.collect())
}

/// The metric of the way to a next hop, if there is a way.
#[derive(Clone, Copy, Debug)]
pub struct Reached(pub Option<u32>);
