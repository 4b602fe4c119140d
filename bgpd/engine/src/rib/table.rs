//! One family's routes: every path that the peers sent (Adj-RIB-In after policy) and the best of each prefix
//! (Loc-RIB), in one compact table.
//!
//! A route is a prefix with a list of paths. The best path, where there is one, stands first. Routes and paths
//! are numbers into two arrays, so that a million of them cost no allocation each. A route without a path stays
//! until whoever follows the table has seen that it is gone ([`Table::reap`]).

mod read;
mod save;

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::hash::BuildHasher;

use foldhash::fast::FixedState;
use serde::{Deserialize, Serialize};

use super::attr_store::AttrId;
use super::change_log::{ChangeLog, Version, low};
use super::decision::{self, Candidate};
use super::facts::Facts;
use super::index::Index;
use super::rows::Rows;
pub use save::SavedTable;

use crate::value::{Digest, Net, PathId, PeerId, mix};

/// No route, no path.
const NONE: u32 = u32::MAX;

/// A route's place in its table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RouteId(pub u32);

/// A path's place in its table. Also what ADD-PATH sends as its identifier, plus one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PathPlace(pub u32);

#[derive(Clone, Copy, Debug)]
struct Route<N> {
    head: u32,
    /// Low half of the version of the last change; meaningless before the first.
    version: u32,
    net: N,
    flags: u8,
}

mod route_flag {
    /// The first path is the best one; else none is.
    pub(super) const HAS_BEST: u8 = 1;
    /// It stands in the change log.
    pub(super) const LOGGED: u8 = 2;
    /// Some path has a MED: the order of comparison may matter, so that all are compared anew each time.
    pub(super) const HAS_MED: u8 = 4;
    /// The place is free.
    pub(super) const FREE: u8 = 8;
}

/// A path: one way to a prefix, as one peer announced it.
#[derive(Clone, Copy, Debug)]
pub struct Path {
    /// Its attributes after policy.
    pub attrs: AttrId,
    next: u32,
    /// Whose it is.
    pub peer: PeerId,
    /// The peer's session that it came in, see [`super::facts::PeerFacts::generation`].
    pub generation: u8,
    /// The peer's identifier for it (RFC 7911), 0 without ADD-PATH.
    pub received_id: PathId,
    /// When it came or last changed, in seconds of the log's clock.
    pub since_s: u32,
}

/// A path that comes in. Its attribute reference belongs to the table from then on.
#[derive(Clone, Copy, Debug)]
pub struct Arrival {
    /// Whose it is.
    pub peer: PeerId,
    /// The peer's identifier for it.
    pub received_id: PathId,
    /// Its attributes, with a reference.
    pub attrs: AttrId,
    /// Now, in seconds of the log's clock.
    pub now_s: u32,
}

/// What an arrival was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Announced {
    /// The peer had no such path.
    New,
    /// It replaced the peer's former path.
    Replaced,
    /// The same as before.
    Duplicate,
}

/// Who wants to hear of which changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Interest {
    /// Of the best path.
    #[default]
    Best,
    /// Of the best path, and of those that share its packets: the kernel's table follows.
    Multipath,
    /// Of any path: somebody is sent several (ADD-PATH).
    EveryPath,
}

/// One family's routes.
#[derive(Debug)]
pub struct Table<N> {
    routes: Rows<Route<N>>,
    paths: Rows<Path>,
    free_routes: Vec<u32>,
    free_paths: Vec<u32>,
    index: Index,
    hasher: FixedState,
    log: ChangeLog,
    /// Routes without a path, by the version at which they lost the last one.
    gone: VecDeque<(Version, u32)>,
    live_paths: usize,
    /// Over the paths that there are, and over the changes in their order.
    digest: (Digest, Digest),
    /// Paths by the peer that they are of.
    counts: Vec<u32>,
    /// Which changes are logged.
    pub interest: Interest,
}

