//! What the kernel's messages about routes add up to. Pure: messages in, changes out.
//!
//! A route is known by its prefix, its protocol and its metric. A kernel may have several that agree in all of them (what
//! was appended, or the same IPv6 network on two links): the first is the one that counts, the others wait behind it.
//! Where messages cannot tell what is left, the picture is not trusted any more, and everything is to be read again:
//!
//! - IPv4 routes go without a word with their link, with their last address and with their next-hop object;
//! - a message was lost, or is about something that was never seen.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;

use super::message::{Event, Told};

/// The kernel's own routes, to the networks of addresses.
const PROTOCOL_KERNEL: u8 = 2;

/// Where a route leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RouteWay {
    /// Onto the link with this index.
    Link(u32),
    /// Through this router, on the link with this index.
    Over(IpAddr, u32),
    /// Nowhere.
    Blackhole,
    /// Nowhere: the sender is told that there is no way.
    Unreachable,
    /// Nowhere: the sender is told that this is forbidden.
    Prohibit,
}

/// A route of somebody else's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherRoute {
    /// Where to.
    pub net: IpNet,
    /// Who put it there (`RTPROT_*`).
    pub protocol: u8,
    /// Its metric (`RTA_PRIORITY`).
    pub metric: u32,
    /// Where it leads; at least one.
    pub ways: Vec<RouteWay>,
}

/// What changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RouteChange {
    /// This route is there, or leads elsewhere from now on.
    Route(OtherRoute),
    /// The route of this protocol and metric is gone.
    Gone {
        /// Where to.
        net: IpNet,
        /// Who had put it there.
        protocol: u8,
        /// Its metric.
        metric: u32,
    },
}

/// A route's name, and the table that it is in: what is in the main one counts before the other.
type Key = (IpNet, u8, u32, Table);

/// The tables that are watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Table {
    Main,
    Ours,
}

/// All routes that are not ours.
#[derive(Debug, Default)]
pub(super) struct Picture {
    /// In the order in which the kernel takes them.
    routes: BTreeMap<Key, Vec<Vec<RouteWay>>>,
    /// Source addresses that routes ask for: when such an address goes, so do they.
    sources: BTreeMap<IpAddr, u32>,
    links_down: BTreeSet<u32>,
    doubtful: bool,
}

impl Picture {
    /// What was known before the kernel was asked.
    pub(super) fn of(known: impl IntoIterator<Item = OtherRoute>) -> Picture {
        let mut picture = Picture { doubtful: true, ..Picture::default() };
        for route in known {
            let key = (route.net, route.protocol, route.metric, Table::Main);
            picture.routes.entry(key).or_default().push(route.ways);
        }
        picture
    }

    /// Notes that messages were lost.
    pub(super) fn doubt(&mut self) {
        self.doubtful = true;
    }

    pub(super) fn is_doubtful(&self) -> bool {
        self.doubtful
    }

    /// Takes what a dump says.
    pub(super) fn note(&mut self, told: Told) {
        self.sources.extend(told.source.map(|source| (source, 0)));
        let entries = self.routes.entry(key(&told)).or_default();
        if !entries.contains(&told.ways) {
            entries.push(told.ways);
        }
    }

    /// Takes one event and says what it changed.
    pub(super) fn apply(&mut self, event: Event) -> Option<RouteChange> {
        match event {
            Event::Here(told) => self.changed(told, Picture::come),
            Event::Gone(told) => self.changed(told, Picture::go),
            Event::LinkUp(link) => {
                self.links_down.remove(&link);
                None
            }
            Event::LinkDown(link) => {
                if self.links_down.insert(link) {
                    self.doubtful |= self.leads_over(link);
                }
                None
            }
            Event::LinkGone(link) => {
                self.doubtful |= !self.links_down.remove(&link) && self.leads_over(link);
                None
            }
            Event::AddressGone(link, address) => {
                let others = |key: &Key| key.1 != PROTOCOL_KERNEL;
                self.doubtful |=
                    self.sources.contains_key(&address) || self.over(link).any(|(key, _)| others(key));
                None
            }
            Event::ObjectGone => {
                self.doubtful = true;
                None
            }
        }
    }

