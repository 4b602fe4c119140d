//! What the kernel has against what it should have, in slices. Pure.
//!
//! ```text
//!  Objects ──▶ Comparison::objects ─┐
//!  Chunk … ──▶ Comparison::routes ──┼─▶ Difference
//!  Desired ──▶ Comparison::missing ─┘   (a slice at a time)
//! ```
//!
//! The dump is read while the router goes on. What it writes meanwhile is told to [`Comparison::touch`], and is left
//! out: for those routes the dump may be older than what is wanted. Where that is too much, the comparison is worth
//! nothing and says so.
//!
//! A difference is not an order: what the router wants may have changed before it is heard. Who takes it looks again.

mod bits;

#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashSet};

use ipnet::IpNet;

use crate::change::{Batch, Change, GroupId, Hop, Ways};
use crate::dump::{Chunk, Objects, RouteSeen, Via};
use bits::Bits;

/// So many routes may change while a dump is read; beyond it the comparison is given up.
const TOUCHED_AT_MOST: usize = 200_000;

/// What the kernel should have.
///
/// Each route has a *place*: a small number, which another route may have once the first is gone. While a comparison
/// runs, whatever changes here must be told to it by [`Comparison::touch`] before it is in the kernel.
pub trait Desired {
    /// One more than the largest place.
    fn places(&self) -> u32;

    /// Where the route to `net` has its place and through which group it should lead; `None` where there should be
    /// none.
    fn wanted(&self, net: &IpNet) -> Option<(u32, GroupId)>;

    /// The route of a place, if the kernel is known to have it: it was told and did not refuse.
    fn installed(&self, place: u32) -> Option<IpNet>;

    /// Where a group leads; `None` where there should be none.
    fn ways(&self, group: GroupId) -> Option<Ways>;

    /// All groups that the kernel was told of and did not refuse.
    fn groups(&self) -> impl Iterator<Item = GroupId>;
}

/// What is different in the kernel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Routes that it should have and has not.
    pub missing: Vec<IpNet>,
    /// Routes of ours that lead elsewhere than they should.
    pub different: Vec<IpNet>,
    /// Routes of ours that should not be there, and the group that they name; without next-hop objects any.
    pub stray: Vec<(IpNet, GroupId)>,
    /// Groups that it should have and has not; routes through them are missing too.
    pub groups_missing: Vec<GroupId>,
    /// Groups that lead elsewhere than they should.
    pub groups_different: Vec<GroupId>,
    /// Groups of ours that should not be there, and that no route in the kernel names.
    pub groups_stray: Vec<GroupId>,
}

impl Difference {
    /// Whether the kernel has what it should have.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Difference::default()
    }
}

/// Why a comparison is worth nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("more than {TOUCHED_AT_MOST} routes changed while the kernel's were read; compare again later")]
pub struct TooBusy;

/// How a comparison goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Course {
    /// There is more to compare.
    More,
    /// All is compared.
    Over,
}

/// A comparison under way.
#[derive(Debug)]
pub struct Comparison {
    seen: Bits,
    /// Routes that were written since the dump began; `None` when they are too many.
    touched: Option<HashSet<IpNet>>,
    touched_groups: BTreeSet<GroupId>,
    /// Groups that the kernel's routes name.
    named: Bits,
    /// Groups of ours in the kernel that should not be there.
    stray_groups: Vec<GroupId>,
    found: Difference,
    /// The place that [`Comparison::missing`] looks at next.
    next: u32,
    routes: usize,
}

impl Comparison {
    /// Begins. From now on every batch that is written is told to [`Comparison::touch`]; the dump begins after that.
    #[must_use]
    pub fn begin() -> Comparison {
        Comparison {
            seen: Bits::default(),
            touched: Some(HashSet::new()),
            touched_groups: BTreeSet::new(),
            named: Bits::default(),
            stray_groups: Vec::new(),
            found: Difference::default(),
            next: 0,
            routes: 0,
        }
    }

    /// Leaves out what a batch changes.
    pub fn touch(&mut self, batch: &Batch) {
        for change in &batch.changes {
            if let Change::Group(group, _) | Change::GroupGone(group) = change {
                self.touched_groups.insert(*group);
            }
            if let (Some(net), Some(touched)) = (change.net(), &mut self.touched) {
                touched.insert(net);
            }
        }
        if self.touched.as_ref().is_some_and(|touched| touched.len() > TOUCHED_AT_MOST) {
            self.touched = None;
        }
    }

