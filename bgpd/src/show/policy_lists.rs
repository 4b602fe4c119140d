//! `show bgp as-path-access-list`, `show bgp community-list` and its like, `show ip access-list`.

use bgp_engine::attr::Community;
use bgp_engine::config::Configuration;
use bgp_engine::policy::{AnyCommunity, CommunityList, CommunityTest, Style};
use bgp_engine::value::Family;
use serde_json::{Value, json};

use super::text::{push_member, put};
use super::{Layout, Progress, Router, Show};

/// Which lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListKind {
    /// `as-path-access-list`.
    AsPath,
    /// `community-list`.
    Community,
    /// `large-community-list`.
    Large,
    /// `extcommunity-list`.
    Extended,
    /// `ip access-list`, `ipv6 access-list`.
    Access(Family),
}

/// The lists of a kind, or one; a list a slice.
#[derive(Debug)]
pub struct PolicyLists {
    layout: Layout,
    kind: ListKind,
    wanted: Option<String>,
    /// The last list that was written.
    last: Option<String>,
    began: bool,
    first: bool,
}

/// One entry: its number, what it says, of what.
struct Row {
    sequence: u32,
    action: &'static str,
    text: String,
}

/// A list as it is shown.
struct Shown {
    /// The line above its entries.
    head: String,
    style: Option<Style>,
    rows: Vec<Row>,
}

impl PolicyLists {
    /// Nothing written yet. Without a name: all lists.
    #[must_use]
    pub fn new(layout: Layout, kind: ListKind, wanted: Option<String>) -> Self {
        PolicyLists { layout, kind, wanted, last: None, began: false, first: true }
    }

    fn begin(&mut self, config: &Configuration, out: &mut String) -> Option<Progress> {
        if core::mem::replace(&mut self.began, true) {
            return None;
        }
        if self.wanted.as_ref().is_some_and(|wanted| shown(config, self.kind, wanted).is_none()) {
            let missing = match self.kind {
                ListKind::AsPath => "% Can't find as-path access-list\n",
                ListKind::Community => "% Can't find community-list\n",
                ListKind::Large | ListKind::Extended => "% Can't find extcommunity-list\n",
                ListKind::Access(_) => "% Can't find access-list\n",
            };
            out.push_str(if self.layout == Layout::Json { "{}\n" } else { missing });
            return Some(Progress::Refused);
        }
        let access = matches!(self.kind, ListKind::Access(_));
        match (self.layout, access) {
            (Layout::Json, true) => out.push_str("{\n  \"BGP\":{"),
            (Layout::Json, false) => out.push('{'),
            (Layout::Text, true) => out.push_str("BGP:\n"),
            (Layout::Text, false) => {}
        }
        None
    }

    fn push(&mut self, name: &str, list: &Shown, out: &mut String) {
        let access = matches!(self.kind, ListKind::Access(_));
        if self.layout == Layout::Text {
            put!(out, "{}\n", list.head);
            for Row { sequence, action, text } in &list.rows {
                if access {
                    put!(out, "    seq {sequence} {action:<6} {text}\n");
                } else {
                    put!(out, "    {action} {text}\n");
                }
            }
            return;
        }
        let key = match (self.kind, list.style) {
            (ListKind::AsPath, _) | (_, Some(Style::Expanded)) => "regExp",
            (ListKind::Access(_), _) => "prefix",
            (ListKind::Community | ListKind::Large | ListKind::Extended, _) => "community",
        };
        let rows = list.rows.iter().map(|row| match (access, row.text.strip_suffix(" exact-match")) {
            (true, exact) => json!({
                "sequenceNumber": row.sequence, "filterType": row.action,
                "prefix": exact.unwrap_or(&row.text), "exact-match": exact.is_some(),
            }),
            (false, _) => json!({ "sequenceNumber": row.sequence, "type": row.action, key: row.text }),
        });
        let rows: Vec<Value> = rows.collect();
        let (depth, value) = match self.kind {
            ListKind::Access(family) => {
                let family = if family == Family::Ipv4Unicast { "IPv4" } else { "IPv6" };
                (2, json!({ "type": "Zebra", "addressFamily": family, "rules": rows }))
            }
            _ => (1, Value::Array(rows)),
        };
        push_member(out, &mut self.first, depth, &name, &value);
    }
}

