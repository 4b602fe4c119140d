//! Deciding: which of a route's paths stands first.

use alloc::vec::Vec;

use super::{Interest, NONE, Route, RouteId, Table, route_flag};
use crate::rib::decision::{self, Candidate};
use crate::rib::facts::Facts;
use crate::value::Net;

impl<N: Net> Table<N> {
    /// A path as the decision sees it, beside the best one of its route.
    pub(super) fn candidate<'a>(
        &self,
        at: u32,
        best: Option<u32>,
        facts: &'a Facts,
    ) -> Option<Candidate<'a>> {
        let path = &self.paths[at as usize];
        let stored = &facts.attrs[path.attrs];
        let metric = facts.next_hops.reach(stored.next_hop).metric?;
        let peer = facts.peer(path.peer);
        Some(Candidate { stored, peer, metric, selected: best == Some(at) })
    }

    /// Decides after one path came or changed. True if that is noted in the change log.
    pub(super) fn decide_for(&mut self, route: u32, changed: u32, facts: &Facts) -> bool {
        let Route { head, flags, .. } = self.routes[route as usize];
        let has_best = flags & route_flag::HAS_BEST != 0;
        let best_before = has_best.then_some(head);
        let alone = self.paths[head as usize].next == NONE;
        // Where no MED can make the order matter, one comparison with the best path does.
        let simple = best_before != Some(changed) && (alone || flags & route_flag::HAS_MED == 0);
        if simple && has_best {
            let beats = match (self.candidate(changed, None, facts), self.candidate(head, Some(head), facts))
            {
                (Some(new), Some(best)) => decision::is_better(&new, &best, facts),
                (new, _) => new.is_some(),
            };
            if beats {
                self.make_best(route, changed);
            }
        } else {
            self.decide_anew(route, facts);
        }
        let best = self.best_place(route);
        let matters = best != best_before || best == Some(changed) || self.interest == Interest::EveryPath;
        if matters {
            self.log_change(route);
        }
        matters
    }

    /// Compares all paths of a route.
    pub(super) fn decide_anew(&mut self, route: u32, facts: &Facts) {
        let best = if facts.knobs.best_path.med.deterministic {
            self.best_by_groups(route, facts)
        } else {
            let mut best: Option<(u32, Candidate<'_>)> = None;
            for (place, candidate) in self.candidates(RouteId(route), facts) {
                if best.is_none_or(|(_, best)| decision::is_better(&candidate, &best, facts)) {
                    best = Some((place.0, candidate));
                }
            }
            best.map(|(place, _)| place)
        };
        match best {
            Some(best) => self.make_best(route, best),
            None => self.routes[route as usize].flags &= !route_flag::HAS_BEST,
        }
    }

    pub(super) fn best_by_groups(&self, route: u32, facts: &Facts) -> Option<u32> {
        let (places, candidates): (Vec<_>, Vec<_>) = self.candidates(RouteId(route), facts).unzip();
        decision::decide(&candidates, facts).map(|index| places[index].0)
    }

    pub(super) fn make_best(&mut self, route: u32, best: u32) {
        let head = self.routes[route as usize].head;
        if head != best {
            let mut before = head;
            while self.paths[before as usize].next != best {
                before = self.paths[before as usize].next;
            }
            self.unlink(route, Some(before), best);
            self.paths[best as usize].next = head;
            self.routes[route as usize].head = best;
        }
        self.routes[route as usize].flags |= route_flag::HAS_BEST;
    }

    pub(super) fn best_place(&self, route: u32) -> Option<u32> {
        let route = &self.routes[route as usize];
        (route.flags & route_flag::HAS_BEST != 0).then_some(route.head)
    }

    /// Whether a path is used beside the best one, where somebody wants to know.
    pub(super) fn shares_packets(&self, route: u32, at: u32, facts: &Facts) -> bool {
        let Route { head, flags, .. } = self.routes[route as usize];
        if self.interest != Interest::Multipath || flags & route_flag::HAS_BEST == 0 || head == at {
            return false;
        }
        match (self.candidate(head, Some(head), facts), self.candidate(at, None, facts)) {
            (Some(best), Some(other)) => decision::is_multipath(&best, &other, facts),
            _ => false,
        }
    }
}
