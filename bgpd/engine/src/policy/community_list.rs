//! Lists of communities: standard, large and extended ones, each by values or by regular expressions.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::{Action, Pattern};
use crate::attr::{Community, ExtendedCommunity, LargeCommunity};

/// A community of one of the three kinds.
pub trait AnyCommunity: Copy + Ord + core::fmt::Display {
    /// A value that in a list stands for every route: FRR's `internet`.
    const EVERYTHING: Option<Self>;
}

impl AnyCommunity for Community {
    const EVERYTHING: Option<Self> = Some(Community(0));
}

impl AnyCommunity for LargeCommunity {
    const EVERYTHING: Option<Self> = None;
}

impl AnyCommunity for ExtendedCommunity {
    const EVERYTHING: Option<Self> = None;
}

/// `bgp community-list` and its like: entries by sequence number, the first that fits decides, none denies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommunityList<C> {
    /// Whether the entries are values or expressions; all of a list are alike.
    pub style: Style,
    /// By sequence number.
    pub entries: BTreeMap<u32, CommunityListEntry<C>>,
}

/// How a list's entries are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Style {
    /// `standard`, or a number up to 99: values.
    Standard,
    /// `expanded`, or a number from 100 on: a regular expression over the text of all communities of a route.
    Expanded,
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommunityListEntry<C> {
    /// What it says.
    pub action: Action,
    /// What fits.
    pub test: CommunityTest<C>,
}

/// What a route's communities are held against.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CommunityTest<C> {
    /// These, in ascending order, each once.
    Values(Vec<C>),
    /// An expression.
    Text(Pattern),
}

impl<C> CommunityList<C> {
    /// A list without entries.
    #[must_use]
    pub const fn new(style: Style) -> Self {
        CommunityList { style, entries: BTreeMap::new() }
    }
}

/// These communities in ascending order, each once: as FRR keeps every set of communities.
#[must_use]
pub fn in_order<C: Ord>(mut communities: Vec<C>) -> Vec<C> {
    communities.sort_unstable();
    communities.dedup();
    communities
}
