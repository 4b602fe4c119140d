//! What the kernel was told, in a snapshot. References, the index and the counts are made anew.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::groups::{Group, Groups, Member};
use super::told::{Meanwhile, Slot, Told};
use super::{Ending, Fib, Given, Refusal, Subject, Writer};
use crate::rib::change_log::Version;
use crate::rib::next_hop::NextHopId;
use crate::rib::table::Table;
use crate::value::octets::{Cut, Damaged, Number, Octets};
use crate::value::{Digest, Family, GroupId, Instant, Net, Ways};

/// Batches' numbers stay below: room for every sum.
const MOST_BATCHES: u64 = 1 << 62;

/// What the kernel was told of a family's routes, as it is saved.
#[derive(Debug, Serialize, Deserialize)]
pub struct SavedTold<'a> {
    #[serde(borrow)]
    slots: Octets<'a>,
    cursor: Version,
    sweep: Option<u32>,
    #[serde(borrow)]
    due: Octets<'a>,
    #[serde(borrow)]
    changed: Octets<'a>,
    #[serde(borrow)]
    lost: Octets<'a>,
    refused: Vec<(u32, Refusal)>,
    #[serde(borrow)]
    retries: Octets<'a>,
    #[serde(borrow)]
    strays: Octets<'a>,
    digest: Digest,
}

impl<N: Net> Told<N> {
    /// As it is saved.
    pub fn save(&self) -> SavedTold<'_> {
        let waiting = move |what: Meanwhile| {
            let of = move |&(_, &meanwhile): &(&u32, &Meanwhile)| meanwhile == what;
            Octets::column(move || self.waiting.iter().filter(of).map(|(&route, _)| route))
        };
        SavedTold {
            slots: Octets::column(|| self.slots.iter().copied()),
            cursor: self.cursor,
            sweep: self.sweep,
            due: Octets::column(|| self.due.iter().copied()),
            changed: waiting(Meanwhile::Changed),
            lost: waiting(Meanwhile::Lost),
            refused: self.refused.iter().map(|(&route, &refusal)| (route, refusal)).collect(),
            retries: save_retries(&self.retries),
            strays: Octets::nets(|| self.strays.iter().copied()),
            digest: self.digest,
        }
    }

    /// What was saved of this table's routes; every group that one leads through is held.
    pub fn restore(saved: &SavedTold<'_>, table: &Table<N>, groups: &mut Groups) -> Result<Self, Damaged> {
        let mut told = Told::new();
        let places = table.places();
        let known = |route: u32| {
            if route < places {
                Ok(route)
            } else {
                Err(Damaged("the kernel was told of a route that is not there"))
            }
        };
        told.slots = saved.slots.numbers()?.collect();
        if told.slots.len() > places as usize || saved.cursor > table.end() {
            return Err(Damaged("the kernel was told more than there is"));
        }
        for &word in &told.slots {
            let slot = Slot::unpacked(word);
            told.counts[slot.standing as usize] += 1;
            if let Some(group) = slot.group {
                if groups.get(group).is_none() {
                    return Err(Damaged("a route leads through a group that is not there"));
                }
                groups.hold(group);
            }
        }
        told.cursor = saved.cursor;
        told.sweep = saved.sweep;
        told.due = saved.due.numbers()?.map(known).collect::<Result<_, _>>()?;
        for (routes, what) in [(&saved.changed, Meanwhile::Changed), (&saved.lost, Meanwhile::Lost)] {
            for route in routes.numbers()? {
                told.waiting.insert(known(route)?, what);
            }
        }
        for &(route, refusal) in &saved.refused {
            told.refused.insert(known(route)?, refusal);
        }
        for (due, route) in restore_retries(&saved.retries)? {
            told.retries.insert((due, known(route)?));
        }
        let mut strays = saved.strays.cut();
        while !strays.is_empty() {
            told.strays.insert(strays.net()?);
        }
        told.digest = saved.digest;
        Ok(told)
    }
}

fn save_retries(retries: &alloc::collections::BTreeSet<(Instant, u32)>) -> Octets<'_> {
    Octets::made(move |out| {
        for &(due, what) in retries {
            due.as_micros().put(out);
            what.put(out);
        }
    })
}

