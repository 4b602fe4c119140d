//! From what changed to batches: a slice a step.

use alloc::vec::Vec;

use super::look::View;
use super::{Draft, Ending, Given, MORE_FOR_GROUPS, MOST_BATCHES, Member, Standing, Subject, Told, Writer};
use crate::rib::facts::Facts;
use crate::rib::job::SLICE;
use crate::rib::table::{RouteId, Table};
use crate::rib::{FamilyRib, Rib};
use crate::value::{FibBatch, FibChange, Instant, Net};

/// Groups without a route that are kept for a next one, while there is other work.
const SPARE_GROUPS: usize = 256;

/// What the routes of the past are to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strays {
    /// A restart is under way: they stay until it is over.
    Keep,
    /// They are removed.
    Remove,
}

/// What is left of a step's time.
struct Budget {
    /// Routes that may still be looked at.
    looks: u32,
    now: Instant,
}

impl Rib {
    /// Makes batches of what there is to tell the kernel, for a slice of time. True if work is left that can be done
    /// before the kernel's next answer.
    pub fn work_on_fib(&mut self, now: Instant, strays: Strays, out: &mut Vec<FibBatch>) -> bool {
        if self.fib.writer != Writer::Ready || self.fib.ending == Ending::Keep {
            return false;
        }
        self.facts.groups.retry(now);
        self.v4.retry_told(now);
        self.v6.retry_told(now);
        let mut budget = Budget { looks: SLICE, now };
        loop {
            let room = self.fib.given.len();
            let groups_only = room >= MOST_BATCHES;
            if room >= MOST_BATCHES + MORE_FOR_GROUPS {
                return false;
            }
            let mut draft = Draft::new(self.fib.number + 1);
            self.draft_groups(&mut draft);
            if !groups_only {
                self.draft_routes(&mut draft, &mut budget);
                self.draft_ends(&mut draft, strays);
            }
            if draft.changes.is_empty() {
                return !groups_only && self.is_fib_work_left();
            }
            let Draft { number, changes, subjects } = draft;
            self.fib.number = number;
            self.fib.given.push_back(Given { number, subjects });
            out.push(FibBatch { number, changes });
            if budget.looks == 0 {
                return self.fib.given.len() < MOST_BATCHES && self.is_fib_work_left();
            }
        }
    }

    /// Groups that have moved come before all else: each of them may be a next hop that is lost.
    fn draft_groups(&mut self, draft: &mut Draft) {
        while draft.has_room()
            && let Some(id) = self.facts.groups.next_moved()
        {
            draft.push_group(id, &mut self.facts.groups);
        }
    }

    /// Routes of both families, in turns.
    fn draft_routes(&mut self, draft: &mut Draft, budget: &mut Budget) {
        let ending = self.fib.ending;
        if draft.number.is_multiple_of(2) {
            self.v4.draft(&mut self.facts, ending, draft, budget);
            self.v6.draft(&mut self.facts, ending, draft, budget);
        } else {
            self.v6.draft(&mut self.facts, ending, draft, budget);
            self.v4.draft(&mut self.facts, ending, draft, budget);
        }
    }

    /// What is to be removed and is nobody's any more. Groups go when no route is about to name them again.
    fn draft_ends(&mut self, draft: &mut Draft, strays: Strays) {
        let at_rest = !self.is_fib_work_left();
        if strays == Strays::Remove && at_rest {
            self.v4.draft_strays(draft);
            self.v6.draft_strays(draft);
        }
        let groups = &mut self.facts.groups;
        while draft.has_room() && (at_rest || groups.unused.len() > SPARE_GROUPS) {
            let Some((id, known)) = groups.free_unused(&mut self.facts.next_hops) else { break };
            if known == super::groups::Known::Yes {
                draft.push(FibChange::GroupGone(id), Subject::Stray);
            }
        }
        let routes_are_gone = !self.v4.has_strays() && !self.v6.has_strays();
        while strays == Strays::Remove && at_rest && routes_are_gone && draft.has_room() {
            let Some(id) = self.facts.groups.free_stray() else { break };
            draft.push(FibChange::GroupGone(id), Subject::Stray);
        }
    }

    fn is_fib_work_left(&self) -> bool {
        self.v4.is_told_less() || self.v6.is_told_less() || self.facts.groups.next_moved().is_some()
    }

