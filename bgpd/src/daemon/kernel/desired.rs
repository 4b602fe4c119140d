//! What the kernel should have: what the engine says that it was told, as the comparison reads it.

use bgp_engine::engine::Engine;
use bgp_engine::rib::fib::{Slot, Standing, Told};
use bgp_engine::rib::{FamilyRib, RouteId};
use bgp_engine::value::{GroupId as EngineGroup, Net};
use fib::change::{Batch, Change, GroupId, Ways};
use fib::reconcile::Desired;
use ipnet::IpNet;

use crate::machine::ways;

/// The engine's routes: IPv4's places are the even ones, IPv6's the odd ones.
pub(super) struct Wanted<'a>(pub &'a Engine);

const V4: u32 = 0;
const V6: u32 = 1;

impl Desired for Wanted<'_> {
    fn places(&self) -> u32 {
        let rib = self.0.rib();
        rib.v4.table.places().max(rib.v6.table.places()).saturating_mul(2)
    }

    fn wanted(&self, net: &IpNet) -> Option<(u32, GroupId)> {
        let rib = self.0.rib();
        match net {
            IpNet::V4(net) => wanted(&rib.v4, *net, V4),
            IpNet::V6(net) => wanted(&rib.v6, *net, V6),
        }
    }

    fn installed(&self, place: u32) -> Option<IpNet> {
        let rib = self.0.rib();
        if place % 2 == V4 { installed(&rib.v4, place / 2) } else { installed(&rib.v6, place / 2) }
    }

    fn ways(&self, group: GroupId) -> Option<Ways> {
        let group = self.0.rib().facts.groups.get(EngineGroup(group.0))?;
        group.told.clone().map(ways)
    }

    fn groups(&self) -> impl Iterator<Item = GroupId> {
        let groups = self.0.rib().facts.groups.iter();
        let told = groups.filter(|(_, group)| group.told.is_some() && group.refusal.is_none());
        told.map(|(id, _)| GroupId(id.0))
    }
}

fn slot<N: Net>(rib: &FamilyRib<N>, route: RouteId) -> Slot {
    rib.told.as_ref().map_or(Slot::NOTHING, |told: &Told<N>| told.slot(route))
}

fn wanted<N: Net>(rib: &FamilyRib<N>, net: N, family: u32) -> Option<(u32, GroupId)> {
    let route = rib.table.find(net)?;
    let group = slot(rib, route).group?;
    Some((route.0.checked_mul(2)? + family, GroupId(group.0)))
}

fn installed<N: Net>(rib: &FamilyRib<N>, route: u32) -> Option<IpNet> {
    if route >= rib.table.places() {
        return None;
    }
    let slot = slot(rib, RouteId(route));
    // What was asked for is there too: of what is under way the comparison knows.
    let there = matches!(slot.standing, Standing::Installed | Standing::Asked) && slot.group.is_some();
    there.then(|| rib.table.net(RouteId(route)).into())
}

/// Where all groups lead, as one batch.
pub(super) fn groups(engine: &Engine) -> Batch {
    let told = engine
        .rib()
        .facts
        .groups
        .iter()
        .filter_map(|(id, group)| Some(Change::Group(GroupId(id.0), ways(group.told.clone()?))));
    Batch { number: 0, changes: told.collect() }
}
