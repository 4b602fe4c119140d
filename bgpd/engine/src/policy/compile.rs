//! From the configuration's lists and maps to what routes are held against: names resolved once.
//!
//! Names that are not defined mean what they mean in FRR: a neighbor's list or route map that is not there denies
//! everything, a prefix list without entries permits everything, a match clause whose list is not there does not
//! match, a list to delete by that is not there deletes nothing, a map to call that is not there is passed over.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::community_list::{AnyCommunity, CommunityList};
use super::compiled::{Call, CompiledEntry, CompiledMap, Count, MapCounts, Test};
use super::filter::Filter;
use super::indexed::{CommunityIndex, PathIndex};
use super::prefix_index::PrefixIndex;
use super::rewrite::Rewrite;
use super::setting::{Exclude, SetNextHop};
use super::{Match, RouteMap, RouteMapEntry, Set, Then};
use crate::attr::{Community, ExtendedCommunity, LargeCommunity};
use crate::config::Configuration;
use crate::value::{Family, PerFamily};

/// Compiled things by their names.
type Named<T> = BTreeMap<String, Arc<T>>;

/// Every list and map of a configuration, ready to be asked.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    prefix_lists: PerFamily<Named<PrefixIndex>>,
    access_lists: PerFamily<Named<PrefixIndex>>,
    as_path_lists: Named<PathIndex>,
    communities: Named<CommunityIndex<Community>>,
    large: Named<CommunityIndex<LargeCommunity>>,
    extended: Named<CommunityIndex<ExtendedCommunity>>,
    route_maps: Named<CompiledMap>,
}

/// What a neighbor's direction names; each may be absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FilterNames<'a> {
    /// `distribute-list`.
    pub distribute_list: Option<&'a str>,
    /// `prefix-list`.
    pub prefix_list: Option<&'a str>,
    /// `filter-list`.
    pub filter_list: Option<&'a str>,
    /// `route-map`.
    pub route_map: Option<&'a str>,
}

impl FilterNames<'_> {
    /// Whether anything is named: a policy in the sense of RFC 8212.
    #[must_use]
    pub fn is_policy(&self) -> bool {
        *self != FilterNames::default()
    }
}

/// Compiles what is new or has changed, and takes the rest from where it was.
fn compiled<L: PartialEq, T>(
    lists: &BTreeMap<String, L>,
    former: &BTreeMap<String, L>,
    previous: &Named<T>,
    compile: impl Fn(&L) -> T,
) -> Named<T> {
    let one = |(name, list): (&String, &L)| {
        let index = match previous.get(name) {
            Some(index) if former.get(name) == Some(list) => Arc::clone(index),
            _ => Arc::new(compile(list)),
        };
        (name.clone(), index)
    };
    lists.iter().map(one).collect()
}

fn communities<C: AnyCommunity + PartialEq>(
    lists: &BTreeMap<String, CommunityList<C>>,
    former: &BTreeMap<String, CommunityList<C>>,
    previous: &Named<CommunityIndex<C>>,
) -> Named<CommunityIndex<C>> {
    compiled(lists, former, previous, CommunityIndex::new)
}

impl Policy {
    /// Makes the policy of `configuration`. What is as it was in `former`, the configuration that `previous` was
    /// made from, is taken from there, with its counts.
    #[must_use]
    pub fn compile(new: &Configuration, former: &Configuration, previous: &Policy) -> Policy {
        let mut policy = Policy {
            prefix_lists: PerFamily::from_fn(|f| {
                let (lists, former) = (&new.prefix_lists[f], &former.prefix_lists[f]);
                compiled(lists, former, &previous.prefix_lists[f], PrefixIndex::new)
            }),
            access_lists: PerFamily::from_fn(|f| {
                let (lists, former) = (&new.access_lists[f], &former.access_lists[f]);
                compiled(lists, former, &previous.access_lists[f], PrefixIndex::of_access_list)
            }),
            as_path_lists: compiled(
                &new.as_path_lists,
                &former.as_path_lists,
                &previous.as_path_lists,
                PathIndex::new,
            ),
            communities: communities(&new.community_lists, &former.community_lists, &previous.communities),
            large: communities(&new.large_community_lists, &former.large_community_lists, &previous.large),
            extended: communities(
                &new.extended_community_lists,
                &former.extended_community_lists,
                &previous.extended,
            ),
            route_maps: BTreeMap::new(),
        };
        let mut maps =
            Maps { policy: &policy, new, former, previous, done: BTreeMap::new(), begun: BTreeSet::new() };
        for name in new.route_maps.keys() {
            maps.compile(name);
        }
        policy.route_maps = maps.done;
        policy
    }