    /// When something that the kernel refused is to be tried again.
    #[must_use]
    pub fn fib_deadline(&self) -> Option<Instant> {
        if self.fib.writer != Writer::Ready
            || self.fib.ending == Ending::Keep
            || self.fib.given.len() >= MOST_BATCHES
        {
            return None;
        }
        let groups = self.facts.groups.retries.first().map(|&(due, _)| due);
        [groups, self.v4.next_retry(), self.v6.next_retry()].into_iter().flatten().min()
    }
}

impl<N: Net> FamilyRib<N> {
    fn retry_told(&mut self, now: Instant) {
        if let Some(told) = &mut self.told {
            told.retry(now);
        }
    }

    fn next_retry(&self) -> Option<Instant> {
        self.told.as_ref()?.retries.first().map(|&(due, _)| due)
    }

    fn has_strays(&self) -> bool {
        self.told.as_ref().is_some_and(|told| !told.strays.is_empty())
    }

    /// Whether there is something that was not looked at. What waits for another job is not: that has its own word.
    fn is_told_less(&self) -> bool {
        let Some(told) = &self.told else { return false };
        let sweeps = told.sweep.is_some() && !self.is_reconsidering();
        !told.due.is_empty() || sweeps || told.cursor < self.table.end()
    }

    fn draft(&mut self, facts: &mut Facts, ending: Ending, draft: &mut Draft, budget: &mut Budget) {
        let settled = !self.is_reconsidering();
        let Some(told) = &mut self.told else { return };
        let mut members: Vec<Member> = Vec::new();
        let mut view = View { table: &self.table, facts, ending, now: budget.now, members: &mut members };
        told.draft_due(&mut view, draft, budget);
        told.draft_changes(&mut view, draft, budget);
        // Before all is decided anew it would only be looked at twice.
        if settled {
            told.draft_sweep(&mut view, draft, budget);
        }
        if !facts.knobs.suppress_fib_pending {
            told.news.clear();
        }
        self.tell_news();
    }

    fn draft_strays(&mut self, draft: &mut Draft) {
        let Some(told) = &mut self.told else { return };
        while draft.has_room()
            && let Some((net, group)) = told.strays.pop_first()
        {
            draft.push(FibChange::RouteGone(net.into(), group), Subject::Stray);
        }
    }

    /// Has those look at routes who wait for the kernel to have them.
    pub(super) fn tell_news(&mut self) {
        let Some(told) = &mut self.told else { return };
        for route in core::mem::take(&mut told.news) {
            touch_live(&mut self.table, RouteId(route));
        }
    }
}

/// A route without a path is withdrawn whatever the kernel has.
fn touch_live<N: Net>(table: &mut Table<N>, route: RouteId) {
    if table.is_live(route) {
        table.touch(route);
    }
}

impl<N: Net> Told<N> {
    fn draft_due(&mut self, view: &mut View<'_, N>, draft: &mut Draft, budget: &mut Budget) {
        while budget.looks > 0
            && draft.has_room()
            && let Some(route) = self.due.pop_first()
        {
            budget.looks -= 1;
            self.look(RouteId(route), view, draft);
            // Who looked at it while it was due has left it as it was, and waits for a word.
            if self.slot(RouteId(route)).standing != Standing::Asked {
                self.news.push(route);
            }
        }
    }

    fn draft_changes(&mut self, view: &mut View<'_, N>, draft: &mut Draft, budget: &mut Budget) {
        let table = view.table;
        for (version, route) in table.changes(self.cursor) {
            if budget.looks == 0 || !draft.has_room() {
                self.cursor = version;
                return;
            }
            budget.looks -= 1;
            self.look(route, view, draft);
        }
        self.cursor = table.end();
    }

    fn draft_sweep(&mut self, view: &mut View<'_, N>, draft: &mut Draft, budget: &mut Budget) {
        while let Some(at) = self.sweep {
            if budget.looks == 0 || !draft.has_room() {
                return;
            }
            if at >= view.table.places() {
                self.sweep = None;
                return;
            }
            budget.looks -= 1;
            self.look(RouteId(at), view, draft);
            self.sweep = Some(at + 1);
        }
    }
}
