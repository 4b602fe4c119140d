//! Groups of next hops: what routes lead through.
//!
//! A group stands for a set of next hops with their weights; [`NextHopTable`] says where they lead. It has a number
//! while a route names it. A group that moves in the kernel keeps its number, and its routes move with it. One
//! that cannot (the kernel has lost it, or knows no such objects) is *retired*: it keeps its number until its routes
//! have left it, and who wants the same next hops from then on gets another one.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::Refusal;
use super::multipath::gcd;
use crate::rib::next_hop::{NextHopId, NextHopTable};
use crate::value::{Digest, GroupId, Hop, IfIndex, Instant, Ways};

/// The kernel's refusal to move a group that it does not have (ENOENT).
const NO_SUCH_GROUP: i32 = 2;

/// One of a group's next hops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Member {
    /// The next hop.
    pub next_hop: NextHopId,
    /// Its share, 1 to 255.
    pub weight: u8,
}

/// A group.
#[derive(Debug)]
pub struct Group {
    /// Its next hops, in the order of their values; none is a blackhole.
    pub members: Box<[Member]>,
    /// Routes that were told to lead through it, in whatever state.
    pub references: u32,
    /// Where it leads as things stand.
    pub ways: Ways,
    /// Where the kernel was last told that it leads.
    pub told: Option<Ways>,
    /// The batch that told so.
    pub(super) told_in: u64,
    /// Every time that the kernel was told of it, as far as it may have that version: the batch, and which of the links
    /// have not gone down since. The kernel drops the ways over a link that goes down, and with the last one the
    /// group.
    pub(super) versions: Vec<(u64, Vec<IfIndex>)>,
    /// Its routes are leaving it.
    pub retired: bool,
    /// The kernel's answer, where it was no.
    pub refusal: Option<Refusal>,
}

/// All groups.
#[derive(Debug, Default)]
pub struct Groups {
    pub(super) places: Vec<Option<Group>>,
    pub(super) free: Vec<u32>,
    /// Those that are not retired.
    pub(super) index: BTreeMap<Box<[Member]>, u32>,
    /// Those that the kernel knows and that lead elsewhere now, or that it refused and are due.
    pub(super) moved: BTreeSet<u32>,
    /// Those that no route names.
    pub(super) unused: BTreeSet<u32>,
    /// Numbers that are somebody else's in the kernel: a former router's of ours, to be removed.
    pub(super) strays: BTreeSet<u32>,
    pub(super) retries: BTreeSet<(Instant, u32)>,
    /// Whether the kernel has objects for groups.
    pub(super) objects: bool,
    pub(super) digest: Digest,
}

/// What the kernel keeps groups as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Means {
    /// Objects that routes name.
    Objects,
    /// Nothing: each route has its ways itself.
    Routes,
}

/// Whether routes have to be looked at again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Routes {
    /// They may stay.
    Stay,
    /// Some name a group that is retired, or one that is accepted again.
    LookAgain,
}

impl Routes {
    pub(super) fn or(self, other: Routes) -> Routes {
        if self == Routes::LookAgain { self } else { other }
    }
}

/// Where these next hops lead.
fn lead(members: &[Member], next_hops: &NextHopTable) -> Ways {
    let mut hops: Vec<Hop> = Vec::new();
    for member in members {
        hops.extend(next_hops.hops(member.next_hop).iter().map(|hop| Hop {
            gateway: hop.gateway,
            interface: hop.interface,
            weight: member.weight,
        }));
    }
    hops.sort_unstable();
    // Next hops whose ways meet share one.
    hops.dedup_by(|next, first| {
        let same = (next.gateway, next.interface) == (first.gateway, first.interface);
        if same {
            first.weight = first.weight.saturating_add(next.weight);
        }
        same
    });
    let divisor = hops.iter().fold(0, |divisor, hop| gcd(divisor, hop.weight));
    hops.iter_mut().for_each(|hop| hop.weight /= divisor.max(1));
    if hops.is_empty() { Ways::Blackhole } else { Ways::Hops(hops) }
}

