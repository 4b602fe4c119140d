//! The set clauses of a route map, and their text.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::mem::{Discriminant, discriminant};
use core::net::{Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

use super::matching::origin_word;
use crate::attr::{Aggregator, Community, ExtendedCommunity, LargeCommunity, Origin};
use crate::value::{Asn, RouterId};

/// One set clause. `Display` is its text after `set`, as the configuration has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Set {
    /// `as-path prepend …`.
    AsPathPrepend(Prepend),
    /// `as-path exclude …`.
    AsPathExclude(Exclude),
    /// `as-path replace …`.
    AsPathReplace {
        /// Which ASes; `None` for `any`.
        which: Option<Asn>,
        /// By which AS; this router's unless written.
        by: Option<Asn>,
    },
    /// `community …`.
    Community(SetCommunities<Community>),
    /// `comm-list NAME delete`.
    CommunityDelete(String),
    /// `large-community …`.
    LargeCommunity(SetCommunities<LargeCommunity>),
    /// `large-comm-list NAME delete`.
    LargeCommunityDelete(String),
    /// `extcommunity rt …`: added.
    RouteTarget(Vec<ExtendedCommunity>),
    /// `extcommunity soo …`: added.
    SiteOfOrigin(Vec<ExtendedCommunity>),
    /// `extcommunity bandwidth …`.
    Bandwidth {
        /// How much.
        how: Bandwidth,
        /// `non-transitive`.
        non_transitive: bool,
    },
    /// `extcommunity none`.
    NoExtendedCommunity,
    /// `extended-comm-list NAME delete`.
    ExtendedCommunityDelete(String),
    /// `local-preference …`.
    LocalPreference(Change),
    /// `metric …`.
    Metric(SetMetric),
    /// `aigp-metric …`.
    Aigp(SetAigp),
    /// `weight N`.
    Weight(u32),
    /// `origin …`.
    Origin(Origin),
    /// `ip next-hop …`.
    NextHop(SetNextHop),
    /// `ipv6 next-hop global ADDRESS`.
    Ipv6NextHopGlobal(Ipv6Addr),
    /// `ipv6 next-hop local ADDRESS`.
    Ipv6NextHopLocal(Ipv6Addr),
    /// `ipv6 next-hop peer-address`.
    Ipv6NextHopPeerAddress,
    /// `ipv6 next-hop prefer-global`.
    Ipv6NextHopPreferGlobal,
    /// `originator-id ADDRESS`.
    OriginatorId(RouterId),
    /// `atomic-aggregate`.
    AtomicAggregate,
    /// `aggregator as ASN ADDRESS`.
    Aggregator(Aggregator),
    /// `tag N`.
    Tag(u32),
    /// `distance N`.
    Distance(u8),
}

/// What is put before a path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Prepend {
    /// These, the first the nearest.
    Asns(Vec<Asn>),
    /// `last-as N`: the nearest AS once more, so many times.
    Last(u8),
}

/// What is taken out of a path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Exclude {
    /// These.
    Asns(Vec<Asn>),
    /// `all`.
    All,
    /// `as-path-access-list NAME`: each AS that by itself is permitted.
    List(String),
}

/// Communities that take the place of a route's, or come to them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SetCommunities<C> {
    /// `none`: the attribute is taken out.
    None,
    /// These, in ascending order, in place of what was there.
    Replace(Vec<C>),
    /// `additive`: these beside what was there.
    Add(Vec<C>),
}

/// A link bandwidth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Bandwidth {
    /// So many megabits a second.
    Mbps(u16),
    /// `cumulative`: the sum of what the multipaths say.
    Cumulative,
    /// `num-multipaths`: as many as there are multipaths.
    NumMultipaths,
}

/// A new value, or how much more or less than the old one; it neither overflows nor goes below 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    /// This.
    To(u32),
    /// `+N`.
    More(u32),
    /// `-N`.
    Less(u32),
}

impl Change {
    /// The new value.
    #[must_use]
    pub const fn of(self, old: u32) -> u32 {
        match self {
            Change::To(value) => value,
            Change::More(value) => old.saturating_add(value),
            Change::Less(value) => old.saturating_sub(value),
        }
    }
}

/// What MED becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SetMetric {
    /// A number.
    Change(Change),
    /// `igp`: the metric of the way to the next hop.
    Igp,
    /// `aigp`: the accumulated one, with the way to the next hop.
    Aigp,
}

/// What AIGP becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SetAigp {
    /// `igp-metric`.
    Igp,
    /// A number.
    To(u32),
}

/// What the next hop of an IPv4 route becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SetNextHop {
    /// This.
    Address(Ipv4Addr),
    /// `peer-address`: the neighbor on the way in, this router on the way out.
    PeerAddress,
    /// `unchanged`.
    Unchanged,
}

impl Set {
    /// Its kind: an entry has at most one of each.
    #[must_use]
    pub fn kind(&self) -> Discriminant<Set> {
        discriminant(self)
    }
}

