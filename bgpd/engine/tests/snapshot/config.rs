//! Configurations of one router with five kinds of peers.

use bgp_engine::config::{
    AddPathTx, Aggregate, AllowAsIn, BgpConfig, Configuration, GracefulRestartMode, LimitAction, ListenRange,
    MaximumPrefix, Neighbor, NeighborName, NeighborSettings, Network, Profile, RemoteAs, StaticRoute,
    StaticVia,
};
use bgp_engine::policy::{Action, Match, PrefixList, PrefixListEntry, RouteMap, RouteMapEntry};
use bgp_engine::value::{Asn, Family, RouterId};
use ipnet::IpNet;

use crate::pair::{address, asn};

pub const PEERS: usize = 5;

/// The last peer is not configured but comes from a listen range.
const DYNAMIC: usize = 4;

fn bit(variant: u16, place: u32) -> bool {
    variant >> place & 1 != 0
}

fn neighbor(peer: usize, variant: u16) -> Neighbor {
    let mut neighbor = Neighbor::default();
    let settings = &mut neighbor.settings;
    settings.remote_as = Some(RemoteAs::Is(asn(peer)));
    settings.passive = Some(peer != 1);
    settings.advertisement_interval_s = (peer == 3 && bit(variant, 0)).then_some(5);
    settings.families.0[1].activate = Some(true);
    for family in &mut settings.families.0 {
        match peer {
            0 => {
                family.soft_reconfiguration = Some(!bit(variant, 1));
                family.prefix_list_in = bit(variant, 2).then(|| "some".into());
                let limit = MaximumPrefix {
                    limit: 6,
                    threshold_percent: 75,
                    action: LimitAction::Restart { minutes: 1 },
                    force: false,
                };
                family.maximum_prefix = bit(variant, 3).then_some(limit);
            }
            1 => family.add_path_tx = Some(AddPathTx::All),
            2 => {
                family.route_reflector_client = Some(true);
                family.add_path_tx = bit(variant, 4).then_some(AddPathTx::BestPerAs);
            }
            _ => {
                family.route_map_out = bit(variant, 5).then(|| "map".into());
                family.default_originate = bit(variant, 6).then(String::new);
                family.allow_as_in = Some(AllowAsIn::Origin);
            }
        }
    }
    neighbor
}

fn policy(config: &mut Configuration, variant: u16) {
    let entry = |prefix: &str, action| PrefixListEntry {
        action,
        prefix: prefix.parse().unwrap(),
        ge: None,
        le: Some(if prefix.contains(':') { 128 } else { 32 }),
    };
    let action = if bit(variant, 7) { Action::Permit } else { Action::Deny };
    let lists = [["20.4.0.0/14", "0.0.0.0/0"], ["2001:db8:c::/47", "::/0"]];
    for (lists, [some, all]) in config.prefix_lists.0.iter_mut().zip(lists) {
        let entries = [(5, entry(some, action)), (10, entry(all, Action::Permit))].into();
        lists.insert("some".into(), PrefixList { description: None, entries });
    }
    let mut entry = RouteMapEntry::new(Action::Permit);
    entry.add_match(Match::AddressPrefixList(Family::Ipv4Unicast, "some".into()));
    config.route_maps.insert("map".into(), RouteMap { entries: [(10, entry)].into() });
}

/// A configuration; each bit of `variant` changes something.
pub fn configuration(variant: u16) -> Configuration {
    let mut bgp = BgpConfig::new(Asn(65000), Profile::Traditional);
    bgp.router_id = Some(RouterId(if bit(variant, 8) && bit(variant, 9) { 8 } else { 9 }));
    bgp.ebgp_requires_policy = bit(variant, 10) && bit(variant, 11);
    bgp.network_import_check = false;
    bgp.best_path.med.deterministic = bit(variant, 8);
    bgp.default_local_pref = bit(variant, 9).then_some(200);
    bgp.graceful_restart.mode =
        if bit(variant, 12) { GracefulRestartMode::Restarter } else { GracefulRestartMode::Helper };
    for peer in 0..DYNAMIC {
        // Now and then one is gone.
        if !(bit(variant, 13) && bit(variant, 14) && peer == usize::from(variant % 4)) {
            bgp.neighbors.insert(NeighborName::Address(address(peer).into()), neighbor(peer, variant));
        }
    }
    let group = NeighborSettings { remote_as: Some(RemoteAs::External), ..NeighborSettings::default() };
    bgp.peer_groups.insert("dynamic".into(), group);
    if !bit(variant, 15) || bit(variant, 14) {
        let range: IpNet = "10.0.0.0/28".parse().unwrap();
        bgp.listen_ranges.insert(range, ListenRange { group: "dynamic".into() });
    }
    let v4 = &mut bgp.families[Family::Ipv4Unicast];
    v4.networks.insert("203.0.113.0/24".parse().unwrap(), Network::default());
    if bit(variant, 11) {
        let aggregate = Aggregate { summary_only: bit(variant, 10), ..Aggregate::default() };
        v4.aggregates.insert("20.0.0.0/13".parse().unwrap(), aggregate);
    }
    let route = StaticRoute {
        prefix: "192.0.2.0/24".parse().unwrap(),
        via: StaticVia::Interface("eth0".into()),
        distance: 1,
    };
    let mut config = Configuration { bgp: Some(bgp), ..Configuration::default() };
    config.static_routes.insert(route);
    policy(&mut config, variant);
    config
}
