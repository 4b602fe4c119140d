//! A new configuration: what differs is done, nothing else is touched.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;

use ipnet::IpNet;

use super::Engine;
use super::peer::Kind;
use crate::config::{BgpConfig, Configuration, GracefulRestartMode, NeighborName, Profile};
use crate::effect::{Effect, Effects, Wanted};
use crate::policy::Policy;
use crate::rib::{Knobs, MaximumPaths};
use crate::value::{Duration, IfIndex, PeerId, PerFamily};

/// FRR's default for `select-defer-time`.
const SELECT_DEFER_S: u16 = 120;

impl Engine {
    pub(super) fn configure(&mut self, new: Configuration, effects: &mut Effects) {
        let former = core::mem::replace(&mut self.config, new);
        self.policy = Policy::compile(&self.config, &former, &self.policy);
        let other_instance = match (&former.bgp, &self.config.bgp) {
            (Some(former), Some(new)) => former.asn != new.asn,
            (Some(_), None) => true,
            (None, _) => false,
        };
        if other_instance {
            let ids: Vec<PeerId> = self.names.values().copied().collect();
            for id in ids {
                self.remove_peer(id, effects);
            }
        }
        if former.bgp.is_none() {
            self.begin_deferral();
        }
        self.set_knobs();
        self.set_via_default();
        if former.static_routes != self.config.static_routes || former.bgp.is_none() {
            self.outside_changed(effects);
        } else {
            self.settle_next_hops(effects);
        }
        self.set_listen_keys(effects);
        self.set_neighbors(effects);
        self.set_router_advertisements(effects);
        self.originate_networks();
        if redistributes(&former) || redistributes(&self.config) {
            self.redistribute_all(effects);
        }
        self.set_aggregates();
        effects.more = true;
    }

    /// A router that restarts gracefully lets its peers speak first.
    fn begin_deferral(&mut self) {
        let Some(bgp) = self.bgp() else { return };
        if bgp.graceful_restart.mode != GracefulRestartMode::Restarter || bgp.neighbors.is_empty() {
            return;
        }
        let seconds = bgp.graceful_restart.select_defer_time_s.unwrap_or(SELECT_DEFER_S);
        self.deferred_until = Some(self.now + Duration::from_secs(seconds.into()));
    }

    fn set_via_default(&mut self) {
        let profile = self.bgp().map_or(Profile::default(), |bgp| bgp.profile);
        let wanted = self.config.resolve_via_default;
        let via_default =
            PerFamily::from_fn(|family| wanted[family].unwrap_or(profile == Profile::Traditional));
        self.rib.facts.next_hops.routes.set_via_default(via_default);
    }

    fn set_knobs(&mut self) {
        let Some(bgp) = self.bgp() else { return };
        let knobs = Knobs {
            best_path: bgp.best_path,
            default_local_pref: bgp.default_local_pref.unwrap_or(100),
            confederation: bgp.confederation.is_some(),
            maximum_paths: PerFamily::from_fn(|family| {
                let (config, default) = (&bgp.families[family], MaximumPaths::default());
                MaximumPaths {
                    external: config.maximum_paths.unwrap_or(default.external),
                    internal: config.maximum_paths_ibgp.unwrap_or(default.internal),
                }
            }),
            distances: PerFamily::from_fn(|family| bgp.families[family].distances.unwrap_or_default()),
            suppress_fib_pending: bgp.suppress_fib_pending,
        };
        if self.rib.facts.knobs.suppress_fib_pending != knobs.suppress_fib_pending {
            self.rib.v4.touch_all();
            self.rib.v6.touch_all();
        }
        if self.rib.facts.knobs != knobs {
            self.rib.facts.knobs = knobs;
            self.rib.v4.reconsider_all();
            self.rib.v6.reconsider_all();
        }
    }

