//! A peer's prefixes on their way into the table.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::attr_store::AttrId;
use super::facts::Facts;
use crate::attr::{Community, PathAttributes};
use crate::policy::{Asked, Filter, Protocol, Steps, Subject, in_order};
use crate::value::{Net, PathId, PeerId};

/// What is done to a peer's routes of one family when they come in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    /// Lists and route map; denies everything where RFC 8212 asks for a policy and there is none.
    #[serde(skip)]
    pub filter: Filter,
    /// What a route map may ask about the peer.
    #[serde(default)]
    pub subject: Subject,
    /// `soft-reconfiguration inbound`: what came is kept as it came.
    pub keep_received: bool,
    /// `graceful-shutdown`: every route is the last choice and says so (RFC 8326).
    #[serde(default)]
    pub drains: bool,
    /// The peer is of another AS: what its routes' well-known communities ask for is done.
    #[serde(default)]
    pub external: bool,
}

/// How a peer's routes in the table changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Paths that came to the table.
    pub added: u32,
    /// Paths that left it.
    pub removed: u32,
    /// Paths that policy refused.
    pub refused: u32,
    /// Paths that were there already, the same.
    pub duplicates: u32,
}

/// What names a path that a peer sent.
pub type ReceivedKey<N> = (N, PathId);

/// A filter at work on many routes: a set of attributes is changed, and kept, once for all prefixes of which the
/// same entries make the same.
#[derive(Debug)]
pub struct Importer<'i> {
    peer: PeerId,
    import: &'i Import,
    /// The last answer, where it depends on the attributes alone.
    last: Option<(AttrId, Option<AttrId>)>,
    /// What has been made of each set, with a reference.
    made: BTreeMap<AttrId, Vec<(Steps, AttrId)>>,
}

impl<'i> Importer<'i> {
    /// Nothing asked yet.
    #[must_use]
    pub fn new(peer: PeerId, import: &'i Import) -> Self {
        Importer { peer, import, last: None, made: BTreeMap::new() }
    }

    /// The attributes with which a route comes into the table; `None` where it is refused. The importer keeps the
    /// reference, until [`Importer::finish`].
    pub fn attributes<N: Net>(&mut self, net: N, attrs: AttrId, facts: &mut Facts) -> Option<AttrId> {
        let filter = &self.import.filter;
        if filter.is_trivial() && !self.import.drains && !self.import.external {
            return Some(attrs);
        }
        if let Some((_, answer)) = self.last.filter(|&(asked, _)| asked == attrs && !filter.asks_prefix()) {
            return answer;
        }
        let answer = self.decide(net, attrs, facts);
        self.last = Some((attrs, answer));
        answer
    }

    fn decide<N: Net>(&mut self, net: N, attrs: AttrId, facts: &mut Facts) -> Option<AttrId> {
        let igp_metric = facts.reach(attrs).metric;
        let asked =
            Asked { subject: &self.import.subject, former_med: None, igp_metric, protocol: Protocol::Bgp };
        let former = &facts.attrs[attrs].attributes;
        let steps = self.import.filter.decide(net, former, &asked)?;
        if steps.is_empty() && !self.import.drains && !(self.import.external && is_asked(former)) {
            return Some(attrs);
        }
        let made = self.made.entry(attrs).or_default();
        if let Some((_, known)) = made.iter().find(|(other, _)| *other == steps) {
            return Some(*known);
        }
        let mut attributes = former.clone();
        steps.apply(N::FAMILY, &mut attributes, &asked);
        if self.import.drains {
            drain(&mut attributes);
        } else if self.import.external {
            obey(&mut attributes);
        }
        let interface = facts.peer(self.peer).interface;
        let changed = facts.intern(attributes, interface);
        made.push((steps, changed));
        Some(changed)
    }

    /// Gives the references back.
    pub fn finish(self, facts: &mut Facts) {
        for (_, changed) in self.made.into_values().flatten() {
            facts.release(changed);
        }
    }
}

/// Whether a neighbor of another AS asks for something by a community.
fn is_asked(attributes: &PathAttributes) -> bool {
    let asks =
        |community: &Community| matches!(*community, Community::BLACKHOLE | Community::GRACEFUL_SHUTDOWN);
    attributes.communities.iter().any(asks)
}

/// Does what the communities of a route from another AS ask for. Whether its packets are thrown away, as BLACKHOLE asks
/// too, is for the operator's route map to say (RFC 7999 §3.3).
fn obey(attributes: &mut PathAttributes) {
    //= rfc8326#section-4.2
    //# […] set the LOCAL_PREF attribute of the paths tagged with the GRACEFUL_SHUTDOWN community to a low value
    if attributes.communities.contains(&Community::GRACEFUL_SHUTDOWN) {
        attributes.local_pref = Some(0);
    }
    //= rfc7999#section-3.2
    //# A BGP speaker receiving an announcement tagged with the BLACKHOLE community SHOULD add the NO_ADVERTISE or
    //# NO_EXPORT community
    if attributes.communities.contains(&Community::BLACKHOLE) {
        let communities = attributes.communities.iter().copied().chain([Community::NO_EXPORT]);
        attributes.communities = in_order(communities.collect()).into();
    }
}

//= rfc8326#section-4.3
//# […] apply an outbound/inbound policy tagging the paths […] with the GRACEFUL_SHUTDOWN community and setting the
//# LOCAL_PREF attribute to a low value
/// Makes a route the last choice.
pub fn drain(attributes: &mut PathAttributes) {
    let communities = attributes.communities.iter().copied().chain([Community::GRACEFUL_SHUTDOWN]);
    attributes.communities = in_order(communities.collect()).into();
    attributes.local_pref = Some(0);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn obeyed(communities: &[Community]) -> PathAttributes {
        let mut attributes = PathAttributes::default();
        attributes.communities = communities.iter().copied().collect();
        attributes.local_pref = Some(200);
        obey(&mut attributes);
        attributes
    }

    #[test]
    fn a_neighbor_that_shuts_down_is_the_last_choice() {
        assert!(is_asked(&obeyed(&[Community::GRACEFUL_SHUTDOWN])));
        assert_eq!(obeyed(&[Community(7), Community::GRACEFUL_SHUTDOWN]).local_pref, Some(0));
        assert_eq!(obeyed(&[Community(7)]).local_pref, Some(200));
    }

    #[test]
    fn a_blackhole_stays_in_this_as() {
        let blackhole = obeyed(&[Community::BLACKHOLE, Community(7)]);
        assert_eq!(&*blackhole.communities, &[Community(7), Community::BLACKHOLE, Community::NO_EXPORT]);
        assert_eq!(blackhole.local_pref, Some(200));
        assert_eq!(&*obeyed(&[Community(7)]).communities, &[Community(7)]);
    }
}
