//! `show ip prefix-list`, `show ipv6 prefix-list`.

use core::ops::Bound;

use bgp_engine::policy::{Action, PrefixList, PrefixListEntry};
use bgp_engine::value::Family;
use serde_json::{Map, Value};

use super::text::put;
use super::{Layout, Progress, Router, SLICE_OCTETS, Show};

/// The prefix lists of a family, or one.
#[derive(Debug)]
pub struct PrefixLists {
    layout: Layout,
    family: Family,
    wanted: Option<String>,
    /// The list in hand and the last entry of it that was written.
    at: Option<(String, Option<u32>)>,
    began: bool,
}

impl PrefixLists {
    /// Nothing written yet. Without a name: all lists.
    #[must_use]
    pub fn new(layout: Layout, family: Family, wanted: Option<String>) -> Self {
        PrefixLists { layout, family, wanted, at: None, began: false }
    }

    /// The list after the one in hand.
    fn next_name(&self, router: &Router<'_>) -> Option<String> {
        let lists = &router.engine.configuration().prefix_lists[self.family];
        let from = match &self.at {
            None => Bound::Unbounded,
            Some((name, _)) => Bound::Excluded(name.clone()),
        };
        let wanted = |name: &&String| self.wanted.as_ref().is_none_or(|wanted| wanted == *name);
        lists.range((from, Bound::Unbounded)).map(|(name, _)| name).find(wanted).cloned()
    }

    fn begin(&mut self, router: &Router<'_>, out: &mut String) -> Option<Progress> {
        if core::mem::replace(&mut self.began, true) {
            return None;
        }
        let lists = &router.engine.configuration().prefix_lists[self.family];
        if self.wanted.as_ref().is_some_and(|wanted| !lists.contains_key(wanted)) {
            out.push_str(match self.layout {
                Layout::Text => "% Can't find specified prefix-list\n",
                Layout::Json => "{}\n",
            });
            return Some(Progress::Refused);
        }
        if self.layout == Layout::Json {
            out.push_str("{\n  \"BGP\":{");
        }
        None
    }

    fn push_head(&self, name: &str, list: &PrefixList, out: &mut String) {
        let word = if self.family == Family::Ipv4Unicast { "ip" } else { "ipv6" };
        match self.layout {
            Layout::Text => {
                put!(out, "BGP: {word} prefix-list {name}: {} entries\n", list.entries.len());
                if let Some(description) = &list.description {
                    put!(out, "   Description: {description}\n");
                }
            }
            Layout::Json => {
                let family = if word == "ip" { "IPv4" } else { "IPv6" };
                out.push_str(if self.at.is_none() { "\n" } else { ",\n" });
                put!(out, "    {}:{{\n      \"addressFamily\":\"{family}\",", Value::from(name));
                if let Some(description) = &list.description {
                    put!(out, "\n      \"description\":{},", Value::from(description.as_str()));
                }
                out.push_str("\n      \"entries\":[");
            }
        }
    }

    /// Writes entries behind `last`; gives the last one written where there are more.
    fn push_entries(&self, list: &PrefixList, last: Option<u32>, out: &mut String) -> Option<u32> {
        let start = out.len();
        let from = last.map_or(Bound::Unbounded, Bound::Excluded);
        let mut first = last.is_none();
        for (&sequence, entry) in list.entries.range((from, Bound::Unbounded)) {
            match self.layout {
                Layout::Text => push_entry(sequence, entry, out),
                Layout::Json => {
                    out.push_str(if core::mem::replace(&mut first, false) { "" } else { "," });
                    put!(out, "\n        {}", entry_json(sequence, entry));
                }
            }
            if out.len() - start > SLICE_OCTETS {
                return Some(sequence);
            }
        }
        out.push_str(if self.layout == Layout::Json { "\n      ]\n    }" } else { "" });
        None
    }
}

fn action(entry: &PrefixListEntry) -> &'static str {
    match entry.action {
        Action::Permit => "permit",
        Action::Deny => "deny",
    }
}

fn push_entry(sequence: u32, entry: &PrefixListEntry, out: &mut String) {
    put!(out, "   seq {sequence} {} {}", action(entry), entry.prefix);
    if let Some(ge) = entry.ge {
        put!(out, " ge {ge}");
    }
    if let Some(le) = entry.le {
        put!(out, " le {le}");
    }
    out.push('\n');
}

fn entry_json(sequence: u32, entry: &PrefixListEntry) -> Value {
    let mut map = Map::new();
    map.insert("sequenceNumber".to_owned(), sequence.into());
    map.insert("type".to_owned(), action(entry).into());
    map.insert("prefix".to_owned(), entry.prefix.to_string().into());
    if let Some(ge) = entry.ge {
        map.insert("minimumPrefixLength".to_owned(), ge.into());
    }
    if let Some(le) = entry.le {
        map.insert("maximumPrefixLength".to_owned(), le.into());
    }
    Value::Object(map)
}

impl Show for PrefixLists {
    fn write_some(&mut self, router: &Router<'_>, out: &mut String) -> Progress {
        if let Some(refused) = self.begin(router, out) {
            return refused;
        }
        let lists = &router.engine.configuration().prefix_lists[self.family];
        if let Some((name, Some(last))) = self.at.clone() {
            let left = match lists.get(&name) {
                Some(list) => self.push_entries(list, Some(last), out),
                None => {
                    out.push_str(if self.layout == Layout::Json { "\n      ]\n    }" } else { "" });
                    None
                }
            };
            self.at = Some((name, left));
            return Progress::More;
        }
        let Some((name, list)) =
            self.next_name(router).and_then(|name| lists.get(&name).map(|list| (name, list)))
        else {
            out.push_str(if self.layout == Layout::Json { "\n  }\n}\n" } else { "" });
            return Progress::Done;
        };
        self.push_head(&name, list, out);
        let left = self.push_entries(list, None, out);
        self.at = Some((name, left));
        Progress::More
    }
}
