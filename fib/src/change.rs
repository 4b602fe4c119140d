//! What the router wants of the kernel's routes, and what it hears back. Plain types: the whole language between this
//! crate and who uses it.
//!
//! Routes do not name next hops. They name a *group*: a small number that stands for a set of ways, which in the
//! kernel is a next-hop group object. So a next hop that is lost or moves is one message, not one per prefix.

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

/// One thing that the kernel is to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The group leads there from now on; it is new, or moves with all its routes.
    Group(GroupId, Ways),
    /// No route names the group any more.
    GroupGone(GroupId),
    /// The route is there, through this group; it is new, or moves.
    Route(IpNet, GroupId),
    /// The route is gone.
    RouteGone(IpNet),
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
