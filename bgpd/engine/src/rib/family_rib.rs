//! One family's routes, from what comes in to what goes out.

mod aggregates;
mod intake;
mod read;
mod save;

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::vec::Vec;

pub use save::SavedFamily;

use super::adj_rib_out::{Group, Next, View};
use super::aggregate::Aggregates;
use super::attr_store::AttrId;
use super::export::Export;
use super::facts::Facts;
use super::fib::Told;
use super::import::{Import, ReceivedKey};
use super::job::{Job, SLICE, Task};
use super::select::Selected;
use super::table::{Interest, Path, RouteId, Table};
use crate::attr::Aggregator;
use crate::value::{Net, PathId, PeerId};

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
    networks: BTreeSet<(N, PathId)>,
    aggregates: Aggregates<N>,
    /// Aggregates whose routes have changed in this step.
    due: BTreeSet<N>,
    /// Peers whose kept paths are evaluated again, and the last one that was.
    reimports: BTreeMap<PeerId, Option<ReceivedKey<N>>>,
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
            networks: BTreeSet::new(),
            aggregates: Aggregates::default(),
            due: BTreeSet::new(),
            reimports: BTreeMap::new(),
            aggregator: None,
            jobs: VecDeque::new(),
            told: None,
            too_large: Vec::new(),
        }
    }

    /// Puts a peer into the group that is told the same, from the table's start. `told` is what it was told
    /// before, from [`FamilyRib::leave`].
    pub fn join(&mut self, peer: PeerId, export: Export, told: Vec<u64>) {
        let end = self.table.end();
        let found =
            self.groups.iter().position(|g| g.as_ref().is_some_and(|g| !g.is_empty() && *g.export == export));
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
            self.release_group(at, facts);
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
            self.add_job(Task::TouchAll);
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
        let suppresses = |net: N, path: &Path, facts: &Facts| aggregates.suppresses(net, path, facts);
        let kernel = self.told.as_ref().filter(|_| facts.knobs.suppress_fib_pending);
        let mut view = View {
            table: &self.table,
            facts,
            suppresses: &suppresses,
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
        self.add_job(Task::TouchAll);
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

    /// Works on what is to be done to many routes, a slice of each kind, and frees what nobody looks at any more.
    /// `imports` says what is done to a peer's routes. True if work is left.
    pub fn work<'i>(
        &mut self,
        imports: &dyn Fn(PeerId) -> Option<&'i Import>,
        now_s: u32,
        facts: &mut Facts,
    ) -> bool {
        self.reap();
        self.reimport_some(imports, now_s, facts);
        self.work_on_jobs(facts);
        self.follow_aggregates(facts);
        if let Some(at) = self.groups.iter().position(|group| group.as_ref().is_some_and(Group::is_empty)) {
            self.release_group(at, facts);
        }
        let left = self.groups.iter().flatten().any(Group::is_empty);
        left || !self.jobs.is_empty() || !self.reimports.is_empty()
    }

    /// Gives back a slice of what a group holds that nobody is in any more.
    fn release_group(&mut self, at: usize, facts: &mut Facts) {
        if let Some(group) = &mut self.groups[at]
            && group.release_some(facts)
        {
            self.groups[at] = None;
        }
    }

    fn work_on_jobs(&mut self, facts: &mut Facts) {
        let Some(job) = self.jobs.front().copied() else { return };
        let end = self.table.places().min(job.at.saturating_add(SLICE));
        for at in job.at..end {
            self.work_on(RouteId(at), job.task, facts);
            // Whoever looks at the job sees how far it has come.
            if let Some(job) = self.jobs.front_mut() {
                job.at = at + 1;
            }
        }
        if end < self.table.places() {
            self.jobs.rotate_left(1);
            return;
        }
        self.jobs.pop_front();
        if job.task == Task::CountAggregates {
            self.end_count();
        }
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
            Task::TouchCovered if self.aggregates.cover(net) => self.table.touch(route),
            Task::TouchCovered => {}
            Task::TouchAll => self.table.touch(route),
            Task::CountAggregates => self.count_route(route, facts),
        }
    }

    fn reap(&mut self) {
        let groups = self.groups.iter().flatten().filter(|group| !group.is_empty());
        let cursors = groups.map(Group::slowest).chain(self.told.as_ref().map(Told::cursor));
        let slowest = cursors.min().unwrap_or(self.table.end());
        let told = self.told.as_ref();
        self.table.reap(slowest, |route| told.is_some_and(|told| told.holds(route)));
    }
}
