//! A prefix list and a route map, made ready for a hot loop.

use alloc::string::String;

use super::{Action, Match, PrefixList, RouteMap};
use crate::attr::PathAttributes;
use crate::config::Configuration;
use crate::value::{Family, Net};

/// What lets a route through, in one direction and family of one peer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    deny_all: bool,
    prefix_list: Option<PrefixList>,
    route_map: Option<RouteMap>,
    lists: alloc::collections::BTreeMap<String, PrefixList>,
}

impl Filter {
    /// Lets nothing through.
    #[must_use]
    pub fn deny_all() -> Self {
        Filter { deny_all: true, ..Filter::default() }
    }

    /// What these names mean in this configuration.
    #[must_use]
    pub fn compile(
        config: &Configuration,
        family: Family,
        route_map: Option<&str>,
        prefix_list: Option<&str>,
    ) -> Self {
        Filter {
            deny_all: false,
            prefix_list: prefix_list.and_then(|name| config.prefix_lists[family].get(name)).cloned(),
            route_map: route_map.map(|name| config.route_maps.get(name).cloned().unwrap_or_default()),
            lists: if route_map.is_some() { config.prefix_lists[family].clone() } else { Default::default() },
        }
    }

    /// Whether a route to this prefix with these attributes passes.
    #[must_use]
    pub fn permits<N: Net>(&self, net: N, _attributes: &PathAttributes) -> bool {
        if self.deny_all {
            return false;
        }
        if self.prefix_list.as_ref().is_some_and(|list| !permitted(list, net)) {
            return false;
        }
        let Some(map) = &self.route_map else { return true };
        let matching = map.entries.values().find(|entry| {
            entry.matches.iter().all(|Match::AddressPrefixList(family, name)| {
                *family == N::FAMILY && self.lists.get(name).is_some_and(|list| permitted(list, net))
            })
        });
        matching.is_some_and(|entry| entry.action == Action::Permit)
    }
}

fn permitted<N: Net>(list: &PrefixList, net: N) -> bool {
    let found = list.entries.values().find(|entry| {
        let Some(within) = N::from_ipnet(entry.prefix) else { return false };
        let len = net.length();
        let least = entry.ge.unwrap_or(within.length());
        let most = entry.le.unwrap_or(if entry.ge.is_some() { N::MAX_LEN } else { within.length() });
        within.covers(net) && (least..=most).contains(&len)
    });
    found.is_some_and(|entry| entry.action == Action::Permit)
}
