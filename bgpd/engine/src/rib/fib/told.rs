//! What the kernel was told of one family's routes: four octets a route, and what is not as usual.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::Refusal;
use super::groups::Groups;
use crate::rib::change_log::Version;
use crate::rib::table::{RouteId, Table};
use crate::value::{Digest, GroupId, Instant, Net};

/// The bits of a slot that hold the group's number.
const GROUP: u32 = (1 << 30) - 1;

/// How things stand with what the kernel was told of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// It has nothing of ours to this prefix.
    Nothing,
    /// It was told, and has not answered.
    Asked,
    /// It has the route.
    Installed,
    /// It refused it. It may have what it had before.
    Refused,
}

/// What the kernel was told of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// The group that the route leads through; `None` where it is told that the route is gone.
    pub group: Option<GroupId>,
    /// What came of it.
    pub standing: Standing,
}

impl Slot {
    /// Nothing was told.
    pub const NOTHING: Slot = Slot { group: None, standing: Standing::Nothing };

    pub(super) fn packed(self) -> u32 {
        (self.standing as u32) << 30 | self.group.map_or(GROUP, |group| group.0)
    }

    pub(super) const fn unpacked(word: u32) -> Slot {
        let standing = match word >> 30 {
            0 => Standing::Nothing,
            1 => Standing::Asked,
            2 => Standing::Installed,
            _ => Standing::Refused,
        };
        let group = if word & GROUP == GROUP { None } else { Some(GroupId(word & GROUP)) };
        Slot { group, standing }
    }
}

/// What happened to a route while the kernel had not answered yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Meanwhile {
    /// It changed.
    Changed,
    /// The kernel lost it, or has it though it should not.
    Lost,
}

/// How many routes stand how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// The kernel has them.
    pub installed: u32,
    /// It was told of them and has not answered.
    pub asked: u32,
    /// It refused them.
    pub refused: u32,
    /// Changes of the table that were not looked at yet; at the most, as a route may have changed twice.
    pub queued: u64,
    /// Routes of the past that are kept until a restart is over.
    pub strays: u32,
}

/// What the kernel was told of a family's routes.
#[derive(Debug)]
pub struct Told<N> {
    /// By the route's place.
    pub(super) slots: Vec<u32>,
    pub(super) counts: [u32; 4],
    /// The next change of the table to look at.
    pub(super) cursor: Version,
    /// The next route to look at, where all are to be looked at again.
    pub(super) sweep: Option<u32>,
    /// Routes to be looked at again.
    pub(super) due: BTreeSet<u32>,
    /// Routes to be looked at again when the kernel has answered.
    pub(super) waiting: BTreeMap<u32, Meanwhile>,
    pub(super) refused: BTreeMap<u32, Refusal>,
    pub(super) retries: BTreeSet<(Instant, u32)>,
    /// Routes in the kernel that nobody told it of, or a former router did.
    pub(super) strays: BTreeSet<N>,
    /// Routes whose standing is another now: whoever waits for the kernel is to look at them. Empty between two steps.
    pub(super) news: Vec<u32>,
    pub(super) digest: Digest,
}

impl<N: Net> Told<N> {
    /// Nothing was told.
    #[must_use]
    pub(in crate::rib) fn new() -> Self {
        Told {
            slots: Vec::new(),
            counts: [0; 4],
            cursor: 0,
            sweep: None,
            due: BTreeSet::new(),
            waiting: BTreeMap::new(),
            refused: BTreeMap::new(),
            retries: BTreeSet::new(),
            strays: BTreeSet::new(),
            news: Vec::new(),
            digest: Digest::default(),
        }
    }

    /// What the kernel was told of a route.
    #[must_use]
    pub fn slot(&self, route: RouteId) -> Slot {
        self.slots.get(route.0 as usize).map_or(Slot::NOTHING, |&word| Slot::unpacked(word))
    }

    /// Whether the route's place must be kept: the kernel has something of it, or may have.
    #[must_use]
    pub fn holds(&self, route: RouteId) -> bool {
        self.slot(route).standing != Standing::Nothing
    }

    /// Whether it is about to be looked at again.
    #[must_use]
    pub fn is_due(&self, route: RouteId) -> bool {
        self.due.contains(&route.0)
    }

    /// The kernel's refusal of a route, where it refused this one and not its group.
    #[must_use]
    pub fn refusal(&self, route: RouteId) -> Option<Refusal> {
        self.refused.get(&route.0).copied()
    }

    /// The routes that the kernel refused for themselves, by place.
    pub fn refusals(&self) -> impl Iterator<Item = (RouteId, Refusal)> {
        self.refused.iter().map(|(&route, &refusal)| (RouteId(route), refusal))
    }

    /// Up to where the table's changes were looked at.
    #[must_use]
    pub fn cursor(&self) -> Version {
        self.cursor
    }

