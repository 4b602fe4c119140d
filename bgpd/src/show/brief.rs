//! Answers that are short whatever the router's size: written in one slice.

use bgp_engine::value::Family;
use serde_json::{Value, json};

use super::path::instance;
use super::text::{memory, push_json, put};
use super::{Layout, Progress, Router, Show, VERSION, refuse};

/// A short answer.
#[derive(Debug)]
pub struct Brief {
    layout: Layout,
    write: fn(&Router<'_>, Layout, &mut String) -> Progress,
}

impl Brief {
    /// `show version`.
    #[must_use]
    pub fn version(layout: Layout) -> Self {
        Brief { layout, write: version }
    }

    /// `show bgp memory`.
    #[must_use]
    pub fn memory(layout: Layout) -> Self {
        Brief { layout, write: memory_use }
    }
}

impl Show for Brief {
    fn write_some(&mut self, router: &Router<'_>, out: &mut String) -> Progress {
        (self.write)(router, self.layout, out)
    }
}

fn version(router: &Router<'_>, layout: Layout, out: &mut String) -> Progress {
    let host = router.engine.configuration().hostname.as_deref().unwrap_or("localhost");
    match layout {
        Layout::Text => put!(out, "FTBGP {VERSION} ({host}) on {}.\n", std::env::consts::OS),
        Layout::Json => {
            let value = json!({
                "name": "FTBGP", "version": VERSION, "hostname": host, "os": std::env::consts::OS,
                "pid": router.process.pid,
            });
            push_json(out, &value);
        }
    }
    Progress::Done
}

/// What there is and what it takes, where that is known: the text, the key, the count, the octets.
fn uses(router: &Router<'_>) -> Vec<(&'static str, &'static str, usize, Option<usize>)> {
    let rib = router.engine.rib();
    let routes = rib.v4.table.len() + rib.v6.table.len();
    let paths = rib.v4.table.path_count() + rib.v6.table.path_count();
    let tables = rib.v4.table.memory() + rib.v6.table.memory();
    let received: usize =
        router.engine.peers().map(|p| rib.v4.received_count(p.id) + rib.v6.received_count(p.id)).sum();
    let sent: u32 = router
        .engine
        .peers()
        .flat_map(|peer| Family::ALL.map(|family| super::peers::sent_count(router.engine, peer, family)))
        .sum();
    let peers = router.engine.peers().count();
    let groups = instance(router).map_or(0, |bgp| bgp.peer_groups.len());
    let stored = size_of::<bgp_engine::rib::Stored>();
    let peer = size_of::<bgp_engine::engine::Peer>();
    let group = size_of::<bgp_engine::config::NeighborSettings>();
    vec![
        ("RIB nodes", "ribNodes", routes, Some(tables)),
        ("BGP routes", "bgpRoutes", paths, None),
        ("Adj-In entries", "adjInEntries", received, None),
        ("Adj-Out entries", "adjOutEntries", usize::try_from(sent).unwrap_or(usize::MAX), None),
        ("Nexthop cache entries", "nexthopCacheEntries", rib.facts.next_hops.iter().count(), None),
        ("BGP attributes", "bgpAttributes", rib.facts.attrs.len(), Some(rib.facts.attrs.len() * stored)),
        ("peers", "peers", peers, Some(peers * peer)),
        ("peer groups", "peerGroups", groups, Some(groups * group)),
    ]
}

fn memory_use(router: &Router<'_>, layout: Layout, out: &mut String) -> Progress {
    if instance(router).is_none() {
        return refuse(layout, "BGP instance not found", out);
    }
    match layout {
        Layout::Text => {
            for (name, _, count, octets) in uses(router) {
                put!(out, "{count} {name}");
                if let Some(octets) = octets {
                    put!(out, ", using {} of memory", memory(octets));
                }
                out.push('\n');
            }
        }
        Layout::Json => {
            let rows = uses(router)
                .into_iter()
                .map(|(_, key, count, octets)| (key.to_owned(), json!({ "count": count, "memory": octets })));
            push_json(out, &Value::Object(rows.collect()));
        }
    }
    Progress::Done
}