    fn set_neighbors(&mut self, effects: &mut Effects) {
        let wanted = self.bgp().map(|bgp| bgp.neighbors.clone()).unwrap_or_default();
        let known: Vec<(NeighborName, PeerId)> =
            self.names.iter().map(|(name, &id)| (name.clone(), id)).collect();
        for (name, id) in known {
            let dynamic = self.peer_by_id(id).is_some_and(|peer| peer.kind == Kind::Dynamic);
            match wanted.get(&name) {
                Some(neighbor) => {
                    if let Some(peer) = self.peer_mut(id) {
                        peer.kind = Kind::Configured;
                    }
                    self.change_peer(id, neighbor, effects);
                }
                None if dynamic => self.change_dynamic(id, effects),
                None => self.remove_peer(id, effects),
            }
        }
        for (name, neighbor) in &wanted {
            if !self.names.contains_key(name)
                && let Some(id) = self.add_peer(name, neighbor, Kind::Configured)
            {
                self.start(id, effects);
            }
        }
    }

    /// A dynamic neighbor follows its group, and goes with its range.
    fn change_dynamic(&mut self, id: PeerId, effects: &mut Effects) {
        let Some(peer) = self.peer_by_id(id) else { return };
        let Some(address) = peer.address else { return };
        let ranges = self.bgp().map(|bgp| &bgp.listen_ranges);
        let in_range = ranges
            .into_iter()
            .flatten()
            .any(|(range, listen)| range.contains(&address) && Some(&listen.group) == peer.group.as_ref());
        if !in_range {
            return self.remove_peer(id, effects);
        }
        let neighbor = crate::config::Neighbor { group: peer.group.clone(), ..Default::default() };
        self.change_peer(id, &neighbor, effects);
    }

    /// The keys that incoming connections must be signed with.
    pub(super) fn set_listen_keys(&mut self, effects: &mut Effects) {
        let wanted = self.bgp().map(|bgp| self.wanted_keys(bgp)).unwrap_or_default();
        let former = core::mem::replace(&mut self.listen_keys, wanted);
        for &(from, interface) in former.keys().filter(|place| !self.listen_keys.contains_key(place)) {
            effects.list.push(Effect::ListenKey { from, interface, key: None });
        }
        for (place, key) in &self.listen_keys {
            if former.get(place) != Some(key) {
                let (from, interface) = *place;
                effects.list.push(Effect::ListenKey { from, interface, key: Some(key.clone()) });
            }
        }
    }

    fn wanted_keys(&self, bgp: &BgpConfig) -> BTreeMap<(IpNet, IfIndex), String> {
        let mut keys = BTreeMap::new();
        for (name, neighbor) in &bgp.neighbors {
            let Some(key) = bgp.effective(neighbor).password else { continue };
            let (address, interface) = match name {
                NeighborName::Address(address) => (Some(*address), IfIndex(0)),
                NeighborName::Interface(name) => self.neighbor_on(name),
            };
            if let Some(address) = address {
                keys.insert((IpNet::from(address), interface), key);
            }
        }
        for (range, listen) in &bgp.listen_ranges {
            if let Some(key) = bgp.peer_groups.get(&listen.group).and_then(|group| group.password.clone()) {
                keys.insert((*range, IfIndex(0)), key);
            }
        }
        keys
    }

    fn set_router_advertisements(&mut self, effects: &mut Effects) {
        let neighbors = self.bgp().into_iter().flat_map(|bgp| bgp.neighbors.keys());
        let wanted: BTreeSet<String> = neighbors
            .filter_map(|name| match name {
                NeighborName::Interface(name) => Some(name.clone()),
                NeighborName::Address(_) => None,
            })
            .collect();
        let former = core::mem::replace(&mut self.advertised_links, wanted);
        let mut push = |interface: &String, wanted| {
            effects.list.push(Effect::RouterAdvertisements { interface: interface.clone(), wanted });
        };
        former.difference(&self.advertised_links).for_each(|link| push(link, Wanted::No));
        self.advertised_links.difference(&former).for_each(|link| push(link, Wanted::Yes));
    }
}

fn redistributes(config: &Configuration) -> bool {
    let wanted = |bgp: &BgpConfig| bgp.families.iter().any(|(_, family)| !family.redistribute.is_empty());
    config.bgp.as_ref().is_some_and(wanted)
}