    /// What a neighbor says of one direction of one family.
    #[must_use]
    pub fn filter(&self, family: Family, names: FilterNames<'_>) -> Filter {
        fn find<T>(among: &Named<T>, name: Option<&str>, missing: &mut bool) -> Option<Arc<T>> {
            let found = name.map(|name| among.get(name).cloned());
            *missing |= matches!(found, Some(None));
            found.flatten()
        }
        let mut missing = false;
        let filter = Filter {
            refuses_all: false,
            access: find(&self.access_lists[family], names.distribute_list, &mut missing),
            list: find(&self.prefix_lists[family], names.prefix_list, &mut missing),
            paths: find(&self.as_path_lists, names.filter_list, &mut missing),
            map: find(&self.route_maps, names.route_map, &mut missing),
        };
        if missing { Filter::deny_all() } else { filter }
    }

    /// What `route-map NAME` says where it stands alone (`network`, `redistribute`, aggregates); without a name
    /// everything passes.
    #[must_use]
    pub fn map(&self, family: Family, route_map: Option<&str>) -> Filter {
        self.filter(family, FilterNames { route_map, ..FilterNames::default() })
    }

    /// What was counted of every map, in the order of their names.
    #[must_use]
    pub fn counts(&self) -> Vec<MapCounts> {
        let counts = self.route_maps.iter().map(|(name, map)| MapCounts {
            name: name.clone(),
            invoked: map.invoked.value(),
            entries: map.entries.iter().map(CompiledEntry::count).collect(),
        });
        counts.collect()
    }

    /// What was counted of one map.
    #[must_use]
    pub fn counts_of(&self, name: &str) -> MapCounts {
        let map = self.route_maps.get(name);
        MapCounts {
            name: name.into(),
            invoked: map.map_or(0, |map| map.invoked.value()),
            entries: map
                .map(|map| map.entries.iter().map(CompiledEntry::count).collect())
                .unwrap_or_default(),
        }
    }

    /// All that was counted, in one number.
    #[must_use]
    pub fn count_sum(&self) -> u64 {
        let entries = |map: &CompiledMap| map.entries.iter().map(|entry| entry.invoked.value()).sum::<u64>();
        self.route_maps.values().map(|map| map.invoked.value().wrapping_add(entries(map))).sum()
    }

    /// Goes on counting from here.
    pub fn set_counts(&self, counts: &[MapCounts]) {
        for saved in counts {
            let Some(map) = self.route_maps.get(&saved.name) else { continue };
            map.invoked.set(saved.invoked);
            for (sequence, invoked) in &saved.entries {
                if let Some(entry) = map.entries.iter().find(|entry| entry.sequence == *sequence) {
                    entry.invoked.set(*invoked);
                }
            }
        }
    }

    /// Begins to count anew, for one map or for all.
    pub fn clear_counts(&self, name: Option<&str>) {
        for (_, map) in self.route_maps.iter().filter(|(other, _)| name.is_none_or(|name| name == **other)) {
            map.invoked.set(0);
            map.entries.iter().for_each(|entry| entry.invoked.set(0));
        }
    }
}

/// The maps while they are compiled, the called ones first.
struct Maps<'a> {
    policy: &'a Policy,
    new: &'a Configuration,
    former: &'a Configuration,
    previous: &'a Policy,
    done: Named<CompiledMap>,
    /// Those that wait for one that they call.
    begun: BTreeSet<String>,
}

impl Maps<'_> {
    fn compile(&mut self, name: &String) {
        if self.done.contains_key(name) {
            return;
        }
        let Some(map) = self.new.route_maps.get(name) else { return };
        self.begun.insert(name.clone());
        let compiled = self.compile_map(map);
        self.begun.remove(name);
        let kept = self.previous.route_maps.get(name);
        let compiled = match kept {
            Some(previous) if **previous == compiled => Arc::clone(previous),
            _ => {
                self.keep_counts(name, &compiled);
                Arc::new(compiled)
            }
        };
        self.done.insert(name.clone(), compiled);
    }

    /// A map that changes goes on counting, and so do its entries that stay.
    fn keep_counts(&self, name: &str, compiled: &CompiledMap) {
        let Some(previous) = self.previous.route_maps.get(name) else { return };
        if !self.former.route_maps.contains_key(name) {
            return;
        }
        compiled.invoked.set(previous.invoked.value());
        for entry in &compiled.entries {
            let former = previous.entries.binary_search_by_key(&entry.sequence, |former| former.sequence);
            if let Ok(at) = former {
                entry.invoked.set(previous.entries[at].invoked.value());
            }
        }
    }

    fn compile_map(&mut self, map: &RouteMap) -> CompiledMap {
        let mut compiled = CompiledMap {
            entries: Vec::with_capacity(map.entries.len()),
            invoked: Count::default(),
            asks_prefix: false,
            asks_peer: false,
            changes: false,
            chained: false,
        };
        for (&sequence, entry) in &map.entries {
            let entry = self.compile_entry(sequence, entry, &mut compiled);
            compiled.entries.push(entry);
        }
        compiled
    }

    fn compile_entry(
        &mut self,
        sequence: u32,
        entry: &RouteMapEntry,
        map: &mut CompiledMap,
    ) -> CompiledEntry {
        let call = self.call(entry.call.as_ref());
        if let Call::Map(called) = &call {
            map.asks_prefix |= called.asks_prefix;
            map.asks_peer |= called.asks_peer;
            map.changes |= called.changes;
            map.chained |= called.chained;
        }
        map.asks_prefix |= entry.matches.iter().any(asks_prefix);
        map.asks_peer |= entry.matches.iter().any(asks_peer) || entry.sets.iter().any(uses_peer);
        map.changes |= !entry.sets.is_empty();
        map.chained |= !entry.sets.is_empty() && (entry.then != Then::Stop || entry.call.is_some());
        CompiledEntry {
            sequence,
            action: entry.action,
            tests: entry.matches.iter().map(|clause| self.policy.test(clause)).collect(),
            rewrites: entry.sets.iter().filter_map(|clause| self.policy.rewrite(clause)).collect(),
            call,
            then: entry.then,
            invoked: Count::default(),
        }
    }

    fn call(&mut self, name: Option<&String>) -> Call {
        let Some(name) = name else { return Call::None };
        if self.begun.contains(name) {
            return Call::Circle;
        }
        self.compile(name);
        self.done.get(name).map_or(Call::None, |map| Call::Map(Arc::clone(map)))
    }
}