/// What routes do with groups.
impl Groups {
    /// The group of these next hops, which stand in the order of their values. `None` where no number is left.
    pub fn intern(&mut self, members: &[Member], next_hops: &mut NextHopTable) -> Option<GroupId> {
        if let Some(&id) = self.index.get(members) {
            return Some(GroupId(id));
        }
        let id = self.free_place()?;
        members.iter().for_each(|member| next_hops.hold(member.next_hop));
        let ways = lead(members, next_hops);
        let members: Box<[Member]> = members.into();
        self.index.insert(members.clone(), id);
        let group = Group {
            members,
            references: 0,
            ways,
            told: None,
            told_in: 0,
            versions: Vec::new(),
            retired: false,
            refusal: None,
        };
        self.places[id as usize] = Some(group);
        self.unused.insert(id);
        self.digest.add(u64::from(id) << 8 ^ 1);
        Some(GroupId(id))
    }

    /// Where no group was made yet, numbers begin above this one: the lower ones may be a former router's.
    pub(super) fn begin_above(&mut self, highest: Option<GroupId>) {
        let Some(highest) = highest.filter(|id| id.0 + 1 < GroupId::LIMIT && self.places.is_empty()) else {
            return;
        };
        self.places.resize_with(highest.0 as usize + 1, || None);
        self.digest.add(u64::from(highest.0) << 8 ^ 7);
    }

    /// A number that is nobody's.
    fn free_place(&mut self) -> Option<u32> {
        loop {
            let id = match self.free.pop() {
                Some(id) => id,
                None => {
                    let id = u32::try_from(self.places.len()).ok().filter(|&id| id < GroupId::LIMIT)?;
                    self.places.push(None);
                    id
                }
            };
            // A stray's number is free when it is removed.
            if !self.strays.contains(&id) {
                return Some(id);
            }
        }
    }

    /// Whether this group still stands for these next hops.
    #[must_use]
    pub fn is(&self, id: GroupId, members: &[Member]) -> bool {
        self.get(id).is_some_and(|group| !group.retired && *group.members == *members)
    }

    pub(super) fn hold(&mut self, id: GroupId) {
        if let Some(Some(group)) = self.places.get_mut(id.0 as usize) {
            if group.references == 0 {
                self.unused.remove(&id.0);
            }
            group.references += 1;
        }
    }

    pub(super) fn release(&mut self, id: GroupId) {
        if let Some(Some(group)) = self.places.get_mut(id.0 as usize) {
            group.references -= 1;
            if group.references == 0 {
                self.unused.insert(id.0);
            }
        }
    }

    /// The kernel's refusal of a group that it does not have.
    pub(super) fn refusal(&self, id: GroupId) -> Option<Refusal> {
        self.get(id).and_then(|group| group.refusal)
    }

    /// Whether the kernel must be told of it before a route may name it.
    pub(super) fn is_untold(&self, id: GroupId) -> bool {
        self.get(id).is_some_and(|group| group.told.is_none())
    }
}

/// What happens to groups.
impl Groups {
    /// These next hops lead elsewhere. They stand in the order of their places.
    pub fn follow(&mut self, next_hops: &NextHopTable, changed: &[NextHopId]) -> Routes {
        let mut routes = Routes::Stay;
        for id in 0..self.places.len() {
            let Some(group) = &mut self.places[id] else { continue };
            if !group.members.iter().any(|member| changed.binary_search(&member.next_hop).is_ok()) {
                continue;
            }
            group.ways = lead(&group.members, next_hops);
            let id = u32::try_from(id).unwrap_or(u32::MAX);
            routes = routes.or(self.note_move(id));
        }
        routes
    }

