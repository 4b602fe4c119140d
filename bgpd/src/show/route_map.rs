//! `show route-map`. What FRR counts of a map's use is not counted here, and left out.

use core::ops::Bound;

use bgp_engine::policy::{Action, Match, RouteMap, RouteMapEntry};
use bgp_engine::value::Family;
use serde_json::{Map, Value, json};

use super::text::{push_member, put};
use super::{Layout, Progress, Router, Show};

/// The route maps, or one; a map a slice.
#[derive(Debug)]
pub struct RouteMaps {
    layout: Layout,
    wanted: Option<String>,
    /// The last map that was written.
    last: Option<String>,
    began: bool,
    first: bool,
}

impl RouteMaps {
    /// Nothing written yet. Without a name: all maps.
    #[must_use]
    pub fn new(layout: Layout, wanted: Option<String>) -> Self {
        RouteMaps { layout, wanted, last: None, began: false, first: true }
    }

    fn begin(&mut self, router: &Router<'_>, out: &mut String) -> Option<Progress> {
        if core::mem::replace(&mut self.began, true) {
            return None;
        }
        let maps = &router.engine.configuration().route_maps;
        if let Some(wanted) = self.wanted.as_ref().filter(|wanted| !maps.contains_key(*wanted)) {
            match self.layout {
                Layout::Text => put!(out, "BGP: 'route-map {wanted}' not found\n"),
                Layout::Json => out.push_str("{}\n"),
            }
            return Some(Progress::Refused);
        }
        out.push_str(if self.layout == Layout::Json { "{\n  \"BGP\":{" } else { "BGP:\n" });
        None
    }
}

fn action(entry: &RouteMapEntry) -> &'static str {
    match entry.action {
        Action::Permit => "permit",
        Action::Deny => "deny",
    }
}

fn clauses(entry: &RouteMapEntry) -> Vec<String> {
    let clause = |clause: &Match| match clause {
        Match::AddressPrefixList(Family::Ipv4Unicast, name) => format!("ip address prefix-list {name}"),
        Match::AddressPrefixList(Family::Ipv6Unicast, name) => format!("ipv6 address prefix-list {name}"),
    };
    entry.matches.iter().map(clause).collect()
}

fn push(name: &str, map: &RouteMap, out: &mut String) {
    put!(out, "route-map: {name}\n");
    for (sequence, entry) in &map.entries {
        put!(out, " {}, sequence {sequence}\n", action(entry));
        if let Some(description) = &entry.description {
            put!(out, "  Description:\n    {description}\n");
        }
        out.push_str("  Match clauses:\n");
        for clause in clauses(entry) {
            put!(out, "    {clause}\n");
        }
        out.push_str("  Set clauses:\n  Call clause:\n  Action:\n    Exit routemap\n");
    }
}

fn map_json(map: &RouteMap) -> Value {
    let rules = map.entries.iter().map(|(sequence, entry)| {
        let mut rule = Map::new();
        rule.insert("sequenceNumber".to_owned(), (*sequence).into());
        rule.insert("type".to_owned(), action(entry).into());
        if let Some(description) = &entry.description {
            rule.insert("description".to_owned(), description.as_str().into());
        }
        rule.insert("matchClauses".to_owned(), json!(clauses(entry)));
        rule.insert("setClauses".to_owned(), json!([]));
        rule.insert("action".to_owned(), "Exit routemap".into());
        Value::Object(rule)
    });
    json!({ "rules": rules.collect::<Vec<_>>() })
}

impl Show for RouteMaps {
    fn write_some(&mut self, router: &Router<'_>, out: &mut String) -> Progress {
        if let Some(refused) = self.begin(router, out) {
            return refused;
        }
        let maps = &router.engine.configuration().route_maps;
        let from = self.last.clone().map_or(Bound::Unbounded, Bound::Excluded);
        let wanted = |name: &String| self.wanted.as_ref().is_none_or(|wanted| wanted == name);
        let found = maps.range((from, Bound::Unbounded)).find(|(name, _)| wanted(name));
        let Some((name, map)) = found else {
            out.push_str(if self.layout == Layout::Json { "\n  }\n}\n" } else { "" });
            return Progress::Done;
        };
        match self.layout {
            Layout::Text => push(name, map, out),
            Layout::Json => push_member(out, &mut self.first, 2, name, &map_json(map)),
        }
        self.last = Some(name.clone());
        Progress::More
    }
}
