//! A route map in the form in which routes are held against it: lists in place of their names.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::IpAddr;
use core::sync::atomic::{AtomicU64, Ordering};

use super::indexed::{CommunityIndex, PathIndex};
use super::matching::PeerTest;
use super::prefix_index::PrefixIndex;
use super::rewrite::{Rewrite, ipv4_next_hop};
use super::{Action, Asked, How, Match, Side, Then};
use crate::attr::{Community, ExtendedCommunity, LargeCommunity, PathAttributes};
use crate::value::{Family, Net};
use ipnet::{Ipv4Net, Ipv6Net};

/// How deep maps may call each other, as in FRR.
const MOST_CALLS: u8 = 10;

/// How often something was asked. It counts for the operator alone and decides nothing; two maps are equal
/// whatever their counts are.
#[derive(Debug, Default)]
pub(super) struct Count(AtomicU64);

impl Count {
    fn more(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn value(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(super) fn set(&self, value: u64) {
        self.0.store(value, Ordering::Relaxed);
    }
}

impl PartialEq for Count {
    fn eq(&self, _: &Count) -> bool {
        true
    }
}

impl Eq for Count {}

/// A route map with its lists in place of their names.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct CompiledMap {
    pub(super) entries: Vec<CompiledEntry>,
    pub(super) invoked: Count,
    /// What is asked depends on the prefix, here or in a map that is called.
    pub(super) asks_prefix: bool,
    /// What is asked or done depends on the neighbor.
    pub(super) asks_peer: bool,
    /// It changes attributes, here or in a map that is called.
    pub(super) changes: bool,
    /// Something may be asked after something has been changed.
    pub(super) chained: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct CompiledEntry {
    pub(super) sequence: u32,
    pub(super) action: Action,
    pub(super) tests: Vec<Test>,
    pub(super) rewrites: Arc<[Rewrite]>,
    pub(super) call: Call,
    pub(super) then: Then,
    pub(super) invoked: Count,
}

/// The map that an entry calls.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Call {
    /// None, or one that is not there, which FRR passes over.
    None,
    Map(Arc<CompiledMap>),
    /// One that would call this one again: FRR gives up and denies.
    Circle,
}

/// A match clause with its list in place of the list's name.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Test {
    /// The prefix is of this family and the list permits it.
    Prefix(Family, Arc<PrefixIndex>),
    /// The next hop's address, as a prefix.
    NextHop(Family, Arc<PrefixIndex>),
    /// The neighbor's IPv4 address.
    RouteSource(Arc<PrefixIndex>),
    AsPath(Arc<PathIndex>),
    Community(Arc<CommunityIndex<Community>>, How),
    Large(Arc<CommunityIndex<LargeCommunity>>, How),
    Extended(Arc<CommunityIndex<ExtendedCommunity>>, How),
    /// One that needs no list.
    Plain(Match),
    /// What it names is not there.
    Never,
}

/// What a route that passes is to be changed by: the set clauses of the entries it met, in order.
#[derive(Clone, Debug, Default)]
pub struct Steps(Vec<Arc<[Rewrite]>>);

impl PartialEq for Steps {
    /// Whether they are the same clauses of the same entries.
    fn eq(&self, other: &Steps) -> bool {
        self.0.len() == other.0.len() && self.0.iter().zip(&other.0).all(|(a, b)| Arc::ptr_eq(a, b))
    }
}

impl Steps {
    /// Whether nothing changes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Changes a route of this family.
    pub fn apply(&self, family: Family, route: &mut PathAttributes, asked: &Asked<'_>) {
        self.0.iter().flat_map(|entry| entry.iter()).for_each(|rewrite| rewrite.apply(family, route, asked));
    }
}

/// One route on its way through a map and those that it calls.
pub(super) struct Passage<'a, N> {
    pub(super) net: N,
    pub(super) asked: &'a Asked<'a>,
    /// As the entries met so far have left them; changed only in a map where somebody looks at them later.
    pub(super) route: Cow<'a, PathAttributes>,
    pub(super) steps: Steps,
    pub(super) chained: bool,
}

impl CompiledMap {
    pub(super) fn decide<N: Net>(
        &self,
        net: N,
        attributes: &PathAttributes,
        asked: &Asked<'_>,
    ) -> Option<Steps> {
        let route = Cow::Borrowed(attributes);
        let mut passage = Passage { net, asked, route, steps: Steps::default(), chained: self.chained };
        (self.run(&mut passage, 0) == Action::Permit).then_some(passage.steps)
    }