    /// A group's ways, or what the kernel knows of them, may have changed.
    fn note_move(&mut self, id: u32) -> Routes {
        let Some(Some(group)) = self.places.get(id as usize) else { return Routes::Stay };
        // What was refused may be accepted now, whatever it is that has changed.
        let differs = group.told.as_ref().is_some_and(|told| *told != group.ways || group.refusal.is_some());
        if !differs {
            return Routes::Stay;
        }
        if self.objects {
            self.moved.insert(id);
            return Routes::Stay;
        }
        self.retire(GroupId(id))
    }

    /// A link is down: the kernel has dropped the groups that have all their ways there, with their routes.
    pub fn link_lost(&mut self, link: IfIndex) -> Routes {
        let mut lost = Vec::new();
        for (id, place) in (0u32..).zip(&mut self.places) {
            let Some(group) = place else { continue };
            let mut is_lost = false;
            for (_, links) in &mut group.versions {
                let before = links.len();
                links.retain(|&other| other != link);
                is_lost |= links.is_empty() && before > 0;
            }
            if is_lost {
                lost.push(GroupId(id));
            }
        }
        lost.into_iter().fold(Routes::Stay, |routes, id| routes.or(self.retire(id)))
    }

    /// The kernel has lost this group and its routes.
    pub(super) fn lost(&mut self, id: GroupId) -> Routes {
        self.moved.remove(&id.0);
        self.retire(id)
    }

    /// The kernel has this group, with other ways than it was told.
    pub(super) fn astray(&mut self, id: GroupId) -> Routes {
        match self.get(id) {
            Some(group) if group.told.is_none() => Routes::Stay,
            Some(_) if self.objects => {
                self.moved.insert(id.0);
                Routes::Stay
            }
            Some(_) => self.retire(id),
            None => {
                self.stray(id);
                Routes::Stay
            }
        }
    }

    /// The kernel has a group of this number; if it is none of these it is somebody's of the past.
    pub(super) fn stray(&mut self, id: GroupId) {
        if id.0 < GroupId::LIMIT && self.get(id).is_none() {
            self.strays.insert(id.0);
        }
    }

    /// The group's routes are to leave it; who wants its next hops gets another.
    pub(super) fn retire(&mut self, id: GroupId) -> Routes {
        let Some(Some(group)) = self.places.get_mut(id.0 as usize) else { return Routes::Stay };
        if group.retired {
            return Routes::Stay;
        }
        group.retired = true;
        self.index.remove(&group.members);
        self.digest.add(u64::from(id.0) << 8 ^ 2);
        Routes::LookAgain
    }

    /// Whether the kernel moves groups from now on. Those that it knows as something else are retired.
    pub(super) fn set_means(&mut self, means: Means) -> Routes {
        let objects = means == Means::Objects;
        if self.objects == objects {
            return Routes::Stay;
        }
        self.objects = objects;
        self.moved.clear();
        let told: Vec<GroupId> =
            self.iter().filter(|(_, group)| group.told.is_some()).map(|(id, _)| id).collect();
        told.into_iter().fold(Routes::Stay, |routes, id| routes.or(self.retire(id)))
    }
}

/// What the kernel is told, and answers.
impl Groups {
    /// The next group that has moved.
    pub(super) fn next_moved(&self) -> Option<GroupId> {
        self.moved.first().copied().map(GroupId)
    }

    /// Where the group leads, which is told in this batch.
    pub(super) fn tell(&mut self, id: GroupId, batch: u64) -> Ways {
        self.moved.remove(&id.0);
        let Some(Some(group)) = self.places.get_mut(id.0 as usize) else { return Ways::Blackhole };
        let mut links: Vec<IfIndex> = match &group.ways {
            Ways::Hops(hops) => hops.iter().map(|hop| hop.interface).collect(),
            Ways::Blackhole => Vec::new(),
        };
        links.sort_unstable();
        links.dedup();
        group.versions.push((batch, links));
        group.told = Some(group.ways.clone());
        group.told_in = batch;
        self.digest.add(u64::from(id.0) << 8 ^ 3);
        group.ways.clone()
    }

