//! What the router wants of the kernel's routes, and what it hears back. Plain types: the whole language between this
//! crate and who uses it.
//!
//! Routes do not name next hops. They name a *group*: a small number that stands for a set of ways, which in the
//! kernel is a next-hop group object. So a next hop that is lost or moves is one message, not one per prefix.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;

/// A group of next hops. Small numbers, used again only when no route names them any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(pub u32);

/// One way out of this router.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hop {
    /// The next router; `None` for a destination on the link itself. IPv6 for an IPv4 route too (RFC 8950).
    pub gateway: Option<IpAddr>,
    /// The kernel's index of the link.
    pub interface: u32,
    /// Its share among the group's, 1 to 255: iproute2's `weight`.
    pub weight: u8,
}

/// Where a group leads.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Ways {
    /// Over these, in the order of their values, none twice.
    Hops(Vec<Hop>),
    /// Nowhere: what goes there is dropped.
    Blackhole,
}

impl Ways {
    /// The ways as a kernel can have them: each pair of gateway and interface once, with the sum of its weights, in
    /// the order of their values. No hop at all is a blackhole.
    #[must_use]
    pub fn merged(&self) -> Ways {
        let Ways::Hops(hops) = self else { return Ways::Blackhole };
        let mut weights: BTreeMap<(Option<IpAddr>, u32), u8> = BTreeMap::new();
        for hop in hops {
            let weight = weights.entry((hop.gateway, hop.interface)).or_default();
            *weight = weight.saturating_add(hop.weight.max(1));
        }
        if weights.is_empty() {
            return Ways::Blackhole;
        }
        let hop = |((gateway, interface), weight)| Hop { gateway, interface, weight };
        Ways::Hops(weights.into_iter().map(hop).collect())
    }
}

/// One thing that the kernel is to be told.
///
/// Whether a route is new or moves is said by who orders it, since the kernel has no order 'replace it if it is
/// ours': it replaces whatever has the same prefix, metric and table, or nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The group leads there from now on; it is new, or moves with all its routes. A refusal with ENOENT (2) says
    /// that the group should move and is gone, with all its routes: the kernel drops a group whose last link goes
    /// down, and tells nobody.
    Group(GroupId, Ways),
    /// No route names the group any more.
    GroupGone(GroupId),
    /// The route is there, through this group. The kernel has none of ours, as far as is known. A refusal with
    /// EEXIST (17) is a conflict: somebody else has a route with the same prefix and metric, which stays.
    Route(IpNet, GroupId),
    /// The route leads through this group from now on. The kernel has it, as far as is known: whatever it has with
    /// the same prefix and metric is replaced; and where it has nothing any more, the route is there again.
    Moved(IpNet, GroupId),
    /// The route through this group is gone. The group is named so that a route that somebody else has put in the
    /// place of ours stays, be it with our protocol and metric, as FRR's are.
    RouteGone(IpNet, GroupId),
}

impl Change {
    /// The destination, where it is about a route.
    #[must_use]
    pub fn net(&self) -> Option<IpNet> {
        match self {
            Change::Route(net, _) | Change::Moved(net, _) | Change::RouteGone(net, _) => Some(*net),
            Change::Group(..) | Change::GroupGone(_) => None,
        }
    }
}

/// Changes that go to the kernel together, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Counted up by one.
    pub number: u64,
    /// At most some thousand.
    pub changes: Vec<Change>,
}

/// What became of a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// Which.
    pub number: u64,
    /// The changes that the kernel refused: the place in the batch and the errno. All others are done.
    pub failed: Vec<(u32, i32)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hop_that_comes_twice_has_both_weights() {
        let hop =
            |gateway: &str, weight| Hop { gateway: Some(gateway.parse().unwrap()), interface: 2, weight };
        let ways = Ways::Hops(vec![hop("192.0.2.2", 200), hop("192.0.2.1", 1), hop("192.0.2.2", 100)]);
        assert_eq!(ways.merged(), Ways::Hops(vec![hop("192.0.2.1", 1), hop("192.0.2.2", 255)]));
        assert_eq!(Ways::Hops(vec![]).merged(), Ways::Blackhole);
    }
}
