//! The next hops in a snapshot: every place, as the places name them.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::{Entry, NextHopId, NextHopTable, OutsideRoutes, Reach};
use crate::value::octets::{Damaged, Octets, Part};

/// The next hops as they are saved. The index is made anew.
#[derive(Debug, Serialize, Deserialize)]
pub struct SavedNextHops<'a> {
    entries: Part<'a, Vec<Entry>>,
    #[serde(borrow)]
    free: Octets<'a>,
    routes: Part<'a, OutsideRoutes>,
}

impl NextHopTable {
    /// The next hops as they are saved.
    pub fn save(&self) -> SavedNextHops<'_> {
        SavedNextHops {
            entries: Part::Lent(&self.entries),
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
            entries: saved.entries.own()?,
            routes: saved.routes.own()?,
            ..NextHopTable::default()
        };
        let own = table.entries.first().ok_or(Damaged("the own next hop is missing"))?;
        if own.key.is_some() || own.reach != (Reach { metric: Some(0), connected: true }) {
            return Err(Damaged("the own next hop is another's"));
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
