//! `show route-map`.

use core::ops::Bound;

use bgp_engine::policy::{MapCounts, RouteMap, RouteMapEntry, Set, Then};
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

/// A set clause as FRR shows it: a list to delete by without the word `delete`.
fn shown_set(clause: &Set) -> String {
    let text = clause.to_string();
    match clause {
        Set::CommunityDelete(_) | Set::LargeCommunityDelete(_) | Set::ExtendedCommunityDelete(_) => {
            text.trim_end_matches(" delete").to_owned()
        }
        _ => text,
    }
}

fn exit(entry: &RouteMapEntry) -> String {
    match entry.then {
        Then::Stop => "Exit routemap".to_owned(),
        Then::Next => "Continue to next entry".to_owned(),
        Then::Goto(sequence) => format!("Goto {sequence}"),
    }
}

/// How often an entry was asked.
fn invoked(counts: &MapCounts, sequence: u32) -> u64 {
    let entry = counts.entries.iter().find(|(other, _)| *other == sequence);
    entry.map_or(0, |(_, invoked)| *invoked)
}

fn push(name: &str, map: &RouteMap, counts: &MapCounts, out: &mut String) {
    put!(
        out,
        "route-map: {name} Invoked: {} Optimization: enabled Processed Change: false\n",
        counts.invoked
    );
    for (&sequence, entry) in &map.entries {
        put!(out, " {}, sequence {sequence} Invoked {}\n", entry.action.word(), invoked(counts, sequence));
        if let Some(description) = &entry.description {
            put!(out, "  Description:\n    {description}\n");
        }
        out.push_str("  Match clauses:\n");
        entry.matches.iter().for_each(|clause| put!(out, "    {clause}\n"));
        out.push_str("  Set clauses:\n");
        entry.sets.iter().for_each(|clause| put!(out, "    {}\n", shown_set(clause)));
        out.push_str("  Call clause:\n");
        if let Some(called) = &entry.call {
            put!(out, "    Call {called}\n");
        }
        put!(out, "  Action:\n    {}\n", exit(entry));
    }
}

fn map_json(map: &RouteMap, counts: &MapCounts) -> Value {
    let rules = map.entries.iter().map(|(&sequence, entry)| {
        let mut rule = Map::new();
        rule.insert("sequenceNumber".to_owned(), sequence.into());
        rule.insert("type".to_owned(), entry.action.word().into());
        rule.insert("invoked".to_owned(), invoked(counts, sequence).into());
        if let Some(description) = &entry.description {
            rule.insert("description".to_owned(), description.as_str().into());
        }
        let matches: Vec<String> = entry.matches.iter().map(ToString::to_string).collect();
        let sets: Vec<String> = entry.sets.iter().map(shown_set).collect();
        rule.insert("matchClauses".to_owned(), json!(matches));
        rule.insert("setClauses".to_owned(), json!(sets));
        if let Some(called) = &entry.call {
            rule.insert("callClause".to_owned(), called.as_str().into());
        }
        rule.insert("action".to_owned(), exit(entry).into());
        Value::Object(rule)
    });
    json!({
        "invoked": counts.invoked,
        "disabledOptimization": false,
        "processedChange": false,
        "rules": rules.collect::<Vec<_>>(),
    })
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
        let counts = router.engine.policy().counts_of(name);
        match self.layout {
            Layout::Text => push(name, map, &counts, out),
            Layout::Json => push_member(out, &mut self.first, 2, name, &map_json(map, &counts)),
        }
        self.last = Some(name.clone());
        Progress::More
    }
}
