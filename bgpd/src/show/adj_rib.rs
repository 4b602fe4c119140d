//! `show bgp … neighbors X advertised-routes|received-routes|filtered-routes`: what goes to a neighbor and what
//! came from it, before policy.
//!
//! FRR says: advertised routes are shown without what is done to them last, this router's AS and next hop. We
//! do: show them as the neighbor is sent them.

use bgp_engine::attr::PathAttributes;
use bgp_engine::engine::Peer;
use bgp_engine::rib::{RouteId, is_link_local};
use bgp_engine::value::{Family, PathId};
use serde_json::{Map, Value, json};

use super::line::{COLUMNS, Line, letter, push_head};
use super::path::{default_local_pref, instance, shown_next_hop};
use super::peers::Which;
use super::text::{push_member, put};
use super::walk::Walk;
use super::{Layout, Progress, Router, SLICE_OCTETS, Show, Shown, refuse};

/// Routes looked at in one slice.
const SLICE_ROUTES: usize = 1024;

/// Which routes of a neighbor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// What it is sent.
    Advertised,
    /// What it sent (`soft-reconfiguration inbound`).
    Received,
    /// What of that policy refused.
    Filtered,
}

/// A neighbor's routes, in order of prefix.
#[derive(Debug)]
pub struct AdjRib<N> {
    layout: Layout,
    view: View,
    which: Which,
    walk: Walk<N>,
    /// The last path of the neighbor that was looked at.
    last: Option<(N, PathId)>,
    began: bool,
    first: bool,
    prefixes: usize,
    paths: usize,
    filtered: usize,
}

/// How far a slice has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reached {
    Slice,
    End,
}

impl<N: Shown> AdjRib<N> {
    /// Nothing written yet.
    #[must_use]
    pub fn new(layout: Layout, view: View, which: Which) -> Self {
        AdjRib {
            layout,
            view,
            which,
            walk: Walk::new(None),
            last: None,
            began: false,
            first: true,
            prefixes: 0,
            paths: 0,
            filtered: 0,
        }
    }

    fn begin(&mut self, router: &Router<'_>, peer: &Peer, out: &mut String) -> Option<Progress> {
        if core::mem::replace(&mut self.began, true) {
            return None;
        }
        let keeps = peer.settings.families[N::FAMILY].soft_reconfiguration.unwrap_or(false);
        if self.view != View::Advertised && !keeps {
            return Some(refuse(self.layout, "Inbound soft reconfiguration not enabled", out));
        }
        let version = N::rib(router).table.end();
        let default = (self.view == View::Advertised && peer.families[N::FAMILY].default_sent)
            .then(|| N::from_bits(0, 0).to_string());
        match self.layout {
            Layout::Text => {
                push_head(router, version, out);
                if let Some(default) = default {
                    put!(out, "Originating default network {default}\n\n");
                }
                out.push_str(COLUMNS);
            }
            Layout::Json => {
                out.push('{');
                let mut first = true;
                for (key, value) in head_json(router, version, default) {
                    push_member(out, &mut first, 1, &key, &value);
                }
                let key = if self.view == View::Advertised { "advertisedRoutes" } else { "receivedRoutes" };
                put!(out, ",\n  \"{key}\":{{");
            }
        }
        None
    }

    /// Writes a slice of what the neighbor is sent.
    fn push_advertised(&mut self, router: &Router<'_>, peer: &Peer, out: &mut String) -> Reached {
        let rib = N::rib(router);
        let start = out.len();
        for _ in 0..SLICE_ROUTES {
            let Some(route) = self.walk.next(&rib.table) else { return Reached::End };
            let sent = sent_paths::<N>(router, peer, route);
            if !sent.is_empty() {
                self.push_paths(rib.table.net(route), &sent, out);
            }
            if out.len() - start > SLICE_OCTETS {
                break;
            }
        }
        Reached::Slice
    }

    /// Writes a slice of what the neighbor sent.
    fn push_received(&mut self, router: &Router<'_>, peer: &Peer, out: &mut String) -> Reached {
        let rib = N::rib(router);
        let start = out.len();
        let mut group: Vec<PathAttributes> = Vec::new();
        let mut at: Option<N> = None;
        let attrs = &router.engine.rib().facts.attrs;
        for (looked, (net, id, set)) in rib.received_after(peer.id, self.last).enumerate() {
            if at != Some(net) {
                if let Some(net) = at.filter(|_| !group.is_empty()) {
                    self.push_paths(net, &core::mem::take(&mut group), out);
                }
                // A slice ends between two prefixes.
                if looked > SLICE_ROUTES || out.len() - start > SLICE_OCTETS {
                    return Reached::Slice;
                }
            }
            at = Some(net);
            self.last = Some((net, id));
            let taken = rib.table.find(net).is_some_and(|route| {
                rib.table.paths(route).any(|(_, path)| path.peer == peer.id && path.received_id == id)
            });
            self.filtered += usize::from(!taken);
            if self.view == View::Received || !taken {
                group.push(attrs[set].attributes.clone());
            }
        }
        if let Some(net) = at.filter(|_| !group.is_empty()) {
            self.push_paths(net, &group, out);
        }
        Reached::End
    }

