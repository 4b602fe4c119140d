//! The kernel's next-hop objects with ids in our range.

use std::collections::{BTreeMap, BTreeSet};

use crate::change::{GroupId, Hop, Ways};
use crate::dump::{ATTEMPTS, Course, Dump, DumpError};
use crate::netlink::next_hop::{self, Exit, Kind, Member, NextHop};
use crate::netlink::socket::RouteSocket;
use crate::settings::{Object, Settings};

/// Our next-hop objects, as the kernel has them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Objects {
    /// The groups' members: numbers of single hops and weights.
    pub(crate) groups: BTreeMap<GroupId, Vec<(u32, u8)>>,
    /// The single hops by their numbers.
    pub(crate) hops: BTreeMap<u32, Exit>,
    /// Ids in our range that somebody else has.
    pub(crate) taken: BTreeSet<u32>,
}

impl Objects {
    /// Reads them.
    ///
    /// # Errors
    /// Where the kernel does not tell; `Refused` with EOPNOTSUPP where it has no next-hop objects.
    pub fn read(settings: &Settings) -> Result<Objects, DumpError> {
        for _ in 0..ATTEMPTS {
            let mut found = Vec::new();
            let socket = RouteSocket::open().map_err(DumpError::Socket)?;
            let mut dump = Dump::ask(socket, "next-hop objects", next_hop::emit_dump)?;
            loop {
                match dump.read(|message| found.extend(next_hop::parse(message)))? {
                    Course::More => {}
                    Course::Over => return Ok(Objects::of(settings, found)),
                    Course::Interrupted => break,
                }
            }
        }
        Err(DumpError::Restless)
    }

    /// Sorts the kernel's objects.
    pub(crate) fn of(settings: &Settings, found: impl IntoIterator<Item = NextHop>) -> Objects {
        let mut objects = Objects::default();
        for next_hop in found {
            let Some(object) = settings.object(next_hop.id) else { continue };
            match (object, next_hop.kind) {
                (Object::Group(group), Kind::Group(members)) if next_hop.protocol == settings.protocol => {
                    let number = |member: Member| match settings.object(member.id) {
                        Some(Object::Hop(number)) => (number, member.weight),
                        // Not one of our hops: a number that none has.
                        _ => (u32::MAX, member.weight),
                    };
                    objects.groups.insert(group, members.into_iter().map(number).collect());
                }
                (Object::Hop(number), Kind::Single(exit)) if next_hop.protocol == settings.protocol => {
                    objects.hops.insert(number, exit);
                }
                // A group where we have single hops, or somebody else's: never touched.
                _ => {
                    objects.taken.insert(next_hop.id);
                }
            }
        }
        objects
    }

    /// The groups that there are.
    pub fn groups(&self) -> impl Iterator<Item = GroupId> + '_ {
        self.groups.keys().copied()
    }

    /// Where a group leads; `None` where it is not there, or has a member that is not a hop of ours.
    #[must_use]
    pub fn ways(&self, group: GroupId) -> Option<Ways> {
        let members = self.groups.get(&group)?;
        let mut hops = Vec::with_capacity(members.len());
        for (number, weight) in members {
            match *self.hops.get(number)? {
                Exit::Blackhole => return Some(Ways::Blackhole),
                Exit::Via { gateway, interface } => hops.push(Hop { gateway, interface, weight: *weight }),
            }
        }
        hops.sort_unstable();
        Some(Ways::Hops(hops))
    }
}
