//! One family's routes, from what comes in to what goes out.

mod read;
mod save;

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;

pub use save::SavedFamily;

use super::adj_rib_out::{Group, Next, View};
use super::aggregate::{Aggregate, Aggregates};
use super::attr_store::AttrId;
use super::export::Export;
use super::facts::{Facts, SELF};
use super::fib::Told;
use super::import::{Import, Imported, ReceivedKey};
use super::job::{Job, SLICE, Task};
use super::select::Selected;
use super::table::{Announced, Arrival, Interest, RouteId, Table};
use crate::attr::{Aggregator, Origin, PathAttributes};
use crate::policy::Filter;
use crate::value::{IfIndex, Net, PathId, PeerId};
use crate::wire::Nlri;

/// Paths as a peer sent them, before policy, in order: who looks at them comes back for the next slice.
type Received<N> = BTreeMap<ReceivedKey<N>, AttrId>;

/// One family's routes.
#[derive(Debug)]
pub struct FamilyRib<N> {
    /// The paths and the best of them.
    pub table: Table<N>,
    groups: Vec<Option<Group>>,
    /// The group of each peer that is sent routes.
    group_of: BTreeMap<PeerId, usize>,
    /// What peers with `soft-reconfiguration inbound` sent.
    received: BTreeMap<PeerId, Received<N>>,
    /// What this router originates, and under which identifiers.
    networks: alloc::collections::BTreeSet<(N, PathId)>,
    aggregates: Aggregates<N>,
    aggregator: Option<Aggregator>,
    pub(super) jobs: VecDeque<Job>,
    /// What the kernel was told, once somebody writes its table.
    pub told: Option<Told<N>>,
    /// Prefixes that could not be advertised since their attributes do not fit a message.
    pub too_large: Vec<N>,
}