/// The names of a kind's lists in order.
fn names(config: &Configuration, kind: ListKind) -> Vec<&String> {
    match kind {
        ListKind::AsPath => config.as_path_lists.keys().collect(),
        ListKind::Community => config.community_lists.keys().collect(),
        ListKind::Large => config.large_community_lists.keys().collect(),
        ListKind::Extended => config.extended_community_lists.keys().collect(),
        ListKind::Access(family) => config.access_lists[family].keys().collect(),
    }
}

fn shown(config: &Configuration, kind: ListKind, name: &str) -> Option<Shown> {
    match kind {
        ListKind::AsPath => {
            let list = config.as_path_lists.get(name)?;
            let rows = list.entries.iter().map(|(&sequence, entry)| Row {
                sequence,
                action: entry.action.word(),
                text: entry.pattern.to_string(),
            });
            let head = format!("AS path access list {name}");
            Some(Shown { head, style: None, rows: rows.collect() })
        }
        ListKind::Community => {
            let text = |c: &Community| if c.0 == 0 { "internet".to_owned() } else { c.to_string() };
            Some(communities(config.community_lists.get(name)?, name, "Community", text))
        }
        ListKind::Large => {
            let list = config.large_community_lists.get(name)?;
            Some(communities(list, name, "large community", ToString::to_string))
        }
        ListKind::Extended => {
            let list = config.extended_community_lists.get(name)?;
            Some(communities(list, name, "extended community", |c| format!("{} {}", c.keyword(), c.pair())))
        }
        ListKind::Access(family) => {
            let list = config.access_lists[family].get(name)?;
            let rows = list.entries.iter().map(|(&sequence, entry)| {
                let exact = if entry.exact { " exact-match" } else { "" };
                let text = if entry.is_any() { "any".to_owned() } else { format!("{}{exact}", entry.prefix) };
                Row { sequence, action: entry.action.word(), text }
            });
            let ip = if family == Family::Ipv4Unicast { "IP" } else { "IPv6" };
            let head = format!("Zebra {ip} access list {name}");
            Some(Shown { head, style: None, rows: rows.collect() })
        }
    }
}

fn communities<C: AnyCommunity>(
    list: &CommunityList<C>,
    name: &str,
    what: &str,
    text: impl Fn(&C) -> String,
) -> Shown {
    let numbered = name.parse::<u16>().is_ok();
    let mut capital = what.to_owned();
    capital[..1].make_ascii_uppercase();
    let head = match (list.style, numbered) {
        (Style::Standard, true) => format!("{capital} standard list {name}"),
        (Style::Expanded, true) => format!("{capital} (expanded) access list {name}"),
        (Style::Standard, false) => format!("Named {what} standard list {name}"),
        (Style::Expanded, false) => format!("Named {what} expanded list {name}"),
    };
    let rows = list.entries.iter().map(|(&sequence, entry)| {
        let text = match &entry.test {
            CommunityTest::Values(values) => values.iter().map(&text).collect::<Vec<_>>().join(" "),
            CommunityTest::Text(pattern) => pattern.to_string(),
        };
        Row { sequence, action: entry.action.word(), text }
    });
    Shown { head, style: Some(list.style), rows: rows.collect() }
}

impl Show for PolicyLists {
    fn write_some(&mut self, router: &Router<'_>, out: &mut String) -> Progress {
        let config = router.engine.configuration();
        if let Some(refused) = self.begin(config, out) {
            return refused;
        }
        let next = names(config, self.kind).into_iter().find(|name| {
            self.last.as_ref().is_none_or(|last| last < *name)
                && self.wanted.as_ref().is_none_or(|wanted| wanted == *name)
        });
        let Some((name, list)) = next.and_then(|name| Some((name, shown(config, self.kind, name)?))) else {
            match (self.layout, self.kind) {
                (Layout::Json, ListKind::Access(_)) => out.push_str("\n  }\n}\n"),
                (Layout::Json, _) => out.push_str("\n}\n"),
                (Layout::Text, _) => {}
            }
            return Progress::Done;
        };
        let name = name.clone();
        self.push(&name, &list, out);
        self.last = Some(name);
        Progress::More
    }
}