fn restore_retries(saved: &Octets<'_>) -> Result<Vec<(Instant, u32)>, Damaged> {
    let mut retries = Vec::new();
    let mut cut: Cut<'_> = saved.cut();
    while !cut.is_empty() {
        retries.push((Instant::from_micros(cut.number()?), cut.number()?));
    }
    Ok(retries)
}

/// The groups as they are saved.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SavedGroups<'a> {
    groups: Vec<SavedGroup>,
    places: u32,
    #[serde(borrow)]
    free: Octets<'a>,
    #[serde(borrow)]
    moved: Octets<'a>,
    #[serde(borrow)]
    strays: Octets<'a>,
    #[serde(borrow)]
    retries: Octets<'a>,
    objects: bool,
    digest: Digest,
}

#[derive(Debug, Serialize, Deserialize)]
struct SavedGroup {
    id: u32,
    members: Vec<(u32, u8)>,
    ways: Ways,
    told: Option<Ways>,
    told_in: u64,
    retired: bool,
    refusal: Option<Refusal>,
}

impl Groups {
    /// The groups as they are saved.
    pub fn save(&self) -> SavedGroups<'_> {
        let saved = |(id, group): (GroupId, &Group)| SavedGroup {
            id: id.0,
            members: group.members.iter().map(|member| (member.next_hop.index(), member.weight)).collect(),
            ways: group.ways.clone(),
            told: group.told.clone(),
            told_in: group.told_in,
            retired: group.retired,
            refusal: group.refusal,
        };
        SavedGroups {
            groups: self.iter().map(saved).collect(),
            places: u32::try_from(self.places.len()).unwrap_or(u32::MAX),
            free: Octets::column(|| self.free.iter().copied()),
            moved: Octets::column(|| self.moved.iter().copied()),
            strays: Octets::column(|| self.strays.iter().copied()),
            retries: save_retries(&self.retries),
            objects: self.objects,
            digest: self.digest,
        }
    }

    /// The groups that were saved. No route leads through them yet.
    pub fn restore(saved: SavedGroups<'_>) -> Result<Groups, Damaged> {
        let mut groups = Groups { objects: saved.objects, digest: saved.digest, ..Groups::default() };
        if saved.places > GroupId::LIMIT {
            return Err(Damaged("there are more groups than numbers"));
        }
        groups.places.resize_with(saved.places as usize, || None);
        for group in saved.groups {
            groups.restore_one(group)?;
        }
        let is = |id: u32, there: bool| {
            let place = groups.places.get(id as usize);
            place.is_some_and(|place| place.is_some() == there)
        };
        let free: Vec<u32> = saved.free.numbers()?.collect();
        let moved: Vec<u32> = saved.moved.numbers()?.collect();
        let retries = restore_retries(&saved.retries)?;
        let mut seen = alloc::vec![false; groups.places.len()];
        let fresh = |&id: &u32| is(id, false) && !core::mem::replace(&mut seen[id as usize], true);
        if !free.iter().all(fresh) {
            return Err(Damaged("a free number of a group is not free"));
        }
        if !moved.iter().chain(retries.iter().map(|(_, id)| id)).all(|&id| is(id, true)) {
            return Err(Damaged("a group that moves is not there"));
        }
        groups.free = free;
        groups.moved.extend(moved);
        groups.retries.extend(retries);
        for id in saved.strays.numbers::<u32>()? {
            if id >= GroupId::LIMIT || groups.get(GroupId(id)).is_some() {
                return Err(Damaged("a group is a stray and none"));
            }
            groups.strays.insert(id);
        }
        Ok(groups)
    }

    fn restore_one(&mut self, saved: SavedGroup) -> Result<(), Damaged> {
        let member = |(next_hop, weight)| Member { next_hop: NextHopId::at(next_hop), weight };
        let members: Vec<Member> = saved.members.into_iter().map(member).collect();
        let members = members.into_boxed_slice();
        if !saved.retired && self.index.insert(members.clone(), saved.id).is_some() {
            return Err(Damaged("two groups have the same next hops"));
        }
        let group = Group {
            members,
            references: 0,
            ways: saved.ways,
            told: saved.told,
            told_in: saved.told_in,
            retired: saved.retired,
            refusal: saved.refusal,
        };
        let place = self.places.get_mut(saved.id as usize).ok_or(Damaged("a group has no place"))?;
        if place.replace(group).is_some() {
            return Err(Damaged("two groups have one number"));
        }
        self.unused.insert(saved.id);
        Ok(())
    }

    /// Every next hop that a group holds a reference to.
    pub fn next_hops(&self) -> impl Iterator<Item = NextHopId> {
        let members = self.iter().flat_map(|(_, group)| group.members.iter());
        members.map(|member| member.next_hop).filter(|&next_hop| next_hop != NextHopId::OWN)
    }

    /// Puts in what tells two of them apart.
    pub fn digest(&self, digest: &mut Digest) {
        digest.add(self.digest.value());
        digest.add((self.moved.len() as u64) << 32 ^ self.unused.len() as u64);
        digest.add((self.strays.len() as u64) << 32 ^ self.free.len() as u64);
    }
}