impl<N: Net> FamilyRib<N> {
    /// No routes.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        FamilyRib {
            table: Table::new(seed),
            groups: Vec::new(),
            group_of: BTreeMap::new(),
            received: BTreeMap::new(),
            networks: alloc::collections::BTreeSet::new(),
            aggregates: Aggregates::default(),
            aggregator: None,
            jobs: VecDeque::new(),
            told: None,
            too_large: Vec::new(),
        }
    }

    fn best_origin(&self, net: N, facts: &Facts) -> Option<Origin> {
        let best = self.table.best(self.table.find(net)?)?;
        Some(facts.attrs[best.attrs].attributes.origin)
    }

    /// Does something to the paths of one prefix, and what follows from it for the aggregates.
    fn change<R>(
        &mut self,
        net: N,
        facts: &mut Facts,
        change: impl FnOnce(&mut Table<N>, &mut Facts) -> R,
    ) -> R {
        if self.aggregates.0.is_empty() {
            return change(&mut self.table, facts);
        }
        let before = self.best_origin(net, facts);
        let result = change(&mut self.table, facts);
        let now = self.best_origin(net, facts);
        for aggregate in self.aggregates.note(net, before, now) {
            self.follow_aggregate(aggregate, facts);
        }
        result
    }

    /// Originates or takes back an aggregate, as what is inside demands.
    fn follow_aggregate(&mut self, net: N, facts: &mut Facts) {
        let Some(aggregate) = self.aggregates.0.iter().find(|aggregate| aggregate.net == net) else { return };
        let (origin, summary_only) = (aggregate.origin(), aggregate.summary_only);
        match origin {
            Some(origin) => {
                let mut attributes = PathAttributes::default();
                attributes.origin = origin;
                attributes.atomic_aggregate = true;
                attributes.weight = 32768;
                attributes.med = Some(0);
                let aggregator = self.aggregator;
                attributes.edit_rare(|rare| rare.aggregator = aggregator);
                let now_s = facts.next_hops.routes.now_s();
                self.originate(net, attributes, PathId(1), now_s, facts);
            }
            None => self.take_back(net, PathId(1), facts),
        }
        if summary_only {
            self.add_job(Task::TouchCovered);
        }
    }

    /// Puts a route of this router itself into the table. `id` tells apart the ways to originate one prefix.
    pub fn originate(
        &mut self,
        net: N,
        attributes: PathAttributes,
        id: PathId,
        now_s: u32,
        facts: &mut Facts,
    ) {
        self.networks.insert((net, id));
        let attrs = facts.intern(attributes, IfIndex(0));
        let arrival = Arrival { peer: SELF, received_id: id, attrs, now_s };
        self.change(net, facts, |table, facts| table.announce(net, arrival, facts));
    }

    /// Takes a route of this router itself back.
    pub fn take_back(&mut self, net: N, id: PathId, facts: &mut Facts) {
        self.networks.remove(&(net, id));
        self.change(net, facts, |table, facts| table.withdraw(net, SELF, id, facts));
    }

    /// The prefixes that this router originates under this identifier.
    #[must_use]
    pub fn own_networks(&self, id: PathId) -> alloc::collections::BTreeSet<ipnet::IpNet> {
        self.networks.iter().filter(|(_, own)| *own == id).map(|&(net, _)| net.into()).collect()
    }

    /// The same, behind `after`, in the order of prefixes.
    pub fn own_networks_after(
        &self,
        id: PathId,
        after: Option<ipnet::IpNet>,
    ) -> impl Iterator<Item = ipnet::IpNet> {
        let behind = move |net: ipnet::IpNet| after.is_none_or(|after| net > after);
        let from = after.and_then(N::from_ipnet).unwrap_or_default();
        let own = self.networks.range((from, PathId(0))..).filter(move |(_, own)| *own == id);
        own.map(|&(net, _)| net.into()).filter(move |net| behind(*net))
    }

    /// Whether this router originates the prefix under this identifier.
    #[must_use]
    pub fn is_own(&self, net: N, id: PathId) -> bool {
        self.networks.contains(&(net, id))
    }

    /// Takes in prefixes that a peer announced with these attributes. The caller keeps its reference to them.
    pub fn announce(
        &mut self,
        peer: PeerId,
        nlri: &Nlri<'_>,
        attrs: AttrId,
        import: &Import,
        now_s: u32,
        facts: &mut Facts,
    ) -> Imported {
        let mut imported = Imported::default();
        for (received_id, net) in nlri.iter::<N>() {
            if import.keep_received {
                self.keep_received(peer, (net, received_id), attrs, facts);
            }
            let arrival = Arrival { peer, received_id, attrs, now_s };
            self.import_one(net, arrival, &import.filter, facts, &mut imported);
        }
        imported
    }

    fn import_one(
        &mut self,
        net: N,
        arrival: Arrival,
        filter: &Filter,
        facts: &mut Facts,
        imported: &mut Imported,
    ) {
        if !filter.permits(net, &facts.attrs[arrival.attrs].attributes) {
            imported.refused += 1;
            imported.removed += u32::from(self.change(net, facts, |table, facts| {
                table.withdraw(net, arrival.peer, arrival.received_id, facts)
            }));
            return;
        }
        facts.attrs.hold(arrival.attrs, 1);
        match self.change(net, facts, |table, facts| table.announce(net, arrival, facts)) {
            Announced::New => imported.added += 1,
            Announced::Replaced => {}
            Announced::Duplicate => imported.duplicates += 1,
        }
    }

    /// Takes out prefixes that a peer withdrew.
    pub fn withdraw(&mut self, peer: PeerId, nlri: &Nlri<'_>, facts: &mut Facts) -> Imported {
        let mut imported = Imported::default();
        for (received_id, net) in nlri.iter::<N>() {
            if let Some(received) = self.received.get_mut(&peer)
                && let Some(attrs) = received.remove(&(net, received_id))
            {
                facts.release(attrs);
            }
            let removed =
                self.change(net, facts, |table, facts| table.withdraw(net, peer, received_id, facts));
            imported.removed += u32::from(removed);
        }
        imported
    }

    fn keep_received(&mut self, peer: PeerId, key: ReceivedKey<N>, attrs: AttrId, facts: &mut Facts) {
        let received = self.received.entry(peer).or_default();
        facts.attrs.hold(attrs, 1);
        if let Some(former) = received.insert(key, attrs) {
            facts.release(former);
        }
    }

    /// What a peer sent, before policy, where that is kept; in order of prefix.
    #[must_use]
    pub fn received(&self, peer: PeerId) -> Vec<(N, PathId, AttrId)> {
        let received = self.received.get(&peer).into_iter().flatten();
        received.map(|(&(net, id), &attrs)| (net, id, attrs)).collect()
    }

    /// How many paths a peer sent, before policy, where that is kept.
    #[must_use]
    pub fn received_count(&self, peer: PeerId) -> usize {
        self.received.get(&peer).map_or(0, BTreeMap::len)
    }

    /// Evaluates again what a peer sent, where it was kept; else false.
    pub fn reimport(
        &mut self,
        peer: PeerId,
        import: &Import,
        now_s: u32,
        facts: &mut Facts,
    ) -> Option<Imported> {
        if !self.received.contains_key(&peer) {
            return None;
        }
        let mut imported = Imported::default();
        for (net, received_id, attrs) in self.received(peer) {
            let arrival = Arrival { peer, received_id, attrs, now_s };
            self.import_one(net, arrival, &import.filter, facts, &mut imported);
        }
        Some(imported)
    }

    /// Forgets what a peer sent, before policy.
    pub fn forget_received(&mut self, peer: PeerId, facts: &mut Facts) {
        for attrs in self.received.remove(&peer).into_iter().flat_map(BTreeMap::into_values) {
            facts.release(attrs);
        }
    }

    /// These aggregates and no others.
    pub fn set_aggregates(&mut self, wanted: &[(N, bool)], aggregator: Aggregator, facts: &mut Facts) {
        let gone: Vec<N> = self.aggregates.0.iter().map(|a| a.net).collect();
        self.aggregates.0.clear();
        for net in gone.iter().filter(|net| !wanted.iter().any(|(other, _)| other == *net)) {
            self.take_back(*net, PathId(1), facts);
        }
        self.aggregator = Some(aggregator);
        let mut fresh: Vec<Aggregate<N>> =
            wanted.iter().map(|&(net, only)| Aggregate::new(net, only)).collect();
        if !fresh.is_empty() || !gone.is_empty() {
            self.add_job(Task::TouchCovered);
        }
        core::mem::swap(&mut self.aggregates.0, &mut fresh);
        for route in (0..self.table.places()).map(RouteId) {
            let Some(best) = self.table.is_live(route).then(|| self.table.best(route)).flatten() else {
                continue;
            };
            let origin = facts.attrs[best.attrs].attributes.origin;
            self.aggregates.note(self.table.net(route), None, Some(origin));
        }
        for &(net, _) in wanted {
            self.follow_aggregate(net, facts);
        }
    }

    /// Puts a peer into the group that is told the same, from the table's start. `told` is what it was told
    /// before, from [`FamilyRib::leave`].
    pub fn join(&mut self, peer: PeerId, export: Export, told: Vec<u64>) {
        let end = self.table.end();
        let found = self.groups.iter().position(|g| g.as_ref().is_some_and(|g| g.export == export));
        let at = found.unwrap_or_else(|| {
            let group = Some(Group::new(export));
            if let Some(free) = self.groups.iter().position(Option::is_none) {
                self.groups[free] = group;
                return free;
            }
            self.groups.push(group);
            self.groups.len() - 1
        });
        if let Some(group) = &mut self.groups[at] {
            group.join(peer, end, told);
        }
        self.group_of.insert(peer, at);
        self.set_interest();
    }

    /// Takes a peer out of its group. Gives what it had been told.
    pub fn leave(&mut self, peer: PeerId, facts: &mut Facts) -> Vec<u64> {
        let Some(at) = self.group_of.remove(&peer) else { return Vec::new() };
        let Some(group) = &mut self.groups[at] else { return Vec::new() };
        let told = group.leave(peer);
        if group.is_empty() {
            group.release(facts);
            self.groups[at] = None;
        }
        self.set_interest();
        told
    }

    pub(super) fn set_interest(&mut self) {
        let several = self.groups.iter().flatten().any(|group| group.export.add_path.is_some());
        let interest = match (&self.told, several) {
            (_, true) => Interest::EveryPath,
            (Some(_), false) => Interest::Multipath,
            (None, false) => Interest::Best,
        };
        // From now on every path matters: what was not logged until now is to be seen too.
        if several && self.table.interest != Interest::EveryPath {
            self.table.interest = interest;
            self.add_job(Task::TouchCovered);
        }
        self.table.interest = interest;
    }

    /// A peer's group: its place and what shapes its output.
    #[must_use]
    pub fn group(&self, peer: PeerId) -> Option<(usize, &Group)> {
        let at = *self.group_of.get(&peer)?;
        self.groups.get(at)?.as_ref().map(|group| (at, group))
    }

    /// Says everything again to a peer.
    pub fn resend(&mut self, peer: PeerId) {
        let end = self.table.end();
        if let Some(group) = self.group_of.get(&peer).and_then(|&at| self.groups[at].as_mut()) {
            group.resend(peer, end);
        }
    }

    /// What a peer is advertised of a route.
    #[must_use]
    pub fn advertised(&self, route: RouteId, peer: PeerId) -> Vec<Selected> {
        self.group(peer).map_or_else(Vec::new, |(_, group)| group.advertised(route, peer))
    }

    /// What to send to a peer next.
    pub fn next(&mut self, peer: PeerId, facts: &mut Facts) -> Next {
        let Some(&at) = self.group_of.get(&peer) else { return Next::Nothing };
        let Some(group) = &mut self.groups[at] else { return Next::Nothing };
        let aggregates = &self.aggregates;
        let suppressed = |net: N| aggregates.suppresses(net);
        let kernel = self.told.as_ref().filter(|_| facts.knobs.suppress_fib_pending);
        let mut view = View {
            table: &self.table,
            facts,
            suppressed: &suppressed,
            kernel,
            too_large: &mut self.too_large,
        };
        group.next(peer, &mut view)
    }

    /// A peer's session is over, or its routes are to be sent anew: those of the present generation are of the
    /// past from now on. They stay until [`FamilyRib::sweep`].
    pub fn age(&mut self, peer: PeerId, facts: &mut Facts) {
        let generation = &mut facts.peers[usize::from(peer.0)].generation[N::FAMILY];
        *generation = generation.wrapping_add(1);
        self.forget_received(peer, facts);
    }

    /// Takes out the paths of a peer that are not of its present generation, in slices.
    pub fn sweep(&mut self, peer: PeerId) {
        self.jobs.retain(|job| job.task != Task::Sweep(peer));
        self.add_job(Task::Sweep(peer));
    }

    /// Decides every route anew, in slices.
    pub fn reconsider_all(&mut self) {
        self.add_job(Task::Reconsider);
        // What shares packets with a best path may be another path without the best one being another.
        if let Some(told) = &mut self.told {
            told.sweep();
        }
    }

    /// Has those who follow the table look at every route again, in slices.
    pub fn touch_all(&mut self) {
        self.add_job(Task::TouchCovered);
    }

    /// Whether routes are still to be decided anew.
    #[must_use]
    pub fn is_reconsidering(&self) -> bool {
        self.jobs.iter().any(|job| job.task == Task::Reconsider)
    }

    fn add_job(&mut self, task: Task) {
        if let Some(job) = self.jobs.iter_mut().find(|job| job.task == task) {
            job.at = 0;
            return;
        }
        self.jobs.push_back(Job { task, at: 0 });
    }

    /// Whether a peer's old paths are still being taken out.
    #[must_use]
    pub fn is_sweeping(&self, peer: PeerId) -> bool {
        self.jobs.iter().any(|job| job.task == Task::Sweep(peer))
    }

    /// Works on the first job for a slice, and frees what nobody looks at any more. True if work is left.
    pub fn work(&mut self, facts: &mut Facts) -> bool {
        self.reap();
        let Some(mut job) = self.jobs.pop_front() else { return false };
        let end = self.table.places().min(job.at.saturating_add(SLICE));
        for route in (job.at..end).map(RouteId) {
            self.work_on(route, job.task, facts);
        }
        job.at = end;
        if end < self.table.places() {
            self.jobs.push_back(job);
        }
        !self.jobs.is_empty()
    }

    fn work_on(&mut self, route: RouteId, task: Task, facts: &mut Facts) {
        if !self.table.is_live(route) {
            return;
        }
        let net = self.table.net(route);
        match task {
            Task::Sweep(peer) => {
                let present = facts.peer(peer).generation[N::FAMILY];
                let leaves = |path: &super::table::Path| path.peer == peer && path.generation != present;
                if self.table.paths(route).any(|(_, path)| leaves(path)) {
                    self.change(net, facts, |table, facts| table.purge(route, facts, leaves));
                }
            }
            Task::Reconsider => self.change(net, facts, |table, facts| table.reconsider(route, facts)),
            Task::TouchCovered => self.table.touch(route),
        }
    }

    fn reap(&mut self) {
        let groups = self.groups.iter().flatten().map(Group::slowest);
        let slowest = groups.chain(self.told.as_ref().map(Told::cursor)).min();
        let told = self.told.as_ref();
        let held = |route| told.is_some_and(|told| told.holds(route));
        self.table.reap(slowest.unwrap_or(self.table.end()), held);
    }
}
