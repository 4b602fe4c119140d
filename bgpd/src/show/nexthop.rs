//! `show bgp nexthop`: every next hop, whether it is reached, and how many paths have it.
//!
//! The paths are counted by going over the tables, in slices, before anything is written.

use core::net::IpAddr;
use std::collections::BTreeMap;

use bgp_engine::rib::{NextHopKey, Reach, ResolvedHop, RouteId};
use bgp_engine::value::Family;
use ipnet::{Ipv4Net, Ipv6Net};
use serde_json::{Map, Value, json};

use super::path::instance;
use super::text::{push_member, put};
use super::time::date;
use super::{Layout, Progress, Router, SLICE_OCTETS, Show, Shown, refuse};

/// Routes looked at in one slice.
const SLICE_ROUTES: u32 = 4096;

/// The next hops.
#[derive(Debug)]
pub struct NextHops {
    layout: Layout,
    /// The table in hand and the place in it, while paths are counted.
    counting: Option<(Family, u32)>,
    counts: BTreeMap<NextHopKey, u64>,
    /// The next hops to come, the next one last.
    rows: Option<Vec<(NextHopKey, Reach)>>,
    /// The family whose object is open.
    open: Option<Family>,
    first: bool,
}

impl NextHops {
    /// Nothing written yet.
    #[must_use]
    pub fn new(layout: Layout) -> Self {
        let counting = Some((Family::Ipv4Unicast, 0));
        NextHops { layout, counting, counts: BTreeMap::new(), rows: None, open: None, first: true }
    }

    /// Counts a slice of a table; gives where to go on.
    fn count<N: Shown>(&mut self, router: &Router<'_>, from: u32) -> Option<u32> {
        let table = &N::rib(router).table;
        let facts = &router.engine.rib().facts;
        let end = table.places().min(from.saturating_add(SLICE_ROUTES));
        for route in (from..end).map(RouteId).filter(|&route| table.is_live(route)) {
            for (_, path) in table.paths(route) {
                let next_hop = &facts.attrs[path.attrs].attributes.next_hop;
                if let Some(key) = NextHopKey::new(next_hop, facts.peer(path.peer).interface) {
                    *self.counts.entry(key).or_default() += 1;
                }
            }
        }
        (end < table.places()).then_some(end)
    }

    fn go_on_counting(&mut self, router: &Router<'_>, family: Family, from: u32) {
        let left = match family {
            Family::Ipv4Unicast => self.count::<Ipv4Net>(router, from),
            Family::Ipv6Unicast => self.count::<Ipv6Net>(router, from),
        };
        self.counting = match (left, family) {
            (Some(at), family) => Some((family, at)),
            (None, Family::Ipv4Unicast) => Some((Family::Ipv6Unicast, 0)),
            (None, Family::Ipv6Unicast) => None,
        };
    }

    fn begin(&mut self, router: &Router<'_>, out: &mut String) {
        if self.rows.is_some() {
            return;
        }
        let next_hops = router.engine.rib().facts.next_hops.iter();
        let mut rows: Vec<(NextHopKey, Reach)> = next_hops.map(|(key, reach, _)| (key, reach)).collect();
        rows.reverse();
        self.rows = Some(rows);
        out.push_str(match self.layout {
            Layout::Text => "Current BGP nexthop cache:\n",
            Layout::Json => "{",
        });
    }

    fn push(&mut self, router: &Router<'_>, key: NextHopKey, reach: Reach, out: &mut String) {
        let paths = self.counts.get(&key).copied().unwrap_or(0);
        let peer = router.engine.peers().find(|peer| peer.address == Some(key.address));
        let next_hops = &router.engine.rib().facts.next_hops;
        let Some(id) = next_hops.find(key) else { return };
        let hops = next_hops.hops(id);
        let changed = next_hops.since_s(id);
        match self.layout {
            Layout::Text => {
                match reach.metric {
                    Some(metric) => put!(out, " {} valid [IGP metric {metric}], #paths {paths}", key.address),
                    None => put!(out, " {} invalid, #paths {paths}", key.address),
                }
                if let Some(peer) = peer {
                    put!(out, ", peer {}", peer.name);
                }
                out.push('\n');
                for hop in hops {
                    out.push_str("  ");
                    if let Some(gateway) = gateway(key, hop) {
                        put!(out, "gate {gateway}, ");
                    }
                    put!(out, "if {}\n", router.link_name(hop.interface));
                }
                put!(out, "  Last update: {}\n\n", date(router.clock.epoch_of_second(changed)));
            }
            Layout::Json => {
                self.open_family(key, out);
                let mut map = Map::new();
                map.insert("valid".to_owned(), reach.metric.is_some().into());
                map.insert("complete".to_owned(), reach.metric.is_some().into());
                if let Some(metric) = reach.metric {
                    map.insert("igpMetric".to_owned(), metric.into());
                }
                map.insert("pathCount".to_owned(), paths.into());
                if let Some(peer) = peer {
                    map.insert("peer".to_owned(), peer.name.to_string().into());
                }
                if let Some((net, _)) = next_hops.routes.resolving(key) {
                    map.insert("resolvedPrefix".to_owned(), net.to_string().into());
                }
                let hops = hops.iter().map(|hop| hop_json(router, key, hop));
                map.insert("nexthops".to_owned(), Value::Array(hops.collect()));
                let epoch = router.clock.epoch_of_second(changed);
                let update = json!({ "epoch": epoch, "string": format!("{}\n", date(epoch)) });
                map.insert("lastUpdate".to_owned(), update);
                push_member(out, &mut self.first, 2, &key.address, &Value::Object(map));
            }
        }
    }

    fn open_family(&mut self, key: NextHopKey, out: &mut String) {
        let family = if key.address.is_ipv4() { Family::Ipv4Unicast } else { Family::Ipv6Unicast };
        if self.open == Some(family) {
            return;
        }
        out.push_str(if self.open.is_some() { "\n  }," } else { "" });
        put!(out, "\n  \"{}\":{{", if family == Family::Ipv4Unicast { "ipv4" } else { "ipv6" });
        self.open = Some(family);
        self.first = true;
    }
}

/// The router that leads to a next hop, where that is not on a link itself.
fn gateway(key: NextHopKey, hop: &ResolvedHop) -> Option<IpAddr> {
    hop.gateway.filter(|&gateway| gateway != key.address)
}

fn hop_json(router: &Router<'_>, key: NextHopKey, hop: &ResolvedHop) -> Value {
    let mut map = Map::new();
    if let Some(gateway) = gateway(key, hop) {
        map.insert("ip".to_owned(), gateway.to_string().into());
    }
    map.insert("interfaceIndex".to_owned(), hop.interface.0.into());
    map.insert("interfaceName".to_owned(), router.link_name(hop.interface).into());
    Value::Object(map)
}

impl Show for NextHops {
    fn write_some(&mut self, router: &Router<'_>, out: &mut String) -> Progress {
        if instance(router).is_none() {
            return refuse(self.layout, "BGP instance not found", out);
        }
        if let Some((family, from)) = self.counting {
            self.go_on_counting(router, family, from);
            return Progress::More;
        }
        self.begin(router, out);
        let start = out.len();
        while let Some((key, reach)) = self.rows.as_mut().and_then(Vec::pop) {
            self.push(router, key, reach, out);
            if out.len() - start > SLICE_OCTETS {
                return Progress::More;
            }
        }
        if self.layout == Layout::Json {
            out.push_str(if self.open.is_some() { "\n  }\n}\n" } else { "}\n" });
        }
        Progress::Done
    }
}
