//! The match clauses of a route map, and their text.

use alloc::string::String;
use core::fmt;
use core::mem::{Discriminant, discriminant};
use core::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::Protocol;
use crate::attr::Origin;
use crate::value::Family;

/// One match clause. `Display` is its text after `match`, as the configuration and `show route-map` have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Match {
    /// `ip address prefix-list NAME`, `ipv6 address prefix-list NAME`.
    AddressPrefixList(Family, String),
    /// `ip address NAME`: by access list.
    AddressAccessList(Family, String),
    /// `ip address prefix-len N`.
    AddressLength(Family, u8),
    /// `ip next-hop address ADDRESS`.
    NextHopAddress(IpAddr),
    /// `ip next-hop prefix-list NAME`.
    NextHopPrefixList(Family, String),
    /// `ip next-hop NAME`: by access list.
    NextHopAccessList(Family, String),
    /// `ip next-hop prefix-len N`: the length of the next hop's address, as a prefix; 32 alone matches.
    NextHopLength(u8),
    /// `ip route-source NAME`: the neighbor's address by access list.
    RouteSourceAccessList(String),
    /// `ip route-source prefix-list NAME`.
    RouteSourcePrefixList(String),
    /// `as-path NAME`.
    AsPath(String),
    /// `community NAME`.
    Community(String, How),
    /// `large-community NAME`.
    LargeCommunity(String, How),
    /// `extcommunity NAME`.
    ExtendedCommunity(String, How),
    /// `local-preference N`.
    LocalPreference(u32),
    /// `metric N`.
    Metric(u32),
    /// `origin …`.
    Origin(Origin),
    /// `peer …`.
    Peer(PeerTest),
    /// `interface NAME`.
    Interface(String),
    /// `tag N`.
    Tag(u32),
    /// `source-protocol …`.
    SourceProtocol(Protocol),
}

/// How a route's communities must fit a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum How {
    /// All of an entry's are among the route's.
    #[default]
    Contains,
    /// `exact-match`: they are the same.
    Exact,
    /// `any`: one of the route's is among an entry's.
    Any,
}

/// Which neighbor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PeerTest {
    /// None: the route is this router's own.
    Local,
    /// By its address.
    Address(IpAddr),
    /// By its interface.
    Interface(String),
}

/// A kind of clause: an entry has at most one of each.
type Kind = (Discriminant<Match>, Option<Family>);

impl Match {
    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        let family = match self {
            Match::AddressPrefixList(family, _)
            | Match::AddressAccessList(family, _)
            | Match::AddressLength(family, _)
            | Match::NextHopPrefixList(family, _)
            | Match::NextHopAccessList(family, _) => Some(*family),
            Match::NextHopAddress(IpAddr::V4(_)) => Some(Family::Ipv4Unicast),
            Match::NextHopAddress(IpAddr::V6(_)) => Some(Family::Ipv6Unicast),
            _ => None,
        };
        (discriminant(self), family)
    }
}

const fn ip(family: Family) -> &'static str {
    match family {
        Family::Ipv4Unicast => "ip",
        Family::Ipv6Unicast => "ipv6",
    }
}

impl fmt::Display for How {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            How::Contains => "",
            How::Exact => " exact-match",
            How::Any => " any",
        })
    }
}

impl fmt::Display for Match {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Match::AddressPrefixList(family, name) => write!(f, "{} address prefix-list {name}", ip(*family)),
            Match::AddressAccessList(family, name) => write!(f, "{} address {name}", ip(*family)),
            Match::AddressLength(family, length) => write!(f, "{} address prefix-len {length}", ip(*family)),
            Match::NextHopAddress(IpAddr::V4(address)) => write!(f, "ip next-hop address {address}"),
            Match::NextHopAddress(IpAddr::V6(address)) => write!(f, "ipv6 next-hop address {address}"),
            Match::NextHopPrefixList(family, name) => {
                write!(f, "{} next-hop prefix-list {name}", ip(*family))
            }
            Match::NextHopAccessList(family, name) => write!(f, "{} next-hop {name}", ip(*family)),
            Match::NextHopLength(length) => write!(f, "ip next-hop prefix-len {length}"),
            Match::RouteSourceAccessList(name) => write!(f, "ip route-source {name}"),
            Match::RouteSourcePrefixList(name) => write!(f, "ip route-source prefix-list {name}"),
            Match::AsPath(name) => write!(f, "as-path {name}"),
            Match::Community(name, how) => write!(f, "community {name}{how}"),
            Match::LargeCommunity(name, how) => write!(f, "large-community {name}{how}"),
            Match::ExtendedCommunity(name, how) => write!(f, "extcommunity {name}{how}"),
            Match::LocalPreference(value) => write!(f, "local-preference {value}"),
            Match::Metric(value) => write!(f, "metric {value}"),
            Match::Origin(origin) => write!(f, "origin {}", origin_word(*origin)),
            Match::Peer(PeerTest::Local) => f.write_str("peer local"),
            Match::Peer(PeerTest::Address(address)) => write!(f, "peer {address}"),
            Match::Peer(PeerTest::Interface(name)) => write!(f, "peer {name}"),
            Match::Interface(name) => write!(f, "interface {name}"),
            Match::Tag(tag) => write!(f, "tag {tag}"),
            Match::SourceProtocol(protocol) => write!(f, "source-protocol {}", protocol.name()),
        }
    }
}

/// ORIGIN's word in a configuration.
#[must_use]
pub(super) const fn origin_word(origin: Origin) -> &'static str {
    match origin {
        Origin::Igp => "igp",
        Origin::Egp => "egp",
        Origin::Incomplete => "incomplete",
    }
}
