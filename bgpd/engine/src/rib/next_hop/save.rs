//! The next hops in a snapshot: every place, as the places name them, and the routes outside of BGP. Where the next
//! hops lead is looked up anew; what was known of each says whether that came out as it was.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::{Entry, NextHopId, NextHopKey, NextHopTable, OutsideRoutes, Reach, own};
use crate::value::octets::{Damaged, Octets, Part};

/// The next hops as they are saved. The index is made anew.
#[derive(Debug, Serialize, Deserialize)]
pub struct SavedNextHops<'a> {
    entries: Vec<SavedEntry>,
    #[serde(borrow)]
    free: Octets<'a>,
    routes: Part<'a, OutsideRoutes>,
}

#[derive(Debug, Serialize, Deserialize)]
struct SavedEntry {
    key: Option<NextHopKey>,
    reach: Reach,
    references: u32,
    #[serde(default)]
    since_s: u32,
}

impl NextHopTable {
    /// The next hops as they are saved.
    pub fn save(&self) -> SavedNextHops<'_> {
        let saved = |entry: &Entry| SavedEntry {
            key: entry.key,
            reach: entry.found.reach,
            references: entry.references,
            since_s: entry.since_s,
        };
        SavedNextHops {
            entries: self.entries.iter().map(saved).collect(),
            free: Octets::column(|| self.free.iter().copied()),
            routes: Part::Lent(&self.routes),
        }
    }

    /// The next hops that were saved; `used` are those of all attribute sets.
    pub fn restore(
        saved: SavedNextHops<'_>,
        used: impl Iterator<Item = NextHopId>,
    ) -> Result<NextHopTable, Damaged> {
        let mut table = NextHopTable {
            free: saved.free.numbers()?.collect(),
            entries: Vec::with_capacity(saved.entries.len()),
            routes: saved.routes.own()?,
            ..NextHopTable::default()
        };
        if !table.routes.recount() {
            return Err(Damaged("the routes outside of BGP are in disorder"));
        }
        let own = saved.entries.first().ok_or(Damaged("the own next hop is missing"))?;
        if own.key.is_some() || own.reach != (Reach { metric: Some(0), connected: true }) {
            return Err(Damaged("the own next hop is another's"));
        }
        for entry in saved.entries {
            table.restore_entry(&entry)?;
        }
        table.restore_index()?;
        let mut counts = alloc::vec![0u32; table.entries.len()];
        for id in used {
            let count = counts.get_mut(id.0 as usize);
            *count.ok_or(Damaged("attributes have a next hop that is not there"))? += 1;
        }
        let others = table.entries.iter().zip(&counts).skip(1);
        let fits = |(entry, &count): (&Entry, &u32)| {
            entry.references >= count
                && entry.references < u32::MAX / 2
                && (count == 0 || entry.key.is_some())
        };
        if others.into_iter().all(fits) {
            Ok(table)
        } else {
            Err(Damaged("a next hop is referred to wrongly"))
        }
    }

    fn restore_entry(&mut self, saved: &SavedEntry) -> Result<(), Damaged> {
        let id = NextHopId(u32::try_from(self.entries.len()).map_err(|_| Damaged("too many next hops"))?);
        let found = saved.key.map_or_else(own, |key| self.routes.resolve(key));
        if saved.key.is_some() && found.reach != saved.reach {
            return Err(Damaged("a next hop is not where the routes lead"));
        }
        self.lookups.extend(found.looked_up.iter().map(|&address| (address, id)));
        self.entries.push(Entry {
            key: saved.key,
            references: saved.references,
            found,
            since_s: saved.since_s,
        });
        Ok(())
    }

    fn restore_index(&mut self) -> Result<(), Damaged> {
        for (id, entry) in (0u32..).zip(&self.entries) {
            if let Some(key) = entry.key
                && self.index.insert(key, id).is_some()
            {
                return Err(Damaged("a next hop stands twice"));
            }
        }
        let mut free = alloc::vec![false; self.entries.len()];
        for &id in &self.free {
            let is_free = id > 0 && self.entries.get(id as usize).is_some_and(|entry| entry.key.is_none());
            if !is_free || core::mem::replace(&mut free[id as usize], true) {
                return Err(Damaged("a free place for a next hop is not free"));
            }
        }
        Ok(())
    }
}
