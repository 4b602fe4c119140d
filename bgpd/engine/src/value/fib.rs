//! What the kernel's forwarding table is told, and what it says: the words that inputs, effects and tables share.
//!
//! Routes name no next hops but a *group*, a small number that stands for a set of ways: a next hop that is lost or
//! moves is one message to the kernel, not one for each prefix.

use alloc::vec::Vec;
use core::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::IfIndex;

/// A group of next hops. Below [`GroupId::LIMIT`], and used again only when the kernel was told that it is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct GroupId(pub u32);

impl GroupId {
    /// No group has this number or a higher one.
    pub const LIMIT: u32 = 1 << 19;
}

/// One way out of this router.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Hop {
    /// The next router; `None` for a destination on the link itself. IPv6 for an IPv4 route too (RFC 8950).
    pub gateway: Option<IpAddr>,
    /// The link.
    pub interface: IfIndex,
    /// Its share among the group's, 1 to 255.
    pub weight: u8,
}

/// Where a group leads.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Ways {
    /// Over these, at least one, in the order of their values, no gateway on a link twice.
    Hops(Vec<Hop>),
    /// Nowhere: what goes there is dropped.
    Blackhole,
}

/// One thing that the kernel is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FibChange {
    /// The group leads there from now on; it is new, or moves with all its routes.
    Group(GroupId, Ways),
    /// No route names the group any more. That it is not there is no failure.
    GroupGone(GroupId),
    /// The route is there, through this group; it is new, or moves.
    Route(IpNet, GroupId),
    /// The route is gone. That it is not there is no failure.
    RouteGone(IpNet),
}

/// Changes that go to the kernel together, in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FibBatch {
    /// Counted up by one from 1.
    pub number: u64,
    /// At most [`FibBatch::MOST`].
    pub changes: Vec<FibChange>,
}

impl FibBatch {
    /// The most changes of one batch.
    pub const MOST: usize = 1024;
}

/// What is heard of the kernel's forwarding table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FibReport {
    /// There is a writer: at the start, and after a takeover a new one. What was given to a former one is of unknown
    /// outcome. Nothing is given to it before [`FibReport::Reconciled`].
    Attached {
        /// Whether the kernel has next-hop objects: then a group can move. Else its routes are told anew.
        objects: bool,
    },
    /// All that differs between the kernel and what it was told has been reported.
    Reconciled,
    /// The kernel has taken a batch.
    Done {
        /// Which.
        number: u64,
        /// What it refused: the place in the batch and the errno.
        failed: Vec<(u32, i32)>,
    },
    /// The kernel has these routes not, or not through the group that it was told: it is told again.
    Lost(Vec<IpNet>),
    /// The kernel has these groups no more, and with them has lost all their routes.
    GroupsLost(Vec<GroupId>),
    /// The kernel has these groups, but they lead elsewhere than it was told: it is told again.
    GroupsMoved(Vec<GroupId>),
    /// The kernel has these routes of ours that nobody wants: they are removed, once no restart is under way that
    /// keeps them (`bgp graceful-restart preserve-fw-state`).
    Stray(Vec<IpNet>),
    /// The same of groups. Their numbers are not used for others before they are removed.
    StrayGroups(Vec<GroupId>),
}
