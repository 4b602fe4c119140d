//! Which single hops the kernel has for our groups, under which numbers. Pure.
//!
//! A single hop is there as long as a group names it, once however many name it. Its number is this module's own
//! business: nobody else may rely on it, and after a takeover it is learned from the kernel's objects.

use std::collections::{BTreeMap, BTreeSet};

use crate::change::{GroupId, Ways};
use crate::dump::Objects;
use crate::netlink::next_hop::Exit;
use crate::settings::{Object, Settings};

/// One of a group's hops: its number and its weight.
pub(super) type Part = (u32, u8);

/// Groups and the single hops that they name.
#[derive(Debug, Default)]
pub(super) struct Hops {
    numbers: BTreeMap<Exit, u32>,
    hops: BTreeMap<u32, Hop>,
    /// By the groups' numbers, which are small.
    groups: Vec<Option<Vec<Part>>>,
    /// Numbers of hops and groups that somebody else has.
    taken_hops: BTreeSet<u32>,
    taken_groups: BTreeSet<GroupId>,
    /// Where the search for a free number begins: a number that became free rests for a while.
    next: u32,
}

#[derive(Debug)]
struct Hop {
    exit: Exit,
    /// How many groups name it.
    named: usize,
}

/// What a group is to have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entered {
    pub(super) parts: Vec<Part>,
    /// Those that the kernel does not have yet.
    pub(super) fresh: Vec<u32>,
}

impl Hops {
    /// What the kernel has.
    pub(super) fn adopt(settings: &Settings, objects: &Objects) -> Hops {
        let mut hops = Hops::default();
        for (number, exit) in &objects.hops {
            hops.hops.insert(*number, Hop { exit: *exit, named: 0 });
            hops.numbers.entry(*exit).or_insert(*number);
        }
        for (group, parts) in &objects.groups {
            for (number, _) in parts {
                if let Some(hop) = hops.hops.get_mut(number) {
                    hop.named += 1;
                }
            }
            *hops.slot(*group) = Some(parts.clone());
        }
        for id in &objects.taken {
            match settings.object(*id) {
                Some(Object::Group(group)) => _ = hops.taken_groups.insert(group),
                Some(Object::Hop(number)) => _ = hops.taken_hops.insert(number),
                None => {}
            }
        }
        hops
    }

    pub(super) fn has(&self, group: GroupId) -> bool {
        self.groups.get(group.0 as usize).is_some_and(Option::is_some)
    }

    /// Whether somebody else has the group's id.
    pub(super) fn is_taken(&self, group: GroupId) -> bool {
        self.taken_groups.contains(&group)
    }

