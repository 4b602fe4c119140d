//! The store in a snapshot: every place, free or not, as the places name the sets.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::{AttrId, AttrStore, Index, NextHopId, Stored, derived, spread};
use crate::attr::PathAttributes;
use crate::value::Digest;
use crate::value::octets::{Damaged, Octets, put_short};

/// The store as it is saved. The index is made anew.
#[derive(Debug, Serialize, Deserialize)]
pub struct SavedAttrs<'a> {
    #[serde(borrow)]
    references: Octets<'a>,
    #[serde(borrow)]
    next_hops: Octets<'a>,
    /// Each set with its length before it; nothing but the length for a free place.
    #[serde(borrow)]
    sets: Octets<'a>,
    #[serde(borrow)]
    free: Octets<'a>,
}

/// Counts who has which set, while the tables are restored.
#[derive(Debug)]
pub struct Holders {
    counts: Vec<u32>,
    live: Vec<bool>,
}

impl Holders {
    /// Nobody has anything yet; a set stands at each place that is `live`.
    pub(in crate::rib) fn of(live: Vec<bool>) -> Self {
        Holders { counts: alloc::vec![0; live.len()], live }
    }

    /// One more has the set at this place. The set must be there.
    pub fn hold(&mut self, place: u32) -> Result<AttrId, Damaged> {
        let at = place as usize;
        if !self.live.get(at).is_some_and(|live| *live) {
            return Err(Damaged("a path names attributes that are not there"));
        }
        self.counts[at] += 1;
        Ok(AttrId(place))
    }
}

impl Holders {
    /// The set of this name, which must be there; nobody is counted as its holder.
    pub fn known(&self, place: u32) -> Result<AttrId, Damaged> {
        let live = self.live.get(place as usize).copied().unwrap_or(false);
        if live { Ok(AttrId::at(place)) } else { Err(Damaged("attributes are named that are not there")) }
    }
}

impl AttrStore {
    /// The store as it is saved.
    pub fn save(&self) -> SavedAttrs<'_> {
        SavedAttrs {
            references: Octets::column(|| self.slots.iter().map(|slot| slot.references)),
            next_hops: Octets::column(|| self.slots.iter().map(|slot| slot.next_hop.index())),
            sets: Octets::made(|out| {
                let mut set = Vec::new();
                for slot in self.slots.iter() {
                    set.clear();
                    slot.attributes.save(&mut set);
                    put_short(set.len(), out);
                    out.extend_from_slice(&set);
                }
            }),
            free: Octets::column(|| self.free.iter().copied()),
        }
    }

    /// The store that was saved, and who is to count its holders.
    pub fn restore(saved: &SavedAttrs<'_>, seed: u64) -> Result<(AttrStore, Holders), Damaged> {
        let mut store = AttrStore::new(seed);
        let references = saved.references.numbers::<u32>()?;
        let next_hops = saved.next_hops.numbers::<u32>()?;
        let mut sets = saved.sets.cut();
        if references.len() != next_hops.len() {
            return Err(Damaged("attributes and next hops are not as many"));
        }
        store.index = Index::with_room(references.len());
        let mut live = Vec::with_capacity(references.len());
        for (references, next_hop) in references.zip(next_hops) {
            let len = sets.short()?;
            let attributes = PathAttributes::restore(sets.octets(len)?)?;
            store.put_back(attributes, references, NextHopId::at(next_hop))?;
            live.push(references > 0);
        }
        store.free = saved.free.numbers()?.collect();
        let mut free = live.clone();
        for &place in &store.free {
            match free.get_mut(place as usize) {
                Some(taken) if !*taken => *taken = true,
                Some(_) | None => return Err(Damaged("a free place for attributes is not free")),
            }
        }
        if free.contains(&false) {
            return Err(Damaged("a place for attributes is neither free nor taken"));
        }
        Ok((store, Holders::of(live)))
    }

    fn put_back(
        &mut self,
        attributes: PathAttributes,
        references: u32,
        next_hop: NextHopId,
    ) -> Result<(), Damaged> {
        // Room for every reference that may yet come.
        if references > u32::MAX / 2 {
            return Err(Damaged("attributes are referred to too often"));
        }
        let (neighbor_as, hops) = derived(&attributes);
        let hash = if references > 0 { self.hash(&attributes) } else { 0 };
        let place = u32::try_from(self.slots.len()).map_err(|_| Damaged("there are too many attributes"))?;
        self.slots.push(Stored { next_hop, neighbor_as, hops, attributes, references, hash });
        if references > 0 {
            let slots = &self.slots;
            self.index.insert(spread(hash), place, |id| spread(slots[id as usize].hash));
        }
        Ok(())
    }

    /// Checks that every set is referred to at least as often as holders were counted: then none goes while
    /// somebody has it.
    pub fn check(&self, holders: &Holders) -> Result<(), Damaged> {
        let fits = self.slots.iter().zip(&holders.counts).all(|(slot, &count)| slot.references >= count);
        if fits { Ok(()) } else { Err(Damaged("attributes have more holders than references")) }
    }

    /// Puts in how many sets there are and which place is taken next.
    pub fn digest(&self, digest: &mut Digest) {
        digest.add((self.slots.len() as u64) << 32 ^ self.free.len() as u64);
        digest.add(self.free.last().copied().map_or(0, u64::from));
    }

    /// The next hop of every set that is there.
    pub fn next_hops(&self) -> impl Iterator<Item = NextHopId> {
        self.slots.iter().filter(|slot| slot.references > 0).map(|slot| slot.next_hop)
    }
}