fn asks_prefix(clause: &Match) -> bool {
    matches!(clause, Match::AddressPrefixList(..) | Match::AddressAccessList(..) | Match::AddressLength(..))
}

fn asks_peer(clause: &Match) -> bool {
    matches!(
        clause,
        Match::Peer(_)
            | Match::Interface(_)
            | Match::RouteSourceAccessList(_)
            | Match::RouteSourcePrefixList(_)
    )
}

/// What a clause writes depends on the neighbor.
fn uses_peer(clause: &Set) -> bool {
    matches!(
        clause,
        Set::AsPathReplace { by: None, .. }
            | Set::AsPathPrepend(super::Prepend::Last(_))
            | Set::NextHop(SetNextHop::PeerAddress)
            | Set::Ipv6NextHopPeerAddress
    )
}

impl Policy {
    fn test(&self, clause: &Match) -> Test {
        fn found<T>(among: &Named<T>, name: &str, test: impl FnOnce(Arc<T>) -> Test) -> Test {
            among.get(name).cloned().map_or(Test::Never, test)
        }
        let prefix = |among: &PerFamily<Named<PrefixIndex>>, family: Family, name: &str| {
            found(&among[family], name, |index| Test::Prefix(family, index))
        };
        let next_hop = |among: &PerFamily<Named<PrefixIndex>>, family: Family, name: &str| {
            found(&among[family], name, |index| Test::NextHop(family, index))
        };
        match clause {
            Match::AddressPrefixList(family, name) => prefix(&self.prefix_lists, *family, name),
            Match::AddressAccessList(family, name) => prefix(&self.access_lists, *family, name),
            Match::NextHopPrefixList(family, name) => next_hop(&self.prefix_lists, *family, name),
            Match::NextHopAccessList(family, name) => next_hop(&self.access_lists, *family, name),
            Match::RouteSourcePrefixList(name) => {
                found(&self.prefix_lists[Family::Ipv4Unicast], name, Test::RouteSource)
            }
            Match::RouteSourceAccessList(name) => {
                found(&self.access_lists[Family::Ipv4Unicast], name, Test::RouteSource)
            }
            Match::AsPath(name) => found(&self.as_path_lists, name, Test::AsPath),
            Match::Community(name, how) => found(&self.communities, name, |i| Test::Community(i, *how)),
            Match::LargeCommunity(name, how) => found(&self.large, name, |i| Test::Large(i, *how)),
            Match::ExtendedCommunity(name, how) => found(&self.extended, name, |i| Test::Extended(i, *how)),
            _ => Test::Plain(clause.clone()),
        }
    }

    fn rewrite(&self, clause: &Set) -> Option<Rewrite> {
        match clause {
            Set::CommunityDelete(name) => self.communities.get(name).cloned().map(Rewrite::DeleteCommunities),
            Set::LargeCommunityDelete(name) => self.large.get(name).cloned().map(Rewrite::DeleteLarge),
            Set::ExtendedCommunityDelete(name) => {
                self.extended.get(name).cloned().map(Rewrite::DeleteExtended)
            }
            Set::AsPathExclude(Exclude::List(name)) => {
                self.as_path_lists.get(name).cloned().map(Rewrite::ExcludeListed)
            }
            _ => Some(Rewrite::Plain(clause.clone())),
        }
    }
}
