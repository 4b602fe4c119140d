//! One look at a route: what the kernel should have of it, and what it must be told for that.

use alloc::vec::Vec;

use super::told::Meanwhile;
use super::{Draft, Ending, Member, NO_GROUP, Refusal, Slot, Standing, Subject, Told, members};
use crate::rib::facts::{Facts, SELF, Source};
use crate::rib::table::{Path, RouteId, Table};
use crate::value::{FibChange, Instant, Net, PathId};

/// The identifier of an aggregate's path among this router's own.
const AGGREGATE: PathId = PathId(1);

/// What the kernel should have of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    /// Nothing of ours.
    Nothing,
    /// A way through these next hops, or where there are none a blackhole.
    Through,
    /// What it has: the best path's next hop is lost, and what takes its place is about to be decided.
    AsItIs,
}

/// What a look needs to see.
pub(super) struct View<'a, N> {
    pub table: &'a Table<N>,
    pub facts: &'a mut Facts,
    pub ending: Ending,
    pub now: Instant,
    /// Scratch.
    pub members: &'a mut Vec<Member>,
}

impl<N: Net> View<'_, N> {
    fn wanted(&mut self, route: RouteId) -> Wanted {
        self.members.clear();
        if self.ending == Ending::Remove || !self.table.is_live(route) {
            return Wanted::Nothing;
        }
        let Some((best, distance)) = eligible(self.table, route, self.facts) else { return Wanted::Nothing };
        if is_taken(self.table.net(route), distance, self.facts) {
            return Wanted::Nothing;
        }
        if best.peer == SELF {
            return Wanted::Through;
        }
        if self.facts.reach(best.attrs).metric.is_none() {
            return Wanted::AsItIs;
        }
        members(self.table, route, self.facts, self.members);
        Wanted::Through
    }
}

/// The path that may go to the kernel, with its administrative distance: the best one, if it is a neighbor's or an
/// aggregate of this router ([`SELF`]).
#[must_use]
pub fn eligible<'a, N: Net>(table: &'a Table<N>, route: RouteId, facts: &Facts) -> Option<(&'a Path, u8)> {
    let best = table.best(route)?;
    // `network` and `redistribute` speak of routes that the kernel has from elsewhere.
    if best.peer == SELF && best.received_id != AGGREGATE {
        return None;
    }
    let distances = facts.knobs.distances[N::FAMILY];
    let distance = match facts.peer(best.peer).source {
        Source::External => distances.external,
        Source::Internal | Source::Confederation => distances.internal,
        Source::Local => distances.local,
    };
    Some((best, distance))
}

/// Whether a route that is not BGP's has the prefix, where BGP's is of this distance.
#[must_use]
pub fn is_taken<N: Net>(net: N, distance: u8, facts: &Facts) -> bool {
    let routes = &facts.next_hops.routes;
    let net = net.into();
    !routes.to(net).is_empty() && routes.selected(net).is_some_and(|other| other.distance() <= distance)
}

impl<N: Net> Told<N> {
    /// Looks at a route, and puts into the draft what the kernel must be told.
    pub(super) fn look(&mut self, route: RouteId, view: &mut View<'_, N>, draft: &mut Draft) {
        let slot = self.slot(route);
        if slot.standing == Standing::Asked {
            self.waiting.entry(route.0).or_insert(Meanwhile::Changed);
            return;
        }
        match view.wanted(route) {
            Wanted::AsItIs => {}
            Wanted::Nothing => self.ask_away(route, slot, view, draft),
            Wanted::Through => self.ask(route, slot, view, draft),
        }
    }

    /// Whether the kernel refused this for itself and it is not time to try again.
    fn rests(&self, route: RouteId, now: Instant) -> bool {
        !self.refused.is_empty() && self.refusal(route).is_some_and(|refusal| refusal.due > now)
    }

    fn ask_away(&mut self, route: RouteId, slot: Slot, view: &mut View<'_, N>, draft: &mut Draft) {
        if slot.standing == Standing::Nothing {
            return;
        }
        self.forgive(route.0);
        let Some(group) = slot.group else {
            return self.set(route.0, Slot::NOTHING, &mut view.facts.groups);
        };
        self.set(route.0, Slot { group: None, standing: Standing::Asked }, &mut view.facts.groups);
        let net = view.table.net(route).into();
        if slot.standing == Standing::Astray && !view.facts.groups.is_untold(group) {
            // It leads through another group, nobody knows which, and its removal must name one.
            draft.push(FibChange::Moved(net, group), Subject::Stray);
        }
        draft.push(FibChange::RouteGone(net, group), Subject::Route(N::FAMILY, route.0));
    }

    fn ask(&mut self, route: RouteId, slot: Slot, view: &mut View<'_, N>, draft: &mut Draft) {
        let Facts { groups, next_hops, .. } = &mut *view.facts;
        let same = slot.group.filter(|&group| groups.is(group, view.members));
        if same.is_some() && slot.standing == Standing::Installed {
            return;
        }
        let Some(group) = same.or_else(|| groups.intern(view.members, next_hops)) else {
            return self.give_up(route, slot, view);
        };
        if same.is_none() {
            self.forgive(route.0);
        } else if self.rests(route, view.now) {
            return;
        }
        if groups.refusal(group).is_some() {
            let refused = Slot { group: Some(group), standing: slot.standing.refused() };
            if refused != slot {
                self.forgive(route.0);
                self.set(route.0, refused, groups);
            }
            return;
        }
        if groups.is_untold(group) {
            draft.push_group(group, groups);
        }
        self.set(route.0, Slot { group: Some(group), standing: Standing::Asked }, groups);
        let net = view.table.net(route);
        let left_behind = !self.strays.is_empty() && self.strays.remove(&net).is_some();
        if left_behind || slot.standing.is_there() {
            draft.push(FibChange::Moved(net.into(), group), Subject::Move(N::FAMILY, route.0));
        } else {
            draft.push(FibChange::Route(net.into(), group), Subject::Route(N::FAMILY, route.0));
        }
    }

    /// There are more groups than numbers: the route counts as refused, and what the kernel has of it stays.
    fn give_up(&mut self, route: RouteId, slot: Slot, view: &mut View<'_, N>) {
        if self.rests(route, view.now) {
            return;
        }
        let refusal = Refusal::after(self.refusal(route), NO_GROUP, view.now);
        self.forgive(route.0);
        self.refused.insert(route.0, refusal);
        self.retries.insert((refusal.due, route.0));
        self.set(route.0, Slot { standing: slot.standing.refused(), ..slot }, &mut view.facts.groups);
    }
}
