//! Path attributes: one file an attribute, with its value, its bytes, its text and its RFC 7606 class.
//!
//! [`PathAttributes`] is a whole set, as a route carries it through the router. The next hop is in the set
//! whether it came in NEXT_HOP or in MP_REACH_NLRI, so that both families are treated alike.

mod aggregator;
mod aigp;
mod as_path;
mod atomic_aggregate;
mod cluster_list;
mod communities;
#[cfg(feature = "fault")]
pub(crate) mod crash;
mod draft;
mod extended_communities;
mod fault;
mod ipv6_extended_communities;
mod large_communities;
mod list;
mod local_pref;
mod med;
pub(crate) mod mp_reach;
pub(crate) mod mp_unreach;
pub(crate) mod next_hop;
mod only_to_customer;
mod origin;
mod originator_id;
mod save;
pub mod table;
mod unknown;

use alloc::boxed::Box;

pub use aggregator::Aggregator;
pub use as_path::{AsPath, ParseAsPathError, Segment, SegmentType, Segments};
pub use communities::{Communities, Community, ParseCommunityError};
pub use draft::Draft;
pub use extended_communities::{ExtendedCommunities, ExtendedCommunity, ParseExtendedCommunityError};
pub use fault::{AttributeError, Disposition, Fault};
pub use ipv6_extended_communities::{Ipv6ExtendedCommunities, Ipv6ExtendedCommunity};
pub use large_communities::{LargeCommunities, LargeCommunity, ParseLargeCommunityError};
pub use list::List;
pub use mp_reach::MpReach;
pub use mp_unreach::MpUnreach;
pub use next_hop::NextHop;
pub use origin::Origin;
pub use table::PartialBits;
pub use unknown::UnknownAttribute;

use crate::value::{Asn, RouterId};

/// The attributes of a route, without its prefix.
///
/// Made for a million routes: what nearly every route has stands in the structure itself, the rest behind
/// one box that most sets do not have. Equality and hash are over all of it, so that a set can be interned.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PathAttributes {
    /// AS_PATH, four octets an AS, AS4_PATH merged in (RFC 6793 §4.2.3).
    pub as_path: AsPath,
    /// COMMUNITIES (RFC 1997), in the order received.
    pub communities: Communities,
    /// NEXT_HOP, or the next hop of MP_REACH_NLRI.
    pub next_hop: NextHop,
    /// MULTI_EXIT_DISC.
    pub med: Option<u32>,
    /// LOCAL_PREF.
    pub local_pref: Option<u32>,
    /// The operator's weight: FRR's first decision step, local to this router, never on the wire.
    pub weight: u32,
    /// ORIGIN.
    pub origin: Origin,
    /// ATOMIC_AGGREGATE.
    pub atomic_aggregate: bool,
    /// Which optional transitive attributes came with the Partial bit, and keep it.
    pub partial: PartialBits,
    /// What few routes have. `None` when every field of it is at its default: use [`PathAttributes::rare`] to
    /// read and [`PathAttributes::edit_rare`] to write, which keep that true.
    rare: Option<Box<RareAttributes>>,
}

/// The attributes that few routes have.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct RareAttributes {
    /// AGGREGATOR, AS4_AGGREGATOR merged in.
    pub aggregator: Option<Aggregator>,
    /// EXTENDED_COMMUNITIES (RFC 4360).
    pub extended_communities: ExtendedCommunities,
    /// LARGE_COMMUNITY (RFC 8092).
    pub large_communities: LargeCommunities,
    /// IPv6 Address Specific Extended Communities (RFC 5701).
    pub ipv6_extended_communities: Ipv6ExtendedCommunities,
    /// ORIGINATOR_ID (RFC 4456).
    pub originator_id: Option<RouterId>,
    /// CLUSTER_LIST (RFC 4456), the nearest reflector first.
    pub cluster_list: List<RouterId>,
    /// AIGP's accumulated metric (RFC 7311).
    pub aigp: Option<u64>,
    /// Only to Customer (RFC 9234).
    pub otc: Option<Asn>,
    /// Attributes that this router does not know, transitive ones only, in ascending order of code.
    pub unknown: List<UnknownAttribute>,
    /// What policy wrote on the route. Local to this router, never on the wire.
    pub marks: Marks,
}

/// What policy wrote on a route.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Marks {
    /// `set tag`; 0 for none.
    pub tag: u32,
    /// `set distance`, for the kernel's route; 0 for none.
    pub distance: u8,
    /// What becomes of the next hop on the way out.
    pub next_hop: NextHopMark,
}

/// What becomes of a next hop on the way out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum NextHopMark {
    /// What the neighbor's settings say.
    #[default]
    None,
    /// It stays as it is: a route map has set it, or said so.
    Kept,
    /// It becomes this router.
    Own,
}

impl Marks {
    /// None of them.
    pub const NONE: Marks = Marks { tag: 0, distance: 0, next_hop: NextHopMark::None };
}

impl RareAttributes {
    /// None of them.
    pub const NONE: RareAttributes = RareAttributes {
        aggregator: None,
        extended_communities: List::EMPTY,
        large_communities: List::EMPTY,
        ipv6_extended_communities: List::EMPTY,
        originator_id: None,
        cluster_list: List::EMPTY,
        aigp: None,
        otc: None,
        unknown: List::EMPTY,
        marks: Marks::NONE,
    };
}

impl PathAttributes {
    /// The attributes that few routes have.
    #[must_use]
    pub fn rare(&self) -> &RareAttributes {
        static NONE: RareAttributes = RareAttributes::NONE;
        self.rare.as_deref().unwrap_or(&NONE)
    }

    /// Changes the attributes that few routes have.
    pub fn edit_rare<R>(&mut self, edit: impl FnOnce(&mut RareAttributes) -> R) -> R {
        let mut rare = self.rare.take().unwrap_or_default();
        let result = edit(&mut rare);
        self.rare = (*rare != RareAttributes::NONE).then_some(rare);
        result
    }

    fn set_rare(&mut self, rare: RareAttributes) {
        self.rare = (rare != RareAttributes::NONE).then(|| Box::new(rare));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_stays_small() {
        assert!(size_of::<PathAttributes>() <= 96, "{}", size_of::<PathAttributes>());
    }

    #[test]
    fn the_box_of_rare_attributes_is_there_only_with_something_in_it() {
        let mut set = PathAttributes::default();
        set.edit_rare(|rare| rare.otc = Some(Asn(1)));
        assert_eq!(set.rare().otc, Some(Asn(1)));
        assert_ne!(set, PathAttributes::default());
        set.edit_rare(|rare| rare.otc = None);
        assert_eq!(set, PathAttributes::default());
        assert!(set.rare.is_none());
    }
}
