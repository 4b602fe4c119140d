//! Routes: what the peers sent, what is best, what the peers are told.
//!
//! [`Rib`] has a [`FamilyRib`] for each family and what they share. Everything is done in small steps: a change
//! is decided at once and noted in the table's change log, output is made when a connection can take it, and
//! what concerns a whole table is a job that is worked on in slices.

mod adj_rib_out;
mod aggregate;
mod attr_store;
mod change_log;
pub mod decision;
mod export;
mod facts;
mod family_rib;
pub mod fib;
mod import;
mod index;
mod job;
mod next_hop;
mod outbound;
mod packing;
mod rows;
mod save;
mod select;
mod table;

pub use adj_rib_out::Next;
pub use aggregate::AggregateSettings;
pub use attr_store::{AttrId, AttrStore, Stored};
pub use change_log::Version;
pub use export::{Export, OwnAddress, Towards, Unchanged};
pub use facts::{Facts, Knobs, MaximumPaths, PeerFacts, SELF, Source};
pub use family_rib::FamilyRib;
pub use import::{Import, Imported, drain};
pub use job::Job;
pub use next_hop::{
    Moved, NextHopId, NextHopKey, NextHopTable, OutsideRoute, OutsideRoutes, Reach, ResolvedHop, RouteSource,
    Way, is_link_local,
};
pub use save::SavedRib;
pub use select::Selected;
pub use table::{Arrival, Interest, Path, PathPlace, RouteId, Table};

use ipnet::{Ipv4Net, Ipv6Net};

use crate::value::{Family, PeerId};

/// The routes of every family.
#[derive(Debug)]
pub struct Rib {
    /// What the families share.
    pub facts: Facts,
    /// IPv4 unicast.
    pub v4: FamilyRib<Ipv4Net>,
    /// IPv6 unicast.
    pub v6: FamilyRib<Ipv6Net>,
    /// Who writes the kernel's forwarding table.
    pub fib: self::fib::Fib,
}

/// Does the same to the rib of one family, whose type depends on the family.
macro_rules! in_family {
    ($rib:expr, $family:expr, |$one:ident, $facts:ident| $body:expr) => {{
        let rib = $rib;
        match $family {
            crate::value::Family::Ipv4Unicast => {
                let ($one, $facts) = (&mut rib.v4, &mut rib.facts);
                $body
            }
            crate::value::Family::Ipv6Unicast => {
                let ($one, $facts) = (&mut rib.v6, &mut rib.facts);
                $body
            }
        }
    }};
}
pub(crate) use in_family;

impl Rib {
    /// No routes; hashes follow from `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Rib {
            facts: Facts::new(seed),
            v4: FamilyRib::new(seed.wrapping_add(1)),
            v6: FamilyRib::new(seed.wrapping_add(2)),
            fib: self::fib::Fib::default(),
        }
    }

    /// Works on what concerns whole tables, for a slice; `imports` says what is done to a peer's routes. True if
    /// work is left.
    pub fn work<'i>(&mut self, imports: &dyn Fn(PeerId, Family) -> Option<&'i Import>, now_s: u32) -> bool {
        let of = |family| move |peer| imports(peer, family);
        let v4 = self.v4.work(&of(Family::Ipv4Unicast), now_s, &mut self.facts);
        let v6 = self.v6.work(&of(Family::Ipv6Unicast), now_s, &mut self.facts);
        v4 || v6
    }

    /// What to send to a peer next in this family.
    pub fn next(&mut self, family: Family, peer: PeerId) -> Next {
        in_family!(self, family, |rib, facts| rib.next(peer, facts))
    }
}
