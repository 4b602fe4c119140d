//! The log in a snapshot: its blocks as they are.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::{BLOCK, Block, ChangeLog, Version, low};
use crate::value::octets::{Damaged, Octets};

/// The most changes that a table can have had: far more than there will be, far less than a number holds.
const MOST: Version = 1 << 62;

/// The log as it is saved. How many entries of a block are live is counted anew.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct SavedLog<'a> {
    end: Version,
    #[serde(borrow)]
    firsts: Octets<'a>,
    #[serde(borrow)]
    lengths: Octets<'a>,
    #[serde(borrow)]
    versions: Octets<'a>,
    #[serde(borrow)]
    routes: Octets<'a>,
}

impl SavedLog<'_> {
    /// The version after the last change.
    pub const fn end(&self) -> Version {
        self.end
    }
}

impl ChangeLog {
    /// An empty log that ends here.
    pub fn ending_at(end: Version) -> ChangeLog {
        ChangeLog { end, ..ChangeLog::default() }
    }

    /// The log as it is saved.
    pub fn save(&self) -> SavedLog<'_> {
        let entries = || self.blocks.iter().flat_map(|block| &block.entries);
        SavedLog {
            end: self.end,
            firsts: Octets::column(|| self.blocks.iter().map(|block| block.first)),
            lengths: Octets::column(|| {
                self.blocks.iter().map(|block| u32::try_from(block.entries.len()).unwrap_or(u32::MAX))
            }),
            versions: Octets::column(move || entries().map(|entry| entry.0)),
            routes: Octets::column(move || entries().map(|entry| entry.1)),
        }
    }

    /// The log that was saved. `is_live` says whether the entry at a version is its route's last change, and
    /// fails for a route that cannot be. Gives the number of live entries too.
    pub fn restore(
        saved: &SavedLog<'_>,
        mut is_live: impl FnMut(Version, u32) -> Result<bool, Damaged>,
    ) -> Result<(ChangeLog, usize), Damaged> {
        let mut log = ChangeLog::ending_at(saved.end);
        let firsts = saved.firsts.numbers::<Version>()?;
        let lengths = saved.lengths.numbers::<u32>()?;
        let mut entries = saved.versions.numbers::<u32>()?.zip(saved.routes.numbers::<u32>()?);
        if firsts.len() != lengths.len() || saved.end > MOST {
            return Err(Damaged("the change log's blocks do not fit"));
        }
        let mut next = 0;
        let mut total = 0;
        for (first, length) in firsts.zip(lengths) {
            let length = length as usize;
            if first < next || length == 0 || length > BLOCK {
                return Err(Damaged("the change log's blocks are not in order"));
            }
            let mut block = Block { first, live: 0, entries: Vec::with_capacity(BLOCK) };
            next = first;
            for (half, route) in entries.by_ref().take(length) {
                let version = first + Version::from(half.wrapping_sub(low(first)));
                if version < next || version >= saved.end {
                    return Err(Damaged("the change log's entries are not in order"));
                }
                next = version + 1;
                block.live += u32::from(is_live(version, route)?);
                block.entries.push((half, route));
            }
            if block.entries.len() != length {
                return Err(Damaged("the change log ends too early"));
            }
            total += block.live as usize;
            log.blocks.push_back(block);
        }
        log.shrink();
        Ok((log, total))
    }

    /// Gives back the room that only the last block needs.
    fn shrink(&mut self) {
        let full = self.blocks.len().saturating_sub(1);
        self.blocks.iter_mut().take(full).for_each(|block| block.entries.shrink_to_fit());
    }
}