/// Who writes, as it is saved.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SavedFib<'a> {
    writer: Writer,
    ending: Ending,
    number: u64,
    #[serde(borrow)]
    given: Vec<(u64, Octets<'a>)>,
    #[serde(borrow)]
    unknown: Octets<'a>,
}

impl Subject {
    fn put(self, out: &mut Vec<u8>) {
        let (kind, what) = match self {
            Subject::Route(Family::Ipv4Unicast, route) => (0u8, route),
            Subject::Route(Family::Ipv6Unicast, route) => (1, route),
            Subject::Group(id) => (2, id),
            Subject::Stray => (3, 0),
        };
        kind.put(out);
        what.put(out);
    }

    fn take(cut: &mut Cut<'_>, places: (u32, u32)) -> Result<Subject, Damaged> {
        let (kind, what): (u8, u32) = (cut.number()?, cut.number()?);
        match kind {
            0 if what < places.0 => Ok(Subject::Route(Family::Ipv4Unicast, what)),
            1 if what < places.1 => Ok(Subject::Route(Family::Ipv6Unicast, what)),
            2 => Ok(Subject::Group(what)),
            3 => Ok(Subject::Stray),
            _ => Err(Damaged("a batch speaks of what is not there")),
        }
    }
}

fn save_subjects(subjects: &[Subject]) -> Octets<'_> {
    Octets::made(move |out| subjects.iter().for_each(|subject| subject.put(out)))
}

fn restore_subjects(saved: &Octets<'_>, places: (u32, u32)) -> Result<Vec<Subject>, Damaged> {
    let mut cut = saved.cut();
    let mut subjects = Vec::new();
    while !cut.is_empty() {
        subjects.push(Subject::take(&mut cut, places)?);
    }
    Ok(subjects)
}

impl Fib {
    /// As it is saved.
    pub fn save(&self) -> SavedFib<'_> {
        SavedFib {
            writer: self.writer,
            ending: self.ending,
            number: self.number,
            given: self.given.iter().map(|given| (given.number, save_subjects(&given.subjects))).collect(),
            unknown: save_subjects(&self.unknown),
        }
    }

    /// Who wrote, and what was given. `places` are those of the families' routes.
    pub fn restore(saved: &SavedFib<'_>, places: (u32, u32)) -> Result<Fib, Damaged> {
        if saved.number >= MOST_BATCHES {
            return Err(Damaged("a batch's number cannot be"));
        }
        let given = saved.given.iter().map(|(number, subjects)| {
            Ok(Given { number: *number, subjects: restore_subjects(subjects, places)? })
        });
        Ok(Fib {
            writer: saved.writer,
            ending: saved.ending,
            number: saved.number,
            given: given.collect::<Result<_, Damaged>>()?,
            unknown: restore_subjects(&saved.unknown, places)?,
        })
    }

    /// Puts in what tells two of them apart.
    pub fn digest(&self, digest: &mut Digest) {
        digest.add(self.number << 4 ^ (self.writer as u64) << 2 ^ self.ending as u64);
        digest.add((self.given.len() as u64) << 32 ^ self.unknown.len() as u64);
    }
}
