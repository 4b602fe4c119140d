//! One family's routes in a snapshot.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::super::adj_rib_out::{Bounds, SavedGroup};
use super::super::aggregate::Aggregate;
use super::super::attr_store::Holders;
use super::super::fib::{Groups, SavedTold, Told};
use super::super::table::SavedTable;
use super::{Aggregator, FamilyRib, Group, Job, Received, Table, Task};
use crate::value::octets::{Damaged, Number, Octets, Part, put_net};
use crate::value::{Digest, Net, PathId, PeerId};

/// One family's routes as they are saved.
#[derive(Debug, Serialize, Deserialize)]
pub struct SavedFamily<'a> {
    #[serde(borrow)]
    table: SavedTable<'a>,
    /// Each with its place, which says whose turn it is.
    #[serde(borrow)]
    groups: Vec<(u16, SavedGroup<'a>)>,
    #[serde(borrow)]
    received: Vec<(PeerId, Octets<'a>)>,
    #[serde(borrow)]
    networks: Octets<'a>,
    #[serde(borrow)]
    aggregates: Octets<'a>,
    /// What each has counted beside its origins.
    #[serde(borrow, default)]
    contributions: Octets<'a>,
    /// Peers whose kept paths are evaluated again, and the last path that was.
    #[serde(borrow, default)]
    reimports: Octets<'a>,
    aggregator: Option<Aggregator>,
    jobs: Part<'a, alloc::collections::VecDeque<Job>>,
    #[serde(borrow)]
    too_large: Octets<'a>,
    #[serde(borrow, default)]
    told: Option<SavedTold<'a>>,
}

impl<N: Net> FamilyRib<N> {
    /// The routes as they are saved.
    pub fn save(&self) -> SavedFamily<'_> {
        let groups = (0u16..).zip(&self.groups);
        SavedFamily {
            table: self.table.save(),
            groups: groups
                .filter_map(|(place, group)| group.as_ref().map(|group| (place, group.save())))
                .collect(),
            received: self.received.iter().map(|(&peer, paths)| (peer, save_received(paths))).collect(),
            networks: Octets::made(|out| {
                for &(net, id) in &self.networks {
                    put_net(net, out);
                    id.0.put(out);
                }
            }),
            aggregates: Octets::made(|out| self.aggregates.0.iter().for_each(|one| one.save(out))),
            contributions: Octets::made(|out| self.aggregates.0.iter().for_each(|one| one.save_counts(out))),
            reimports: Octets::made(|out| {
                for (peer, last) in &self.reimports {
                    peer.0.put(out);
                    out.push(u8::from(last.is_some()));
                    let (net, id) = last.unwrap_or_default();
                    put_net(net, out);
                    id.0.put(out);
                }
            }),
            aggregator: self.aggregator,
            jobs: Part::Lent(&self.jobs),
            too_large: Octets::nets(|| self.too_large.iter().copied()),
            told: self.told.as_ref().map(Told::save),
        }
    }

    /// The routes that were saved; there are so many `peers`.
    pub fn restore(
        saved: SavedFamily<'_>,
        seed: u64,
        peers: usize,
        holders: &mut Holders,
        kernel: &mut Groups,
    ) -> Result<Self, Damaged> {
        let mut rib = FamilyRib::new(seed);
        rib.table = Table::restore(&saved.table, seed, peers, holders)?;
        rib.aggregator = saved.aggregator;
        rib.jobs = saved.jobs.own()?;
        let known = |job: &Job| !matches!(job.task, Task::Sweep(peer) if usize::from(peer.0) >= peers);
        if !rib.jobs.iter().all(known) {
            return Err(Damaged("a job is for a peer that is not there"));
        }
        rib.restore_groups(saved.groups, peers, holders)?;
        for (peer, paths) in &saved.received {
            rib.received.insert(*peer, restore_received(paths, holders)?);
        }
        let mut networks = saved.networks.cut();
        while !networks.is_empty() {
            rib.networks.insert((networks.net()?, PathId(networks.number()?)));
        }
        let mut aggregates = saved.aggregates.cut();
        while !aggregates.is_empty() {
            rib.aggregates.0.push(Aggregate::restore(&mut aggregates)?);
        }
        let mut counts = saved.contributions.cut();
        if !counts.is_empty() {
            for aggregate in &mut rib.aggregates.0 {
                aggregate.restore_counts(&mut counts, holders)?;
            }
        }
        let mut reimports = saved.reimports.cut();
        while !reimports.is_empty() {
            let peer = PeerId(reimports.number()?);
            let begun: u8 = reimports.number()?;
            let last = (reimports.net()?, PathId(reimports.number()?));
            rib.reimports.insert(peer, (begun != 0).then_some(last));
        }
        let mut too_large = saved.too_large.cut();
        while !too_large.is_empty() {
            rib.too_large.push(too_large.net()?);
        }
        if let Some(told) = &saved.told {
            rib.told = Some(Told::restore(told, &rib.table, kernel)?);
        }
        Ok(rib)
    }

    fn restore_groups(
        &mut self,
        saved: Vec<(u16, SavedGroup<'_>)>,
        peers: usize,
        holders: &mut Holders,
    ) -> Result<(), Damaged> {
        let bounds = Bounds { routes: self.table.places() as usize, peers, end: self.table.end() };
        for (place, group) in saved {
            let place = usize::from(place);
            let group = Group::restore(group, bounds, holders)?;
            for peer in group.members() {
                if self.group_of.insert(peer, place).is_some() {
                    return Err(Damaged("a peer is in two groups"));
                }
            }
            if self.groups.len() <= place {
                self.groups.resize_with(place + 1, || None);
            }
            if self.groups[place].replace(group).is_some() {
                return Err(Damaged("two groups have one place"));
            }
        }
        Ok(())
    }

    /// Puts in the paths, the order of changes, the places, the jobs and where everybody is that follows the table.
    pub fn digest(&self, digest: &mut Digest) {
        digest.add(self.table.digest().value());
        self.table.digest_places(digest);
        for job in &self.jobs {
            digest.add(u64::from(job.at));
        }
        for (peer, last) in &self.reimports {
            digest.add(u64::from(peer.0) << 1 | u64::from(last.is_some()));
        }
        for group in self.groups.iter().flatten() {
            group.digest(digest);
        }
        if let Some(told) = &self.told {
            told.digest(digest);
        }
    }

    /// Every group, to give it its filter.
    pub fn groups_mut(&mut self) -> impl Iterator<Item = &mut Group> {
        self.groups.iter_mut().flatten()
    }
}

fn save_received<N: Net>(paths: &Received<N>) -> Octets<'_> {
    Octets::made(move |out| {
        for (&(net, id), attrs) in paths {
            put_net(net, out);
            id.0.put(out);
            attrs.index().put(out);
        }
    })
}

fn restore_received<N: Net>(paths: &Octets<'_>, holders: &mut Holders) -> Result<Received<N>, Damaged> {
    let mut cut = paths.cut();
    let mut received = BTreeMap::new();
    while !cut.is_empty() {
        let key = (cut.net()?, PathId(cut.number()?));
        if received.insert(key, holders.hold(cut.number()?)?).is_some() {
            return Err(Damaged("a peer has sent a path twice"));
        }
    }
    Ok(received)
}