impl<N: Net> Table<N> {
    /// An empty table whose hashes follow from `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Table {
            routes: Rows::new(),
            paths: Rows::new(),
            free_routes: Vec::new(),
            free_paths: Vec::new(),
            index: Index::new(),
            hasher: FixedState::with_seed(seed),
            log: ChangeLog::default(),
            gone: VecDeque::new(),
            live_paths: 0,
            digest: Default::default(),
            counts: Vec::new(),
            interest: Interest::Best,
        }
    }

    fn hash(hasher: &FixedState, net: N) -> u64 {
        let bits = net.bits();
        let high = (bits >> 64) as u64;
        #[expect(clippy::cast_possible_truncation, reason = "the low half is what is wanted")]
        let rest = (bits as u64) ^ u64::from(net.length());
        hasher.hash_one((high, rest))
    }

    /// The route to exactly this prefix, if anything is or was known of it lately.
    #[must_use]
    pub fn find(&self, net: N) -> Option<RouteId> {
        let hash = Self::hash(&self.hasher, net);
        self.index.find(hash, |id| self.routes[id as usize].net == net).map(RouteId)
    }

    fn find_or_add(&mut self, net: N) -> u32 {
        let hash = Self::hash(&self.hasher, net);
        let routes = &self.routes;
        if let Some(id) = self.index.find(hash, |id| routes[id as usize].net == net) {
            return id;
        }
        let route = Route { net, head: NONE, version: 0, flags: 0 };
        let id = place(&mut self.routes, &mut self.free_routes, route);
        let (routes, hasher) = (&self.routes, &self.hasher);
        self.index.insert(hash, id, |id| Self::hash(hasher, routes[id as usize].net));
        id
    }

    /// Takes a path in and decides.
    pub fn announce(&mut self, net: N, arrival: Arrival, facts: &mut Facts) -> Announced {
        let route = self.find_or_add(net);
        let generation = facts.peer(arrival.peer).generation[N::FAMILY];
        if facts.attrs[arrival.attrs].attributes.med.is_some() {
            self.routes[route as usize].flags |= route_flag::HAS_MED;
        }
        let known = self.path_of(route, arrival.peer, arrival.received_id);
        let shared = known.is_some_and(|(_, at)| self.shares_packets(route, at, facts));
        let (changed, outcome) = match known {
            Some((_, at)) => {
                let path = &mut self.paths[at as usize];
                path.generation = generation;
                let before = *path;
                let former = core::mem::replace(&mut path.attrs, arrival.attrs);
                let same = former == arrival.attrs;
                if !same {
                    path.since_s = arrival.now_s;
                }
                if same {
                    facts.release(former);
                    return Announced::Duplicate;
                }
                let after = *path;
                self.toggle(net, &before, facts);
                self.toggle(net, &after, facts);
                facts.release(former);
                (at, Announced::Replaced)
            }
            None => {
                let path = Path {
                    attrs: arrival.attrs,
                    next: NONE,
                    peer: arrival.peer,
                    generation,
                    received_id: arrival.received_id,
                    since_s: arrival.now_s,
                };
                self.toggle(net, &path, facts);
                let at = place(&mut self.paths, &mut self.free_paths, path);
                self.live_paths += 1;
                let peer = usize::from(arrival.peer.0);
                if self.counts.len() <= peer {
                    self.counts.resize(peer + 1, 0);
                }
                self.counts[peer] += 1;
                self.insert_behind_best(route, at);
                (at, Announced::New)
            }
        };
        let logged = self.decide_for(route, changed, facts);
        if !logged && (shared || self.shares_packets(route, changed, facts)) {
            self.log_change(route);
        }
        outcome
    }

    /// Whether a path is used beside the best one, where somebody wants to know.
    fn shares_packets(&self, route: u32, at: u32, facts: &Facts) -> bool {
        let Route { head, flags, .. } = self.routes[route as usize];
        if self.interest != Interest::Multipath || flags & route_flag::HAS_BEST == 0 || head == at {
            return false;
        }
        match (self.candidate(head, true, facts), self.candidate(at, false, facts)) {
            (Some(best), Some(other)) => decision::is_multipath(&best, &other, facts),
            _ => false,
        }
    }

    /// Puts a path into the digest, or takes it out.
    fn toggle(&mut self, net: N, path: &Path, facts: &Facts) {
        let bits = net.bits();
        let attributes = u64::from(facts.attrs[path.attrs].fingerprint()) << 32;
        let path =
            u64::from(path.peer.0) << 48 ^ u64::from(path.received_id.0) << 8 ^ u64::from(net.length());
        self.digest.0.toggle(mix(((bits >> 64) as u64) ^ mix(attributes ^ path)) ^ fold(bits));
    }

    /// A new path stands second: the first place is the best path's.
    fn insert_behind_best(&mut self, route: u32, at: u32) {
        let route = &mut self.routes[route as usize];
        if route.flags & route_flag::HAS_BEST != 0 {
            let head = route.head;
            self.paths[at as usize].next = self.paths[head as usize].next;
            self.paths[head as usize].next = at;
        } else {
            self.paths[at as usize].next = route.head;
            route.head = at;
        }
    }

    /// Takes a path out and decides. False if there was none.
    pub fn withdraw(&mut self, net: N, peer: PeerId, received_id: PathId, facts: &mut Facts) -> bool {
        let Some(RouteId(route)) = self.find(net) else { return false };
        let Some((before, at)) = self.path_of(route, peer, received_id) else { return false };
        self.remove(route, before, at, facts);
        true
    }

    fn remove(&mut self, route: u32, before: Option<u32>, at: u32, facts: &mut Facts) {
        let was_best = before.is_none() && self.routes[route as usize].flags & route_flag::HAS_BEST != 0;
        let shared = self.shares_packets(route, at, facts);
        self.unlink(route, before, at);
        let path = self.paths[at as usize];
        self.toggle(self.routes[route as usize].net, &path, facts);
        facts.release(self.paths[at as usize].attrs);
        self.free_paths.push(at);
        self.live_paths -= 1;
        self.counts[usize::from(self.paths[at as usize].peer.0)] -= 1;
        if was_best {
            self.routes[route as usize].flags &= !route_flag::HAS_BEST;
            self.decide_anew(route, facts);
            self.log_change(route);
        } else if shared || self.interest == Interest::EveryPath {
            self.log_change(route);
        }
        let entry = &mut self.routes[route as usize];
        if entry.head == NONE {
            entry.flags &= !route_flag::HAS_MED;
            let logged = entry.flags & route_flag::LOGGED != 0;
            let version = if logged { self.log.version_of(entry.version) } else { 0 };
            self.gone.push_back((version, route));
        }
    }

    fn unlink(&mut self, route: u32, before: Option<u32>, at: u32) {
        let next = self.paths[at as usize].next;
        match before {
            Some(before) => self.paths[before as usize].next = next,
            None => self.routes[route as usize].head = next,
        }
    }

    /// A peer's path in a route's list, and the one before it.
    fn path_of(&self, route: u32, peer: PeerId, received_id: PathId) -> Option<(Option<u32>, u32)> {
        let mut before = None;
        let mut at = self.routes[route as usize].head;
        while at != NONE {
            let path = &self.paths[at as usize];
            if path.peer == peer && path.received_id == received_id {
                return Some((before, at));
            }
            before = Some(at);
            at = path.next;
        }
        None
    }

    fn candidate<'a>(&self, at: u32, selected: bool, facts: &'a Facts) -> Option<Candidate<'a>> {
        let path = &self.paths[at as usize];
        let stored = &facts.attrs[path.attrs];
        let metric = facts.next_hops.reach(stored.next_hop).metric?;
        let peer = facts.peer(path.peer);
        Some(Candidate { stored, peer, metric, selected })
    }

    /// Decides after one path came or changed. True if that is noted in the change log.
    fn decide_for(&mut self, route: u32, changed: u32, facts: &Facts) -> bool {
        let Route { head, flags, .. } = self.routes[route as usize];
        let has_best = flags & route_flag::HAS_BEST != 0;
        let best_before = has_best.then_some(head);
        let alone = self.paths[head as usize].next == NONE;
        // Where no MED can make the order matter, one comparison with the best path does.
        let simple = best_before != Some(changed) && (alone || flags & route_flag::HAS_MED == 0);
        if simple && has_best {
            let beats = match (self.candidate(changed, false, facts), self.candidate(head, true, facts)) {
                (Some(new), Some(best)) => decision::is_better(&new, &best, facts),
                (new, _) => new.is_some(),
            };
            if beats {
                self.make_best(route, changed);
            }
        } else {
            self.decide_anew(route, facts);
        }
        let best = self.best_place(route);
        let matters = best != best_before || best == Some(changed) || self.interest == Interest::EveryPath;
        if matters {
            self.log_change(route);
        }
        matters
    }

    /// Compares all paths of a route.
    fn decide_anew(&mut self, route: u32, facts: &Facts) {
        let best = if facts.knobs.best_path.med.deterministic {
            self.best_by_groups(route, facts)
        } else {
            let mut best: Option<(u32, Candidate<'_>)> = None;
            for (place, candidate) in self.candidates(RouteId(route), facts) {
                if best.is_none_or(|(_, best)| decision::is_better(&candidate, &best, facts)) {
                    best = Some((place.0, candidate));
                }
            }
            best.map(|(place, _)| place)
        };
        match best {
            Some(best) => self.make_best(route, best),
            None => self.routes[route as usize].flags &= !route_flag::HAS_BEST,
        }
    }

    fn best_by_groups(&self, route: u32, facts: &Facts) -> Option<u32> {
        let (places, candidates): (Vec<_>, Vec<_>) = self.candidates(RouteId(route), facts).unzip();
        decision::decide(&candidates, facts).map(|index| places[index].0)
    }

    fn make_best(&mut self, route: u32, best: u32) {
        let head = self.routes[route as usize].head;
        if head != best {
            let mut before = head;
            while self.paths[before as usize].next != best {
                before = self.paths[before as usize].next;
            }
            self.unlink(route, Some(before), best);
            self.paths[best as usize].next = head;
            self.routes[route as usize].head = best;
        }
        self.routes[route as usize].flags |= route_flag::HAS_BEST;
    }

    fn best_place(&self, route: u32) -> Option<u32> {
        let route = &self.routes[route as usize];
        (route.flags & route_flag::HAS_BEST != 0).then_some(route.head)
    }

    fn log_change(&mut self, route: u32) {
        let version = self.log.append(route);
        self.digest.1.add(u64::from(route));
        let entry = &mut self.routes[route as usize];
        let before = entry.version;
        let was_logged = entry.flags & route_flag::LOGGED != 0;
        entry.version = low(version);
        entry.flags |= route_flag::LOGGED;
        if was_logged {
            let before = self.log.version_of(before);
            let routes = &self.routes;
            self.log.supersede(before, |version, route| {
                let route = &routes[route as usize];
                route.flags & route_flag::LOGGED != 0 && route.version == version
            });
        }
    }

    /// Says that a route is to be looked at by those who follow the table, though no path of it changed: what
    /// is made of it on the way out may have.
    pub fn touch(&mut self, route: RouteId) {
        if self.routes[route.0 as usize].flags & (route_flag::LOGGED | route_flag::FREE) == route_flag::LOGGED
        {
            self.log_change(route.0);
        }
    }

    /// Decides a route anew: a next hop or a knob has changed.
    pub fn reconsider(&mut self, route: RouteId, facts: &Facts) {
        let RouteId(route) = route;
        if self.routes[route as usize].flags & route_flag::FREE != 0 {
            return;
        }
        let before = self.best_place(route);
        self.decide_anew(route, facts);
        if self.best_place(route) != before || self.interest == Interest::EveryPath {
            self.log_change(route);
        }
    }

    /// Takes out the paths of this route that `leaves` says; gives how many.
    pub fn purge(&mut self, route: RouteId, facts: &mut Facts, leaves: impl Fn(&Path) -> bool) -> u32 {
        let RouteId(route) = route;
        let mut before = None;
        let mut at = self.routes[route as usize].head;
        let mut count = 0;
        while at != NONE {
            let path = self.paths[at as usize];
            if leaves(&path) {
                self.remove(route, before, at, facts);
                count += 1;
                // Removing may have put another path first.
                before = None;
                at = self.routes[route as usize].head;
            } else {
                before = Some(at);
                at = path.next;
            }
        }
        count
    }

    /// Frees the places of routes that lost their last path before `seen`: everybody who follows the table has
    /// come so far. Not those that are still `held`.
    pub fn reap(&mut self, seen: Version, held: impl Fn(RouteId) -> bool) {
        let mut kept = Vec::new();
        while let Some(&(version, route)) = self.gone.front() {
            if version >= seen {
                break;
            }
            self.gone.pop_front();
            let entry = &mut self.routes[route as usize];
            let current = entry.flags & route_flag::LOGGED == 0 || entry.version == low(version);
            if entry.head != NONE || entry.flags & route_flag::FREE != 0 || !current {
                continue;
            }
            if held(RouteId(route)) {
                kept.push((version, route));
                continue;
            }
            let logged = entry.flags & route_flag::LOGGED != 0;
            let (net, before) = (entry.net, entry.version);
            entry.flags = route_flag::FREE;
            let hash = Self::hash(&self.hasher, net);
            self.index.remove(hash, route);
            if logged {
                let before = self.log.version_of(before);
                let routes = &self.routes;
                self.log.supersede(before, |version, route| {
                    let route = &routes[route as usize];
                    route.flags & route_flag::LOGGED != 0 && route.version == version
                });
            }
            self.free_routes.push(route);
        }
        self.gone.extend(kept);
    }
}

/// The low half of a prefix's bits.
#[expect(clippy::cast_possible_truncation, reason = "the low half is what is wanted")]
const fn fold(bits: u128) -> u64 {
    bits as u64
}

/// Puts a value into a free place, or at the end.
fn place<T>(values: &mut Rows<T>, free: &mut Vec<u32>, value: T) -> u32 {
    if let Some(at) = free.pop() {
        values[at as usize] = value;
        return at;
    }
    values.push(value);
    u32::try_from(values.len() - 1).unwrap_or(NONE)
}