    /// Puts a new dump in the place of what was known.
    pub(super) fn replace(&mut self, fresh: Picture) -> Vec<RouteChange> {
        let old = std::mem::replace(&mut self.routes, fresh.routes);
        self.sources = fresh.sources;
        self.doubtful = false;
        let mut changes = Vec::new();
        for name in names(&old) {
            if first(&self.routes, name).is_none() {
                changes.push(change(name, None));
            }
        }
        for name in names(&self.routes) {
            let now = first(&self.routes, name);
            if now != first(&old, name) {
                changes.push(change(name, now));
            }
        }
        changes
    }

    fn changed(&mut self, told: Told, how: fn(&mut Picture, Told)) -> Option<RouteChange> {
        let (net, protocol, metric, _) = key(&told);
        let name = (net, protocol, metric);
        let before = first(&self.routes, name).map(<[RouteWay]>::to_vec);
        how(self, told);
        let now = first(&self.routes, name);
        (before.as_deref() != now).then(|| change(name, now))
    }

    /// A route is there.
    fn come(&mut self, told: Told) {
        self.sources.extend(told.source.map(|source| (source, 0)));
        let v6 = told.net.addr().is_ipv6();
        let entries = self.routes.entry(key(&told)).or_default();
        if entries.contains(&told.ways) {
            return;
        }
        // One more way of an IPv6 route comes as the whole route, with all its ways.
        let grown = |entry: &Vec<RouteWay>| entry.iter().all(|way| told.ways.contains(way));
        let place = if told.replaces || entries.is_empty() {
            Some(0)
        } else if v6 && told.ways.len() > 1 {
            entries.iter().position(grown)
        } else {
            None
        };
        match place {
            Some(place) if place < entries.len() => entries[place] = told.ways,
            _ if told.first => entries.insert(0, told.ways),
            _ => entries.push(told.ways),
        }
    }

    /// A route is gone, or an IPv6 route has lost the ways that are told.
    fn go(&mut self, told: Told) {
        let key = key(&told);
        let Some(entries) = self.routes.get_mut(&key) else { return };
        let has = |entry: &&mut Vec<RouteWay>| told.ways.iter().all(|way| entry.contains(way));
        let exact = entries.iter().position(|entry| *entry == told.ways);
        if let Some(place) = exact {
            entries.remove(place);
        } else if let Some(entry) = entries.iter_mut().find(has).filter(|_| told.net.addr().is_ipv6()) {
            entry.retain(|way| !told.ways.contains(way));
        } else if entries.len() == 1 {
            entries.clear();
        } else {
            self.doubtful = true;
        }
        if entries.is_empty() {
            self.routes.remove(&key);
        }
    }

    fn over(&self, link: u32) -> impl Iterator<Item = (&Key, &Vec<Vec<RouteWay>>)> {
        let leads = move |way: &RouteWay| match way {
            RouteWay::Link(over) | RouteWay::Over(_, over) => *over == link,
            RouteWay::Blackhole | RouteWay::Unreachable | RouteWay::Prohibit => false,
        };
        self.routes.iter().filter(move |(_, entries)| entries.iter().flatten().any(leads))
    }

    fn leads_over(&self, link: u32) -> bool {
        self.over(link).next().is_some()
    }
}

fn key(told: &Told) -> Key {
    (told.net, told.protocol, told.metric, told.table)
}

/// A route's name, whatever table it is in.
type Name = (IpNet, u8, u32);

fn names(routes: &BTreeMap<Key, Vec<Vec<RouteWay>>>) -> impl Iterator<Item = Name> {
    let mut last = None;
    routes.keys().filter_map(move |&(net, protocol, metric, _)| {
        let name = (net, protocol, metric);
        (last.replace(name) != Some(name)).then_some(name)
    })
}

/// Where the route of a name leads: the first entry of the first table.
fn first(routes: &BTreeMap<Key, Vec<Vec<RouteWay>>>, (net, protocol, metric): Name) -> Option<&[RouteWay]> {
    let key = |table| (net, protocol, metric, table);
    let (_, entries) = routes.range(key(Table::Main)..=key(Table::Ours)).next()?;
    entries.first().map(Vec::as_slice)
}

fn change((net, protocol, metric): Name, ways: Option<&[RouteWay]>) -> RouteChange {
    match ways {
        Some(ways) => RouteChange::Route(OtherRoute { net, protocol, metric, ways: ways.to_vec() }),
        None => RouteChange::Gone { net, protocol, metric },
    }
}