    fn run<N: Net>(&self, passage: &mut Passage<'_, N>, depth: u8) -> Action {
        self.invoked.more();
        if depth > MOST_CALLS {
            return Action::Deny;
        }
        // What holds where no entry is left: as in FRR, an entry that was asked and did not match denies, also
        // behind one that matched and went on; going on behind the last one permits.
        let mut outcome = Action::Deny;
        let mut from = 0;
        for entry in &self.entries {
            if entry.sequence < from {
                continue;
            }
            entry.invoked.more();
            if !entry.tests.iter().all(|test| test.holds(passage)) {
                outcome = Action::Deny;
                continue;
            }
            if entry.action == Action::Deny {
                return Action::Deny;
            }
            passage.take(&entry.rewrites);
            let called = match &entry.call {
                Call::None => Action::Permit,
                Call::Circle => Action::Deny,
                Call::Map(map) => map.run(passage, depth + 1),
            };
            if called == Action::Deny {
                return Action::Deny;
            }
            outcome = Action::Permit;
            match entry.then {
                Then::Stop => return outcome,
                Then::Next => {}
                Then::Goto(sequence) => from = sequence,
            }
        }
        outcome
    }
}

impl<N: Net> Passage<'_, N> {
    fn take(&mut self, rewrites: &Arc<[Rewrite]>) {
        if rewrites.is_empty() {
            return;
        }
        if self.chained {
            let (asked, route) = (self.asked, self.route.to_mut());
            rewrites.iter().for_each(|rewrite| rewrite.apply(N::FAMILY, route, asked));
        }
        self.steps.0.push(Arc::clone(rewrites));
    }
}

impl Test {
    fn holds<N: Net>(&self, passage: &Passage<'_, N>) -> bool {
        let route = &*passage.route;
        match self {
            Test::Never => false,
            Test::Prefix(family, index) => {
                *family == N::FAMILY && index.decide(passage.net) == Action::Permit
            }
            Test::NextHop(Family::Ipv4Unicast, index) => {
                let address = ipv4_next_hop(&route.next_hop).filter(|_| N::FAMILY == Family::Ipv4Unicast);
                address.is_some_and(|address| index.decide(Ipv4Net::from(address)) == Action::Permit)
            }
            Test::NextHop(Family::Ipv6Unicast, index) => match route.next_hop.address() {
                Some(IpAddr::V6(address)) => index.decide(Ipv6Net::from(address)) == Action::Permit,
                Some(IpAddr::V4(_)) | None => false,
            },
            // A route on its way out has no source that FRR's maps know of.
            Test::RouteSource(index) => match passage.asked.subject.peer {
                Some(IpAddr::V4(address)) if passage.asked.subject.side == Side::In => {
                    index.decide(Ipv4Net::from(address)) == Action::Permit
                }
                Some(_) | None => false,
            },
            Test::AsPath(index) => index.decide(&route.as_path) == Action::Permit,
            Test::Community(index, how) => index.permits(&route.communities, *how),
            Test::Large(index, how) => index.permits(&route.rare().large_communities, *how),
            Test::Extended(index, how) => index.permits(&route.rare().extended_communities, *how),
            Test::Plain(clause) => holds(clause, passage),
        }
    }
}

fn holds<N: Net>(clause: &Match, passage: &Passage<'_, N>) -> bool {
    let (route, asked) = (&*passage.route, passage.asked);
    match clause {
        Match::AddressLength(family, length) => *family == N::FAMILY && passage.net.length() == *length,
        Match::NextHopAddress(IpAddr::V4(address)) => ipv4_next_hop(&route.next_hop) == Some(*address),
        Match::NextHopAddress(IpAddr::V6(address)) => {
            route.next_hop.address() == Some(IpAddr::V6(*address))
                || route.next_hop.link_local() == Some(*address)
        }
        Match::NextHopLength(length) => *length == 32 && ipv4_next_hop(&route.next_hop).is_some(),
        Match::LocalPreference(value) => route.local_pref.unwrap_or(0) == *value,
        Match::Metric(value) => route.med.or(asked.former_med).unwrap_or(0) == *value,
        Match::Origin(origin) => route.origin == *origin,
        Match::Peer(PeerTest::Local) => asked.subject.side == Side::Own,
        Match::Peer(PeerTest::Address(address)) => asked.subject.peer == Some(*address),
        Match::Peer(PeerTest::Interface(name)) | Match::Interface(name) => {
            asked.subject.interface.as_ref() == Some(name)
        }
        Match::Tag(tag) => route.rare().marks.tag == *tag,
        Match::SourceProtocol(protocol) => asked.protocol == *protocol,
        // These were compiled with their lists.
        _ => false,
    }
}

impl CompiledEntry {
    /// How often the entry was asked, with its number.
    pub(super) fn count(&self) -> (u32, u64) {
        (self.sequence, self.invoked.value())
    }
}

/// What was counted of one map.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct MapCounts {
    /// The map.
    pub name: String,
    /// How often it was asked.
    pub invoked: u64,
    /// How often each entry was, by its number.
    pub entries: Vec<(u32, u64)>,
}