    /// Compares the kernel's next-hop objects, which were read before its routes. Not called where it has none.
    pub fn objects(&mut self, objects: &Objects, desired: &impl Desired) {
        for group in desired.groups() {
            let wanted = desired.ways(group).map(|ways| ways.merged());
            match objects.ways(group) {
                _ if self.touched_groups.contains(&group) => {}
                actual if actual == wanted => {}
                None if !objects.groups.contains_key(&group) => self.found.groups_missing.push(group),
                _ => self.found.groups_different.push(group),
            }
        }
        let stray = objects.groups().filter(|group| desired.ways(*group).is_none());
        self.stray_groups = stray.collect();
    }

    /// Compares routes from `from` on, at most so many; the answer is where to go on, `None` at the chunk's end.
    pub fn routes(
        &mut self,
        chunk: &Chunk,
        from: usize,
        at_most: usize,
        desired: &impl Desired,
    ) -> Option<usize> {
        let end = chunk.routes.len().min(from.saturating_add(at_most));
        for route in chunk.routes.get(from..end).unwrap_or_default() {
            self.route(chunk, route, desired);
        }
        (end < chunk.routes.len()).then_some(end)
    }

    fn route(&mut self, chunk: &Chunk, route: &RouteSeen, desired: &impl Desired) {
        self.routes += 1;
        let named = match route.via {
            Via::Group(group) => group,
            Via::Hops(..) | Via::Blackhole => GroupId(0),
        };
        self.named.set(named.0);
        if self.is_touched(&route.net) {
            return;
        }
        let Some((place, group)) = desired.wanted(&route.net) else {
            self.found.stray.push((route.net, named));
            return;
        };
        self.seen.set(place);
        let same = match route.via {
            Via::Group(actual) => actual == group,
            Via::Hops(first, count) => leads(chunk.hops_of(first, count), desired.ways(group)),
            Via::Blackhole => desired.ways(group).is_some_and(|ways| ways.merged() == Ways::Blackhole),
        };
        if !same {
            self.found.different.push(route.net);
        }
    }

    /// After all routes: looks at most at so many places for routes that were not among them.
    pub fn missing(&mut self, at_most: u32, desired: &impl Desired) -> Course {
        let end = desired.places().min(self.next.saturating_add(at_most));
        for place in self.next..end {
            if self.seen.is_set(place) {
                continue;
            }
            if let Some(net) = desired.installed(place).filter(|net| !self.is_touched(net)) {
                self.found.missing.push(net);
            }
        }
        self.next = end;
        if end < desired.places() { Course::More } else { Course::Over }
    }

    /// How many routes of ours the kernel has told of.
    #[must_use]
    pub fn compared(&self) -> usize {
        self.routes
    }

    /// What is different.
    ///
    /// # Errors
    /// Where so much changed meanwhile that nothing can be said.
    pub fn finish(self) -> Result<Difference, TooBusy> {
        let Comparison { mut found, stray_groups, named, touched, touched_groups, .. } = self;
        if touched.is_none() {
            return Err(TooBusy);
        }
        // A group that a stray route still names goes when that route is gone: the kernel would drop the route with
        // it, and it may be one that is kept for now.
        let free = |group: &GroupId| !named.is_set(group.0) && !touched_groups.contains(group);
        found.groups_stray = stray_groups.into_iter().filter(free).collect();
        Ok(found)
    }

    fn is_touched(&self, net: &IpNet) -> bool {
        self.touched.as_ref().is_some_and(|touched| !touched.is_empty() && touched.contains(net))
    }
}

/// Whether a route's own next hops are those of its group. A single one has no weight.
fn leads(actual: &[Hop], wanted: Option<Ways>) -> bool {
    let actual = Ways::Hops(actual.to_vec()).merged();
    match (actual, wanted.map(|ways| ways.merged())) {
        (Ways::Hops(actual), Some(Ways::Hops(wanted))) => match (actual.as_slice(), wanted.as_slice()) {
            ([one], [other]) => (one.gateway, one.interface) == (other.gateway, other.interface),
            (some, others) => some == others,
        },
        (actual, wanted) => Some(actual) == wanted,
    }
}