/// Values with spaces between.
struct Words<'a, T>(&'a [T]);

impl<T: fmt::Display> fmt::Display for Words<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().enumerate().try_for_each(|(place, value)| {
            let space = if place > 0 { " " } else { "" };
            write!(f, "{space}{value}")
        })
    }
}

/// Extended communities without their keyword.
struct Pairs<'a>(&'a [ExtendedCommunity]);

impl fmt::Display for Pairs<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|community| write!(f, " {}", community.pair()))
    }
}

impl<C: fmt::Display> fmt::Display for SetCommunities<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SetCommunities::None => f.write_str("none"),
            SetCommunities::Replace(communities) => Words(communities).fmt(f),
            SetCommunities::Add(communities) => write!(f, "{} additive", Words(communities)),
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Change::To(value) => value.fmt(f),
            Change::More(value) => write!(f, "+{value}"),
            Change::Less(value) => write!(f, "-{value}"),
        }
    }
}

impl fmt::Display for Prepend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Prepend::Asns(asns) => Words(asns).fmt(f),
            Prepend::Last(count) => write!(f, "last-as {count}"),
        }
    }
}

impl fmt::Display for Exclude {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Exclude::Asns(asns) => Words(asns).fmt(f),
            Exclude::All => f.write_str("all"),
            Exclude::List(name) => write!(f, "as-path-access-list {name}"),
        }
    }
}

impl fmt::Display for Bandwidth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Bandwidth::Mbps(value) => value.fmt(f),
            Bandwidth::Cumulative => f.write_str("cumulative"),
            Bandwidth::NumMultipaths => f.write_str("num-multipaths"),
        }
    }
}

impl fmt::Display for Set {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Set::AsPathPrepend(prepend) => write!(f, "as-path prepend {prepend}"),
            Set::AsPathExclude(exclude) => write!(f, "as-path exclude {exclude}"),
            Set::AsPathReplace { which, by } => {
                f.write_str("as-path replace ")?;
                match which {
                    Some(asn) => asn.fmt(f)?,
                    None => f.write_str("any")?,
                }
                by.map_or(Ok(()), |by| write!(f, " {by}"))
            }
            Set::Community(communities) => write!(f, "community {communities}"),
            Set::CommunityDelete(name) => write!(f, "comm-list {name} delete"),
            Set::LargeCommunity(communities) => write!(f, "large-community {communities}"),
            Set::LargeCommunityDelete(name) => write!(f, "large-comm-list {name} delete"),
            Set::RouteTarget(targets) => write!(f, "extcommunity rt{}", Pairs(targets)),
            Set::SiteOfOrigin(sites) => write!(f, "extcommunity soo{}", Pairs(sites)),
            Set::Bandwidth { how, non_transitive } => {
                write!(
                    f,
                    "extcommunity bandwidth {how}{}",
                    if *non_transitive { " non-transitive" } else { "" }
                )
            }
            Set::NoExtendedCommunity => f.write_str("extcommunity none"),
            Set::ExtendedCommunityDelete(name) => write!(f, "extended-comm-list {name} delete"),
            Set::LocalPreference(change) => write!(f, "local-preference {change}"),
            Set::Metric(SetMetric::Change(change)) => write!(f, "metric {change}"),
            Set::Metric(SetMetric::Igp) => f.write_str("metric igp"),
            Set::Metric(SetMetric::Aigp) => f.write_str("metric aigp"),
            Set::Aigp(SetAigp::Igp) => f.write_str("aigp-metric igp-metric"),
            Set::Aigp(SetAigp::To(value)) => write!(f, "aigp-metric {value}"),
            Set::Weight(weight) => write!(f, "weight {weight}"),
            Set::Origin(origin) => write!(f, "origin {}", origin_word(*origin)),
            Set::NextHop(SetNextHop::Address(address)) => write!(f, "ip next-hop {address}"),
            Set::NextHop(SetNextHop::PeerAddress) => f.write_str("ip next-hop peer-address"),
            Set::NextHop(SetNextHop::Unchanged) => f.write_str("ip next-hop unchanged"),
            Set::Ipv6NextHopGlobal(address) => write!(f, "ipv6 next-hop global {address}"),
            Set::Ipv6NextHopLocal(address) => write!(f, "ipv6 next-hop local {address}"),
            Set::Ipv6NextHopPeerAddress => f.write_str("ipv6 next-hop peer-address"),
            Set::Ipv6NextHopPreferGlobal => f.write_str("ipv6 next-hop prefer-global"),
            Set::OriginatorId(id) => write!(f, "originator-id {id}"),
            Set::AtomicAggregate => f.write_str("atomic-aggregate"),
            Set::Aggregator(aggregator) => {
                write!(f, "aggregator as {} {}", aggregator.asn, aggregator.router_id)
            }
            Set::Tag(tag) => write!(f, "tag {tag}"),
            Set::Distance(distance) => write!(f, "distance {distance}"),
        }
    }
}
