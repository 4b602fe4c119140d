//! The routes of every family in a snapshot, with what they share.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::attr_store::{AttrStore, SavedAttrs};
use super::family_rib::SavedFamily;
use super::fib::{Fib, Groups, SavedFib, SavedGroups};
use super::next_hop::SavedNextHops;
use super::{Facts, FamilyRib, Knobs, NextHopTable, PeerFacts, Rib};
use crate::value::octets::{Damaged, Part};

/// The routes as they are saved.
#[derive(Debug, Serialize, Deserialize)]
pub struct SavedRib<'a> {
    #[serde(borrow)]
    attrs: SavedAttrs<'a>,
    #[serde(borrow)]
    next_hops: SavedNextHops<'a>,
    peers: Part<'a, Vec<PeerFacts>>,
    knobs: Knobs,
    #[serde(borrow)]
    v4: SavedFamily<'a>,
    #[serde(borrow)]
    v6: SavedFamily<'a>,
    #[serde(borrow, default)]
    groups: SavedGroups<'a>,
    #[serde(borrow, default)]
    fib: SavedFib<'a>,
}

impl Rib {
    /// The routes as they are saved.
    pub fn save(&self) -> SavedRib<'_> {
        SavedRib {
            attrs: self.facts.attrs.save(),
            next_hops: self.facts.next_hops.save(),
            peers: Part::Lent(&self.facts.peers),
            knobs: self.facts.knobs,
            v4: self.v4.save(),
            v6: self.v6.save(),
            groups: self.facts.groups.save(),
            fib: self.fib.save(),
        }
    }

    /// The routes that were saved by a router with this seed. The groups' filters are still those of everybody.
    pub fn restore(saved: SavedRib<'_>, seed: u64) -> Result<Rib, Damaged> {
        let mut rib = Rib::new(seed);
        let (attrs, mut holders) = AttrStore::restore(&saved.attrs, seed)?;
        let peers = saved.peers.own()?;
        if peers.is_empty() {
            return Err(Damaged("this router is not among the peers"));
        }
        let mut groups = Groups::restore(saved.groups)?;
        let used = attrs.next_hops().chain(groups.next_hops());
        let next_hops = NextHopTable::restore(saved.next_hops, used)?;
        let (seeds, count) = ((seed.wrapping_add(1), seed.wrapping_add(2)), peers.len());
        rib.v4 = FamilyRib::restore(saved.v4, seeds.0, count, &mut holders, &mut groups)?;
        rib.v6 = FamilyRib::restore(saved.v6, seeds.1, count, &mut holders, &mut groups)?;
        rib.fib = Fib::restore(&saved.fib, (rib.v4.table.places(), rib.v6.table.places()))?;
        attrs.check(&holders)?;
        rib.facts = Facts { attrs, next_hops, groups, peers, knobs: saved.knobs };
        Ok(rib)
    }
}
