//! Policy in the form in which the table asks it: names resolved once, lists indexed.
//!
//! A [`Policy`] is made from a whole [`Configuration`]; a [`Filter`] is what one neighbor, `network` line or
//! aggregate refers to. Filters share the lists, hold no names and never look one up, so asking one costs the
//! same however many entries its lists have. Names that are not defined mean what they mean in FRR: a neighbor's
//! prefix list or route map that is not there denies everything, a prefix list without entries permits
//! everything, and a match clause whose list is not there does not match.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::prefix_index::PrefixIndex;
use super::{Action, Match, RouteMap};
use crate::attr::PathAttributes;
use crate::config::Configuration;
use crate::value::{Family, Net, PerFamily};

/// Every list and map of a configuration, ready to be asked.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    prefix_lists: PerFamily<BTreeMap<String, Arc<PrefixIndex>>>,
    route_maps: BTreeMap<String, Arc<CompiledMap>>,
}

/// A route map with its lists in place of their names.
#[derive(Debug, PartialEq, Eq)]
struct CompiledMap {
    entries: Vec<CompiledEntry>,
}

#[derive(Debug, PartialEq, Eq)]
struct CompiledEntry {
    action: Action,
    matches: Vec<CompiledMatch>,
}

#[derive(Debug, PartialEq, Eq)]
enum CompiledMatch {
    /// The prefix is one of this family's and the list permits it.
    Prefix(Family, Arc<PrefixIndex>),
    /// What it names is not there.
    Never,
}

impl Policy {
    /// Makes the policy of `configuration`. Lists that are as they were in `former`, the configuration that
    /// `previous` was made from, are taken from there.
    #[must_use]
    pub fn compile(configuration: &Configuration, former: &Configuration, previous: &Policy) -> Policy {
        let prefix_lists = PerFamily::from_fn(|family| {
            let former = &former.prefix_lists[family];
            let previous = &previous.prefix_lists[family];
            let compiled = configuration.prefix_lists[family].iter().map(|(name, list)| {
                let index = match previous.get(name) {
                    Some(index) if former.get(name) == Some(list) => Arc::clone(index),
                    _ => Arc::new(PrefixIndex::new(list)),
                };
                (name.clone(), index)
            });
            compiled.collect()
        });
        let mut policy = Policy { prefix_lists, route_maps: BTreeMap::new() };
        for (name, map) in &configuration.route_maps {
            let map = Arc::new(policy.compile_map(map));
            policy.route_maps.insert(name.clone(), map);
        }
        policy
    }

    fn compile_map(&self, map: &RouteMap) -> CompiledMap {
        let compile_match = |clause: &Match| match clause {
            Match::AddressPrefixList(family, name) => match self.prefix_lists[*family].get(name) {
                Some(index) => CompiledMatch::Prefix(*family, Arc::clone(index)),
                None => CompiledMatch::Never,
            },
        };
        let entries = map.entries.values().map(|entry| CompiledEntry {
            action: entry.action,
            matches: entry.matches.iter().map(compile_match).collect(),
        });
        CompiledMap { entries: entries.collect() }
    }

    /// What a neighbor says with `route-map NAME` and `prefix-list NAME` in one direction of one family.
    #[must_use]
    pub fn filter(&self, family: Family, route_map: Option<&str>, prefix_list: Option<&str>) -> Filter {
        let list = prefix_list.map(|name| self.prefix_lists[family].get(name).cloned());
        let map = route_map.map(|name| self.route_maps.get(name).cloned());
        if matches!(list, Some(None)) || matches!(map, Some(None)) {
            return Filter::deny_all();
        }
        Filter { refuses_all: false, list: list.flatten(), map: map.flatten() }
    }
}

/// What one neighbor's direction, one `network` line or one aggregate asks of a route.
///
/// Two filters are equal where they decide alike because they are made of the same entries; so a change of
/// configuration that leaves a neighbor's filter equal leaves its routes alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    refuses_all: bool,
    list: Option<Arc<PrefixIndex>>,
    map: Option<Arc<CompiledMap>>,
}

impl Filter {
    /// Denies every route. The default permits every route.
    #[must_use]
    pub const fn deny_all() -> Filter {
        Filter { refuses_all: true, list: None, map: None }
    }

    /// Whether it permits every route without asking.
    #[must_use]
    pub fn is_trivial(&self) -> bool {
        !self.refuses_all && self.list.is_none() && self.map.is_none()
    }

    /// Whether a route to this prefix with these attributes passes: first the prefix list is asked, then the
    /// route map, as in FRR.
    #[must_use]
    pub fn permits<N: Net>(&self, net: N, attributes: &PathAttributes) -> bool {
        !self.refuses_all
            && self.list.as_ref().is_none_or(|list| list.decide(net) == Action::Permit)
            && self.map.as_ref().is_none_or(|map| map.decide(net, attributes) == Action::Permit)
    }
}

impl CompiledMap {
    fn decide<N: Net>(&self, net: N, attributes: &PathAttributes) -> Action {
        let entry = self.entries.iter().find(|entry| entry.matches.iter().all(|m| m.holds(net, attributes)));
        entry.map_or(Action::Deny, |entry| entry.action)
    }
}

impl CompiledMatch {
    /// `attributes` is for the clauses that are not about the prefix.
    fn holds<N: Net>(&self, net: N, _attributes: &PathAttributes) -> bool {
        match self {
            CompiledMatch::Prefix(family, index) => {
                *family == N::FAMILY && index.decide(net) == Action::Permit
            }
            CompiledMatch::Never => false,
        }
    }
}
