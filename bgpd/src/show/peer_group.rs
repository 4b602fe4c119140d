//! `show bgp peer-group`: the groups and who is in them.

use bgp_engine::config::{BgpConfig, NeighborSettings, RemoteAs};
use bgp_engine::engine::{Kind, Peer};
use bgp_engine::value::{Asn, Family};
use serde_json::{Map, Value, json};

use super::path::instance;
use super::peers::state_text;
use super::text::{push_member, put};
use super::{Layout, Progress, Router, Show, refuse};

/// The groups, one a slice.
#[derive(Debug)]
pub struct PeerGroups {
    layout: Layout,
    wanted: Option<String>,
    /// The groups to come, the next one last; `None` before the first slice.
    names: Option<Vec<String>>,
    first: bool,
}

impl PeerGroups {
    /// Nothing written yet. Without a name: all groups.
    #[must_use]
    pub fn new(layout: Layout, wanted: Option<String>) -> Self {
        PeerGroups { layout, wanted, names: None, first: true }
    }

    fn begin(&mut self, bgp: &BgpConfig, out: &mut String) -> Option<Progress> {
        if self.names.is_some() {
            return None;
        }
        let wanted = |name: &&String| self.wanted.as_ref().is_none_or(|wanted| wanted == *name);
        let names: Vec<String> = bgp.peer_groups.keys().rev().filter(wanted).cloned().collect();
        if names.is_empty() && self.wanted.is_some() {
            return Some(refuse(self.layout, "No such peer-group", out));
        }
        self.names = Some(names);
        if self.layout == Layout::Json {
            out.push('{');
        }
        None
    }
}

/// A group's AS and whether it is this one.
fn remote(bgp: &BgpConfig, settings: &NeighborSettings) -> (Option<Asn>, Option<&'static str>) {
    match settings.remote_as {
        Some(RemoteAs::Is(asn)) if asn == bgp.asn => (Some(asn), Some("internal")),
        Some(RemoteAs::Is(asn)) => (Some(asn), Some("external")),
        Some(RemoteAs::Internal) => (Some(bgp.asn), Some("internal")),
        Some(RemoteAs::External) => (None, Some("external")),
        Some(RemoteAs::Auto) | None => (None, None),
    }
}

fn families(bgp: &BgpConfig, settings: &NeighborSettings) -> Vec<String> {
    let unless_written = |family| family == Family::Ipv4Unicast && bgp.default_ipv4_unicast;
    let active = |family: &Family| settings.families[*family].activate.unwrap_or(unless_written(*family));
    Family::ALL.into_iter().filter(active).map(|family| family.to_string()).collect()
}

fn members<'a>(router: &Router<'a>, group: &str) -> impl Iterator<Item = &'a Peer> {
    router.engine.peers().filter(move |peer| peer.group.as_deref() == Some(group))
}

fn ranges(bgp: &BgpConfig, group: &str) -> Vec<String> {
    let of_group = bgp.listen_ranges.iter().filter(|(_, range)| range.group == group);
    of_group.map(|(net, _)| net.to_string()).collect()
}

fn push(router: &Router<'_>, bgp: &BgpConfig, name: &str, settings: &NeighborSettings, out: &mut String) {
    put!(out, "\nBGP peer-group {name}");
    let (asn, kind) = remote(bgp, settings);
    if let Some(asn) = asn {
        put!(out, ", remote AS {asn}");
    }
    out.push('\n');
    if let Some(kind) = kind {
        put!(out, "  Peer-group type is {kind}\n");
    }
    let families = families(bgp, settings);
    let families =
        if families.is_empty() { " none".to_owned() } else { format!(" {};", families.join("; ")) };
    put!(out, "  Configured address-families:{families}\n");
    let ranges = ranges(bgp, name);
    if !ranges.is_empty() {
        put!(out, "  {} listen range(s)\n", ranges.len());
        for range in ranges {
            put!(out, "    {range}\n");
        }
    }
    let mut members = members(router, name).peekable();
    if members.peek().is_some() {
        out.push_str("  Peer-group members:\n");
        for peer in members {
            let dynamic = if peer.kind == Kind::Dynamic { "(dynamic)" } else { "" };
            put!(out, "    {} {dynamic} {}\n", peer.name, state_text(peer));
        }
    }
}

fn group_json(router: &Router<'_>, bgp: &BgpConfig, name: &str, settings: &NeighborSettings) -> Value {
    let mut map = Map::new();
    let (asn, kind) = remote(bgp, settings);
    if let Some(asn) = asn {
        map.insert("remoteAs".to_owned(), asn.0.into());
    }
    if let Some(kind) = kind {
        map.insert("type".to_owned(), kind.into());
    }
    map.insert("addressFamiliesConfigured".to_owned(), json!(families(bgp, settings)));
    let ranges = ranges(bgp, name);
    if !ranges.is_empty() {
        map.insert("dynamicRanges".to_owned(), json!({ "count": ranges.len(), "ranges": ranges }));
    }
    let members = members(router, name).map(|peer| {
        let mut member = Map::new();
        member.insert("status".to_owned(), state_text(peer).into());
        if peer.kind == Kind::Dynamic {
            member.insert("dynamic".to_owned(), true.into());
        }
        (peer.name.to_string(), Value::Object(member))
    });
    map.insert("members".to_owned(), Value::Object(members.collect()));
    Value::Object(map)
}

impl Show for PeerGroups {
    fn write_some(&mut self, router: &Router<'_>, out: &mut String) -> Progress {
        let Some(bgp) = instance(router) else {
            return refuse(self.layout, "BGP instance not found", out);
        };
        if let Some(refused) = self.begin(bgp, out) {
            return refused;
        }
        let Some(name) = self.names.as_mut().and_then(Vec::pop) else {
            if self.layout == Layout::Json {
                out.push_str("\n}\n");
            }
            return Progress::Done;
        };
        if let Some(settings) = bgp.peer_groups.get(&name) {
            match self.layout {
                Layout::Text => push(router, bgp, &name, settings, out),
                Layout::Json => {
                    push_member(out, &mut self.first, 1, &name, &group_json(router, bgp, &name, settings));
                }
            }
        }
        Progress::More
    }
}