    /// The kernel took what this batch said of a group.
    pub(super) fn accepted(&mut self, id: GroupId, batch: u64) -> Routes {
        let Some(Some(group)) = self.places.get_mut(id.0 as usize) else { return Routes::Stay };
        group.versions.retain(|&(version, _)| version >= batch);
        if group.told_in != batch {
            return Routes::Stay;
        }
        match group.refusal.take() {
            Some(refusal) => {
                self.retries.remove(&(refusal.due, id.0));
                self.digest.add(u64::from(id.0) << 8 ^ 4);
                Routes::LookAgain
            }
            None => Routes::Stay,
        }
    }

    /// A former writer never said what became of it. What it had refused is tried again.
    pub(super) fn unanswered(&mut self, id: GroupId) -> Routes {
        if self.get(id).is_some_and(|group| group.refusal.is_some()) {
            self.moved.insert(id.0);
        }
        Routes::Stay
    }

    /// The kernel refused it.
    pub(super) fn refused(&mut self, id: GroupId, batch: u64, (errno, now): (i32, Instant)) -> Routes {
        let Some(Some(group)) = self.places.get_mut(id.0 as usize) else { return Routes::Stay };
        group.versions.retain(|&(version, _)| version != batch);
        if errno == NO_SUCH_GROUP {
            // It should have moved, and is gone with all its routes.
            return self.lost(id);
        }
        if group.told_in != batch {
            return Routes::Stay;
        }
        if let Some(former) = group.refusal {
            self.retries.remove(&(former.due, id.0));
        }
        let refusal = Refusal::after(group.refusal, errno, now);
        group.refusal = Some(refusal);
        self.retries.insert((refusal.due, id.0));
        self.digest.add(u64::from(id.0) << 8 ^ 5);
        Routes::Stay
    }

    /// Has those told again whose time has come.
    pub(super) fn retry(&mut self, now: Instant) {
        while let Some(&(due, id)) = self.retries.first().filter(|(due, _)| *due <= now) {
            self.retries.remove(&(due, id));
            self.moved.insert(id);
        }
    }

    /// Frees the next group that no route names. True if the kernel must be told that it is gone.
    pub(super) fn free_unused(&mut self, next_hops: &mut NextHopTable) -> Option<(GroupId, Known)> {
        let id = self.unused.pop_first()?;
        let group = self.places.get_mut(id as usize)?.take()?;
        if !group.retired {
            self.index.remove(&group.members);
        }
        if let Some(refusal) = group.refusal {
            self.retries.remove(&(refusal.due, id));
        }
        self.moved.remove(&id);
        group.members.iter().for_each(|member| next_hops.release(member.next_hop));
        self.free.push(id);
        self.digest.add(u64::from(id) << 8 ^ 6);
        Some((GroupId(id), if group.told.is_some() { Known::Yes } else { Known::No }))
    }

    /// Frees the next stray's number.
    pub(super) fn free_stray(&mut self) -> Option<GroupId> {
        let id = self.strays.pop_first()?;
        let has_place = (id as usize) < self.places.len();
        if has_place && !self.free.contains(&id) {
            self.free.push(id);
        }
        Some(GroupId(id))
    }
}

/// Whether the kernel was ever told of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    Yes,
    No,
}

/// Reading.
impl Groups {
    /// The group of this number.
    #[must_use]
    pub fn get(&self, id: GroupId) -> Option<&Group> {
        self.places.get(id.0 as usize)?.as_ref()
    }

    /// Every group, by number.
    pub fn iter(&self) -> impl Iterator<Item = (GroupId, &Group)> {
        (0u32..).zip(&self.places).filter_map(|(id, group)| group.as_ref().map(|group| (GroupId(id), group)))
    }

    /// Whether the kernel has objects for groups, as its writer says.
    #[must_use]
    pub const fn has_objects(&self) -> bool {
        self.objects
    }

    /// Groups of the past that are still in the kernel.
    pub fn strays(&self) -> impl Iterator<Item = GroupId> {
        self.strays.iter().copied().map(GroupId)
    }
}
