//! Attribute sets, each kept once however many routes have it.
//!
//! A set is named by an [`AttrId`] and counted: whoever keeps a name holds a reference. With each set lies what
//! the decision process asks of it most, so that it need not look into the path.

mod save;

use alloc::vec::Vec;
use core::hash::{BuildHasher, Hash};

use foldhash::fast::FixedState;

pub use save::{Holders, SavedAttrs};

use crate::attr::PathAttributes;
use crate::rib::index::Index;
use crate::rib::next_hop::NextHopId;
use crate::rib::rows::Rows;
use crate::value::Asn;

/// A set of attributes in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttrId(u32);

impl AttrId {
    /// The set at this place.
    #[must_use]
    pub(super) const fn at(index: u32) -> Self {
        AttrId(index)
    }

    /// The place in the store.
    #[must_use]
    pub const fn index(self) -> u32 {
        self.0
    }
}

/// A set of attributes and what was worked out of it.
#[derive(Debug)]
pub struct Stored {
    /// The set.
    pub attributes: PathAttributes,
    /// Its next hop.
    pub next_hop: NextHopId,
    /// The neighboring AS, whose MEDs compare; 0 where the path is empty or begins with a set.
    pub neighbor_as: Asn,
    /// The path's length as the decision process counts it (RFC 4271 §9.1.2.2): a set counts one.
    pub hops: u16,
    references: u32,
    hash: u32,
}

impl Stored {
    /// A number that follows from the set and the store's seed.
    #[must_use]
    pub const fn fingerprint(&self) -> u32 {
        self.hash
    }
}

/// The store.
#[derive(Debug)]
pub struct AttrStore {
    slots: Rows<Stored>,
    free: Vec<u32>,
    index: Index,
    hasher: FixedState,
}

/// What the decision process asks of a set most: the neighboring AS, the path's length.
fn derived(attributes: &PathAttributes) -> (Asn, u16) {
    let path = &attributes.as_path;
    (path.first_asn().unwrap_or_default(), u16::try_from(path.hop_count()).unwrap_or(u16::MAX))
}

/// Spreads a hash of 32 bits over 64: the table takes its tag from the top and its place from the bottom.
const fn spread(hash: u32) -> u64 {
    (hash as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

impl AttrStore {
    /// An empty store whose hashes follow from `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        AttrStore {
            slots: Rows::new(),
            free: Vec::new(),
            index: Index::new(),
            hasher: FixedState::with_seed(seed),
        }
    }

    /// The name of this set, with one reference more. `next_hop` gives a next hop its name and is called only
    /// for a set that is new.
    pub fn intern(
        &mut self,
        attributes: PathAttributes,
        next_hop: impl FnOnce(&PathAttributes) -> NextHopId,
    ) -> AttrId {
        let hash = self.hash(&attributes);
        let slots = &self.slots;
        if let Some(id) = self.index.find(spread(hash), |id| {
            let slot = &slots[id as usize];
            slot.hash == hash && slot.attributes == attributes
        }) {
            self.slots[id as usize].references += 1;
            return AttrId(id);
        }
        let (neighbor_as, hops) = derived(&attributes);
        let stored =
            Stored { next_hop: next_hop(&attributes), neighbor_as, hops, attributes, references: 1, hash };
        let id = self.place(stored);
        let slots = &self.slots;
        self.index.insert(spread(hash), id, |id| spread(slots[id as usize].hash));
        AttrId(id)
    }

    fn place(&mut self, stored: Stored) -> u32 {
        if let Some(id) = self.free.pop() {
            self.slots[id as usize] = stored;
            return id;
        }
        self.slots.push(stored);
        u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX)
    }

    #[expect(clippy::cast_possible_truncation, reason = "half of a good hash is a good hash")]
    fn hash(&self, attributes: &PathAttributes) -> u32 {
        let mut state = self.hasher.build_hasher();
        attributes.hash(&mut state);
        core::hash::Hasher::finish(&state) as u32
    }

    /// Takes `count` references more.
    pub fn hold(&mut self, id: AttrId, count: u32) {
        self.slots[id.0 as usize].references += count;
    }

    /// Gives one reference back; the last one removes the set, and its next hop is returned to be released.
    pub fn release(&mut self, id: AttrId) -> Option<NextHopId> {
        let slot = &mut self.slots[id.0 as usize];
        slot.references -= 1;
        if slot.references > 0 {
            return None;
        }
        let (hash, next_hop) = (slot.hash, slot.next_hop);
        slot.attributes = PathAttributes::default();
        self.index.remove(spread(hash), id.0);
        self.free.push(id.0);
        Some(next_hop)
    }

    /// How many sets there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Whether there is no set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl core::ops::Index<AttrId> for AttrStore {
    type Output = Stored;

    fn index(&self, id: AttrId) -> &Stored {
        &self.slots[id.0 as usize]
    }
}
