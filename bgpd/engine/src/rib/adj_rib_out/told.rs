//! Members that may know something else than their group.
//!
//! A peer whose policy changes comes to another group and is sent everything anew. What it had been told and this
//! group does not tell it must be withdrawn, also where the group never advertised it to anybody. And a member that
//! goes through the log by itself may miss what moves ahead of it there.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::{Advertised, Audience, Batch, Change, Group, Member, NONE, Version};
use crate::rib::select::Selected;
use crate::rib::table::RouteId;
use crate::value::PathId;

/// How a member stands to its group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Pace {
    /// It goes through the log by itself: it has just come, or the piece that it would need is dropped. No kept
    /// piece is for it, since none was made with it in mind.
    #[default]
    Alone,
    /// It has met the group and goes with it, but not yet to the log's end: a route that moved ahead of it, from
    /// what it had not passed to what it has still to pass, may be another for it than for the group.
    Together,
    /// It has passed every route, and knows what the group knows.
    Level,
}

impl Pace {
    /// What it is once the member stands where the group stands.
    pub(super) fn met(self) -> Self {
        match self {
            Pace::Alone | Pace::Together => Pace::Together,
            Pace::Level => Pace::Level,
        }
    }
}

impl Member {
    /// Whether it may have been told something else than the group.
    pub(super) fn is_unsettled(&self) -> bool {
        self.pace != Pace::Level
    }

    pub(super) fn was_told(&self, route: RouteId) -> bool {
        self.told.get(route.0 as usize / 64).is_some_and(|bits| bits >> (route.0 % 64) & 1 != 0)
    }
}

impl Group {
    /// What the group advertises, a bit a route.
    pub(super) fn told(&self) -> Vec<u64> {
        let mut bits = Vec::new();
        let mut set = |route: u32| {
            let word = route as usize / 64;
            if bits.len() <= word {
                bits.resize(word + 1, 0);
            }
            bits[word] |= 1u64 << (route % 64);
        };
        match &self.advertised {
            Advertised::Single { attrs, .. } => {
                (0u32..).zip(attrs).filter(|&(_, &attrs)| attrs != NONE).for_each(|(route, _)| set(route));
            }
            Advertised::Several(routes) => routes.keys().for_each(|route| set(route.0)),
        }
        bits
    }

    /// Notes what single members must be told of a route that the group looks at, beside what all are told.
    ///
    /// One that had been told of it before it came here, and is not now, is told that it is gone. One that went
    /// through the log by itself may have passed the place where the route stood before it moved to where it is
    /// looked at: for the group nothing may have changed, for this member it may.
    pub(super) fn settle(
        &self,
        (version, route): (Version, RouteId),
        before: &[Selected],
        now: &[Selected],
        batch: &mut Batch,
    ) {
        for member in self.members.iter().filter(|member| member.is_unsettled()) {
            let audience = Audience::Only(member.peer);
            let is_for_it = |path: &&Selected| path.source != member.peer;
            let mut any = false;
            for path in now.iter().filter(is_for_it) {
                any = true;
                // What is new to all is told to all.
                if before.contains(path) {
                    batch.push(Change::Announce { route, path: *path, audience });
                }
            }
            // What the group has withdrawn in the meantime it does not withdraw again.
            let may_have = member.was_told(route) || version >= member.fresh_until;
            if !any && may_have && !before.iter().any(|path| is_for_it(&path)) {
                batch.push(Change::Withdraw { route, id: PathId(0), audience });
            }
        }
    }
}