    fn push_paths(&mut self, net: N, paths: &[PathAttributes], out: &mut String) {
        self.prefixes += 1;
        self.paths += paths.len();
        match self.layout {
            Layout::Text => {
                let mut name = net.to_string();
                for attributes in paths {
                    let next_hop = shown_next_hop(&attributes.next_hop, N::FAMILY);
                    out.push_str(" *>  ");
                    Line { next_hop, med: attributes.med, attributes }.push(&name, out);
                    name.clear();
                }
            }
            Layout::Json => {
                let mut paths = paths.iter().map(|attributes| path_json(net, attributes));
                let mut value = paths.next().unwrap_or_default();
                let more: Vec<Value> = paths.collect();
                if let Value::Object(map) = &mut value
                    && !more.is_empty()
                {
                    // FRR overwrites one path with the next: an object has a key once.
                    map.insert("additionalPaths".to_owned(), Value::Array(more));
                }
                push_member(out, &mut self.first, 2, &net, &value);
            }
        }
    }

    fn end(&self, out: &mut String) {
        let (prefixes, paths, filtered) = (self.prefixes, self.paths, self.filtered);
        match self.layout {
            Layout::Text => {
                put!(out, "\nTotal number of prefixes {prefixes}");
                if filtered > 0 {
                    put!(out, " ({filtered} filtered)\n");
                } else {
                    put!(out, ", total number of paths {paths}\n");
                }
            }
            Layout::Json => {
                out.push_str(if self.first { "}" } else { "\n  }" });
                put!(out, ",\n  \"totalPrefixCounter\":{prefixes},\n  \"totalPathCounter\":{paths}");
                put!(out, ",\n  \"filteredPrefixCounter\":{filtered}\n}}\n");
            }
        }
    }
}

/// What a neighbor is sent of a route.
fn sent_paths<N: Shown>(router: &Router<'_>, peer: &Peer, route: RouteId) -> Vec<PathAttributes> {
    let Some((_, group)) = N::rib(router).group(peer.id) else { return Vec::new() };
    let facts = &router.engine.rib().facts;
    let paths = group.advertised(route, peer.id).into_iter();
    paths
        .map(|path| group.export.transform(&facts.attrs[path.attrs].attributes, facts.peer(path.source)))
        .collect()
}

fn head_json(router: &Router<'_>, version: u64, default: Option<String>) -> Map<String, Value> {
    let mut map = Map::new();
    map.insert("bgpTableVersion".to_owned(), version.into());
    map.insert("bgpLocalRouterId".to_owned(), router.engine.router_id().to_string().into());
    if let Some(bgp) = instance(router) {
        map.insert("defaultLocPrf".to_owned(), default_local_pref(bgp).into());
        map.insert("localAS".to_owned(), bgp.asn.0.into());
    }
    let status = json!({
        "suppressed": "s", "damped": "d", "history": "h", "unsorted": "u", "valid": "*", "best": ">",
        "multipath": "=", "internal": "i", "ribFailure": "r", "stale": "S", "removed": "R"
    });
    map.insert("bgpStatusCodes".to_owned(), status);
    map.insert("bgpOriginCodes".to_owned(), json!({ "igp": "i", "egp": "e", "incomplete": "?" }));
    if let Some(default) = default {
        map.insert("bgpOriginatingDefaultNetwork".to_owned(), default.into());
    }
    map
}

fn path_json<N: Shown>(net: N, attributes: &PathAttributes) -> Value {
    let mut map = Map::new();
    let mut put = |key: &str, value: Value| map.insert(key.to_owned(), value);
    let prefix: ipnet::IpNet = net.into();
    put("addrPrefix", prefix.addr().to_string().into());
    put("prefixLen", prefix.prefix_len().into());
    put("network", prefix.to_string().into());
    let next_hop = attributes.next_hop.address().unwrap_or(shown_next_hop(&attributes.next_hop, N::FAMILY));
    match N::FAMILY {
        Family::Ipv4Unicast if next_hop.is_ipv4() => put("nextHop", next_hop.to_string().into()),
        Family::Ipv4Unicast | Family::Ipv6Unicast => put("nextHopGlobal", next_hop.to_string().into()),
    };
    if let Some(link_local) = attributes.next_hop.link_local().filter(|_| !is_link_local(next_hop)) {
        put("nextHopLinkLocal", link_local.to_string().into());
    }
    if let Some(med) = attributes.med {
        put("metric", med.into());
    }
    if let Some(local_pref) = attributes.local_pref {
        put("locPrf", local_pref.into());
    }
    put("weight", attributes.weight.into());
    put("path", attributes.as_path.to_string().into());
    put("bgpOriginCode", letter(attributes.origin).to_string().into());
    put("appliedStatusSymbols", json!({ "*": true, ">": true }));
    Value::Object(map)
}

impl<N: Shown> Show for AdjRib<N> {
    fn write_some(&mut self, router: &Router<'_>, out: &mut String) -> Progress {
        if instance(router).is_none() {
            return refuse(self.layout, "BGP instance not found", out);
        }
        let Some(peer) = self.which.find(router.engine) else {
            if self.began {
                // It was removed meanwhile.
                self.end(out);
                return Progress::Done;
            }
            return refuse(self.layout, "No such neighbor in this view/vrf", out);
        };
        if let Some(refused) = self.begin(router, peer, out) {
            return refused;
        }
        let reached = match self.view {
            View::Advertised if self.walk.prepare(&N::rib(router).table) => {
                self.push_advertised(router, peer, out)
            }
            View::Advertised => Reached::Slice,
            View::Received | View::Filtered => self.push_received(router, peer, out),
        };
        match reached {
            Reached::Slice => Progress::More,
            Reached::End => {
                self.end(out);
                Progress::Done
            }
        }
    }
}