    /// How many routes stand how.
    #[must_use]
    pub fn counts(&self, table: &Table<N>) -> Counts {
        let of = |standing: Standing| self.counts[standing as usize];
        Counts {
            installed: of(Standing::Installed),
            asked: of(Standing::Asked),
            refused: of(Standing::Refused),
            queued: table.end().saturating_sub(self.cursor) + self.due.len() as u64,
            strays: u32::try_from(self.strays.len()).unwrap_or(u32::MAX),
        }
    }

    /// The strays, in order.
    pub fn strays(&self) -> impl Iterator<Item = N> {
        self.strays.iter().copied()
    }

    /// Every route is to be looked at again, in slices.
    pub(in crate::rib) fn sweep(&mut self) {
        self.sweep = Some(0);
    }

    /// This route is to be looked at again.
    pub(in crate::rib) fn look_again(&mut self, route: RouteId) {
        self.due.insert(route.0);
    }

    /// Notes what the kernel is told of a route, or what came of it.
    pub(super) fn set(&mut self, route: u32, slot: Slot, groups: &mut Groups) {
        let at = route as usize;
        if self.slots.len() <= at {
            self.slots.resize(at + 1, Slot::NOTHING.packed());
        }
        let word = slot.packed();
        let former = Slot::unpacked(core::mem::replace(&mut self.slots[at], word));
        if former.group != slot.group {
            if let Some(group) = slot.group {
                groups.hold(group);
            }
            if let Some(group) = former.group {
                groups.release(group);
            }
        }
        self.counts[former.standing as usize] = self.counts[former.standing as usize].saturating_sub(1);
        self.counts[slot.standing as usize] += 1;
        self.digest.add(u64::from(route) << 32 | u64::from(word));
        if slot.standing != Standing::Asked {
            self.news.push(route);
        }
    }

    /// The kernel took what it was told of a route.
    pub(super) fn accepted(&mut self, route: u32, groups: &mut Groups) {
        let slot = self.slot(RouteId(route));
        if slot.standing != Standing::Asked {
            return;
        }
        self.forgive(route);
        let standing = if slot.group.is_some() { Standing::Installed } else { Standing::Nothing };
        self.set(route, Slot { standing, ..slot }, groups);
        self.look_if_changed(route, groups);
    }

    /// The kernel refused it.
    pub(super) fn refuse(&mut self, route: u32, errno: i32, now: Instant, groups: &mut Groups) {
        let slot = self.slot(RouteId(route));
        if slot.standing != Standing::Asked {
            return;
        }
        let former = self.refusal(RouteId(route));
        self.forgive(route);
        // Where the group was refused its routes are tried again with it, not one by one.
        if slot.group.is_none_or(|group| groups.refusal(group).is_none()) {
            let refusal = Refusal::after(former, errno, now);
            self.refused.insert(route, refusal);
            self.retries.insert((refusal.due, route));
        }
        self.set(route, Slot { standing: Standing::Refused, ..slot }, groups);
        self.look_if_changed(route, groups);
    }

    fn look_if_changed(&mut self, route: u32, groups: &mut Groups) {
        match self.waiting.remove(&route) {
            Some(Meanwhile::Lost) => {
                self.set(route, Slot::NOTHING, groups);
                self.forgive(route);
                self.due.insert(route);
            }
            Some(Meanwhile::Changed) => {
                self.due.insert(route);
            }
            None => {}
        }
    }

    /// Forgets that the kernel refused a route.
    pub(super) fn forgive(&mut self, route: u32) {
        if self.refused.is_empty() {
            return;
        }
        if let Some(refusal) = self.refused.remove(&route) {
            self.retries.remove(&(refusal.due, route));
        }
    }

    /// The kernel has not what it was told of a route.
    pub(super) fn lost(&mut self, route: u32, groups: &mut Groups) {
        match self.slot(RouteId(route)).standing {
            // What is on its way may have come before the loss, or after.
            Standing::Asked => {
                self.waiting.insert(route, Meanwhile::Lost);
            }
            Standing::Nothing => {}
            Standing::Installed | Standing::Refused => {
                self.forgive(route);
                self.set(route, Slot::NOTHING, groups);
                // It is only on its way back: who waits for the kernel is told what comes of that.
                self.news.pop();
                self.due.insert(route);
            }
        }
    }

    /// Has those looked at again whose time has come.
    pub(super) fn retry(&mut self, now: Instant) {
        while let Some(&(due, route)) = self.retries.first().filter(|(due, _)| *due <= now) {
            self.retries.remove(&(due, route));
            self.due.insert(route);
        }
    }

    /// Puts in what tells two of them apart.
    pub fn digest(&self, digest: &mut Digest) {
        digest.add(self.digest.value());
        digest.add(self.cursor);
        digest.add(self.sweep.map_or(0, |at| u64::from(at) + 1));
        digest.add((self.due.len() as u64) << 32 ^ self.waiting.len() as u64);
        digest.add((self.refused.len() as u64) << 32 ^ self.strays.len() as u64);
    }
}