    /// The groups that the kernel has, as far as is known.
    pub(super) fn groups(&self) -> impl DoubleEndedIterator<Item = GroupId> + '_ {
        let known = self.groups.iter().enumerate().filter(|(_, parts)| parts.is_some());
        known.filter_map(|(number, _)| u32::try_from(number).ok().map(GroupId))
    }

    pub(super) fn exit(&self, number: u32) -> Option<Exit> {
        self.hops.get(&number).map(|hop| hop.exit)
    }

    /// Counts what `ways` needs as named once more; `None` where there are too many.
    pub(super) fn enter(&mut self, ways: &Ways) -> Option<Entered> {
        let exits: Vec<(Exit, u8)> = match ways.merged() {
            Ways::Blackhole => vec![(Exit::Blackhole, 1)],
            Ways::Hops(hops) => hops
                .into_iter()
                .map(|hop| (Exit::Via { gateway: hop.gateway, interface: hop.interface }, hop.weight))
                .collect(),
        };
        let mut entered = Entered { parts: Vec::with_capacity(exits.len()), fresh: Vec::new() };
        for (exit, weight) in exits {
            let known = self.numbers.get(&exit).copied();
            let Some(number) = known.or_else(|| self.free_number()) else {
                self.leave(&entered.parts);
                return None;
            };
            if known.is_none() {
                self.numbers.insert(exit, number);
                self.hops.insert(number, Hop { exit, named: 0 });
                entered.fresh.push(number);
            }
            if let Some(hop) = self.hops.get_mut(&number) {
                hop.named += 1;
            }
            entered.parts.push((number, weight));
        }
        Some(entered)
    }

    /// Counts these as named once less, and gives those that no group names any more: they are forgotten.
    pub(super) fn leave(&mut self, parts: &[Part]) -> Vec<u32> {
        let mut released = Vec::new();
        for (number, _) in parts {
            let Some(hop) = self.hops.get_mut(number) else { continue };
            hop.named = hop.named.saturating_sub(1);
            if hop.named == 0 {
                released.push(*number);
            }
        }
        for number in &released {
            self.forget(*number);
        }
        released
    }

    /// The kernel has the group with these parts; gives the single hops that no group names any more.
    pub(super) fn set(&mut self, group: GroupId, parts: Vec<Part>) -> Vec<u32> {
        let old = self.slot(group).replace(parts);
        old.map(|old| self.leave(&old)).unwrap_or_default()
    }

    /// The group is gone; gives the single hops that no group names any more.
    pub(super) fn remove(&mut self, group: GroupId) -> Vec<u32> {
        let old = self.groups.get_mut(group.0 as usize).and_then(Option::take);
        old.map(|old| self.leave(&old)).unwrap_or_default()
    }

    /// How many groups name a hop.
    pub(super) fn named(&self, number: u32) -> usize {
        self.hops.get(&number).map_or(0, |hop| hop.named)
    }

    /// What is left of a group and what it loses, if with these ways it only loses hops and has one left.
    pub(super) fn shrunk(&self, group: GroupId, ways: &Ways) -> Option<(Vec<Part>, Vec<u32>)> {
        let parts = self.groups.get(group.0 as usize)?.as_ref()?;
        let Ways::Hops(wanted) = ways.merged() else { return None };
        let mut kept = Vec::with_capacity(wanted.len());
        for hop in &wanted {
            let exit = Exit::Via { gateway: hop.gateway, interface: hop.interface };
            let part = (*self.numbers.get(&exit)?, hop.weight);
            kept.push(*parts.iter().find(|known| **known == part)?);
        }
        let lost = parts.iter().filter(|part| !kept.contains(part)).map(|(number, _)| *number);
        let lost: Vec<u32> = lost.collect();
        (!lost.is_empty() && !kept.is_empty()).then_some((kept, lost))
    }

    /// The kernel has taken a hop out of all groups.
    pub(super) fn lose(&mut self, number: u32) {
        for parts in self.groups.iter_mut().flatten() {
            parts.retain(|(known, _)| *known != number);
        }
        self.forget(number);
    }

    /// The single hops that no group names; they are forgotten.
    pub(super) fn sweep(&mut self) -> Vec<u32> {
        let unnamed = self.hops.iter().filter(|(_, hop)| hop.named == 0);
        let unnamed: Vec<u32> = unnamed.map(|(number, _)| *number).collect();
        for number in &unnamed {
            self.forget(*number);
        }
        unnamed
    }

    /// Somebody else has the hop's id: it is not used again.
    pub(super) fn avoid(&mut self, number: u32) {
        self.taken_hops.insert(number);
    }

    fn forget(&mut self, number: u32) {
        let Some(hop) = self.hops.remove(&number) else { return };
        if self.numbers.get(&hop.exit) == Some(&number) {
            self.numbers.remove(&hop.exit);
        }
    }

    fn slot(&mut self, group: GroupId) -> &mut Option<Vec<Part>> {
        let place = group.0 as usize;
        if self.groups.len() <= place {
            self.groups.resize(place + 1, None);
        }
        &mut self.groups[place]
    }

    fn free_number(&mut self) -> Option<u32> {
        for _ in 0..Settings::MOST {
            let number = self.next;
            self.next = (self.next + 1) % Settings::MOST;
            if !self.hops.contains_key(&number) && !self.taken_hops.contains(&number) {
                return Some(number);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change;

    fn ways(last: &[u8]) -> Ways {
        let hop = |n: &u8| change::Hop { gateway: Some([192, 0, 2, *n].into()), interface: 3, weight: 1 };
        Ways::Hops(last.iter().map(hop).collect())
    }

    fn put(hops: &mut Hops, group: u32, last: &[u8]) -> (Vec<u32>, Vec<u32>) {
        let entered = hops.enter(&ways(last)).unwrap();
        let released = hops.set(GroupId(group), entered.parts);
        (entered.fresh, released)
    }

    #[test]
    fn a_hop_is_there_while_a_group_names_it() {
        let mut hops = Hops::default();
        assert_eq!(put(&mut hops, 0, &[1, 2]), (vec![0, 1], vec![]));
        assert_eq!(put(&mut hops, 1, &[2, 3]), (vec![2], vec![]));
        assert_eq!(put(&mut hops, 0, &[3]), (vec![], vec![0]));
        assert_eq!(hops.remove(GroupId(1)), [1]);
        assert_eq!(hops.groups().collect::<Vec<_>>(), [GroupId(0)]);
        assert_eq!(hops.remove(GroupId(0)), [2]);
        assert_eq!(hops.remove(GroupId(0)), [0; 0]);
        assert!(hops.hops.is_empty() && hops.numbers.is_empty());
    }

    #[test]
    fn what_was_refused_leaves_nothing_behind() {
        let mut hops = Hops::default();
        put(&mut hops, 0, &[1]);
        let entered = hops.enter(&ways(&[1, 2])).unwrap();
        assert_eq!(entered.fresh, [1]);
        assert_eq!(hops.leave(&entered.parts), [1]);
        assert_eq!(hops.hops.len(), 1);
    }

    #[test]
    fn after_a_takeover_hops_keep_their_numbers() {
        let exit = |n: u8| Exit::Via { gateway: Some([192, 0, 2, n].into()), interface: 3 };
        let mut objects = Objects::default();
        objects.hops.extend([(7, exit(1)), (9, exit(2))]);
        objects.groups.insert(GroupId(4), vec![(7, 1)]);
        let settings = Settings::default();
        objects.taken.extend([settings.hop_object(0), settings.group_object(GroupId(5)).unwrap()]);
        let mut hops = Hops::adopt(&settings, &objects);
        assert!(hops.has(GroupId(4)) && !hops.has(GroupId(3)) && hops.is_taken(GroupId(5)));
        let entered = hops.enter(&ways(&[1, 3])).unwrap();
        assert_eq!(entered, Entered { parts: vec![(7, 1), (1, 1)], fresh: vec![1] }, "0 is somebody else's");
        hops.set(GroupId(6), entered.parts);
        assert_eq!(hops.sweep(), [9]);
        assert_eq!(hops.remove(GroupId(4)), [0; 0]);
        assert_eq!(hops.remove(GroupId(6)), [7, 1]);
    }
}
