//! Children of an earlier keeper, on their way to this one.
//!
//! A child that lost its keeper comes through the door, says what it is, and gives all that it holds. Nothing is
//! decided before the primary has come, and with it the twin that it says it has: while a primary lives
//! somewhere, no other one is started.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::core::role::{ChildId, Seen, Standing};
use crate::sys::message::Place;

/// How long a primary that has come waits for the twin that it says it has.
const TWIN_MAY_TAKE: Duration = Duration::from_secs(2);
/// How long twins alone are waited for to take over, a hang's detection included.
const TAKEOVER_MAY_TAKE: Duration = Duration::from_secs(30);
/// How often is looked whether the primary that is waited for still lives.
const LOOK: Duration = Duration::from_millis(100);

/// The wait for them.
#[derive(Debug)]
pub struct Adoption {
    waiting: bool,
    arrived: BTreeMap<u32, (ChildId, Place)>,
    complete_at: Option<Instant>,
    /// When those that live without a primary are given up.
    given_up_at: Option<Instant>,
}

/// What came of looking.
#[derive(Debug, PartialEq, Eq)]
pub enum Adopted {
    /// Nothing yet.
    Waiting,
    /// This is who is there.
    Them(Seen),
    /// Nobody is.
    Nobody,
}

impl Adoption {
    /// The wait for those that the run directory names, if one of them lives.
    #[must_use]
    pub fn new(living: Option<u32>) -> Adoption {
        Adoption { waiting: living.is_some(), arrived: BTreeMap::new(), complete_at: None, given_up_at: None }
    }

    /// Whether somebody is waited for.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.waiting
    }

    /// When to look again.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.is_waiting().then(|| Instant::now() + LOOK)
    }

    /// A child came and has given what it holds.
    pub fn arrived(&mut self, pid: u32, child: ChildId, place: Place) {
        self.arrived.insert(pid, (child, place));
    }

    /// A child that was to take over has done so.
    pub fn leads(&mut self, pid: u32) {
        if let Some((_, place)) = self.arrived.get_mut(&pid) {
            *place = Place::Primary { twin: None };
        }
    }

    /// A child that came is gone.
    pub fn left(&mut self, pid: u32) {
        self.arrived.remove(&pid);
    }

    /// Looks who is there; `lives` says whether a primary lives somewhere, or a twin that may be about to become one: the
    /// primary that this keeper saw first may die on its way, and its twin comes in its place.
    pub fn look(&mut self, now: Instant, lives: impl Fn() -> bool) -> Adopted {
        if !self.waiting {
            return Adopted::Waiting;
        }
        let primary = self.arrived.values().find_map(|(child, place)| match place {
            Place::Primary { twin } => Some((*child, *twin)),
            Place::Standby(_) => None,
        });
        let Some((primary, twin)) = primary else {
            // A twin that cannot take over (it was not in step) must not keep the program from starting again.
            let given_up = now >= *self.given_up_at.get_or_insert(now + TAKEOVER_MAY_TAKE);
            if !given_up && (lives() || !self.arrived.is_empty()) {
                return Adopted::Waiting;
            }
            self.waiting = false;
            return Adopted::Nobody;
        };
        let twin = match twin.map(|twin| self.arrived.get(&twin)) {
            Some(Some((child, Place::Standby(standing)))) => Some((*child, *standing)),
            Some(None) if now < *self.complete_at.get_or_insert(now + TWIN_MAY_TAKE) => {
                return Adopted::Waiting;
            }
            _ => None,
        };
        self.waiting = false;
        Adopted::Them(Seen::Adopted { primary, twin })
    }

    /// Those that came.
    pub fn all(&self) -> Vec<ChildId> {
        self.arrived.values().map(|(child, _)| *child).collect()
    }

    /// Those that came and have no part in what was adopted.
    pub fn left_over(&mut self, seen: &Seen) -> Vec<ChildId> {
        let Seen::Adopted { primary, twin } = seen else { return Vec::new() };
        let kept = |child: &ChildId| child == primary || twin.is_some_and(|(twin, _)| *child == twin);
        self.arrived.values().map(|(child, _)| *child).filter(|child| !kept(child)).collect()
    }
}

/// How a child stands that came by itself, where it is a standby.
#[must_use]
pub fn standing(place: Place) -> Option<Standing> {
    match place {
        Place::Primary { .. } => None,
        Place::Standby(standing) => Some(standing),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRIMARY: Place = Place::Primary { twin: Some(8) };
    const TWIN: Place = Place::Standby(Standing::InStep);

    #[test]
    fn the_primary_and_its_twin_are_waited_for_in_either_order() {
        for order in [[(7, PRIMARY), (8, TWIN)], [(8, TWIN), (7, PRIMARY)]] {
            let mut adoption = Adoption::new(Some(7));
            let now = Instant::now();
            assert_eq!(adoption.look(now, || true), Adopted::Waiting);
            adoption.arrived(order[0].0, ChildId(order[0].0), order[0].1);
            assert_eq!(adoption.look(now, || true), Adopted::Waiting);
            adoption.arrived(order[1].0, ChildId(order[1].0), order[1].1);
            let them = Seen::Adopted { primary: ChildId(7), twin: Some((ChildId(8), Standing::InStep)) };
            assert_eq!(adoption.look(now, || true), Adopted::Them(them));
            assert!(!adoption.is_waiting());
        }
    }

    #[test]
    fn a_twin_that_does_not_come_is_not_waited_for_for_ever() {
        let mut adoption = Adoption::new(Some(7));
        let now = Instant::now();
        adoption.arrived(7, ChildId(1), PRIMARY);
        adoption.arrived(9, ChildId(2), TWIN);
        assert_eq!(adoption.look(now, || true), Adopted::Waiting);
        let Adopted::Them(seen) = adoption.look(now + TWIN_MAY_TAKE, || true) else { unreachable!() };
        assert_eq!(seen, Seen::Adopted { primary: ChildId(1), twin: None });
        assert_eq!(adoption.left_over(&seen), [ChildId(2)]);
    }

    #[test]
    fn a_primary_that_died_on_the_way_is_replaced_by_the_twin_that_came_or_by_nobody() {
        let mut adoption = Adoption::new(Some(7));
        assert_eq!(adoption.look(Instant::now(), || true), Adopted::Waiting);
        assert_eq!(adoption.look(Instant::now(), || false), Adopted::Nobody);
        let mut adoption = Adoption::new(Some(7));
        adoption.arrived(8, ChildId(1), TWIN);
        assert_eq!(adoption.look(Instant::now(), || false), Adopted::Waiting);
        adoption.leads(8);
        let them = Seen::Adopted { primary: ChildId(1), twin: None };
        assert_eq!(adoption.look(Instant::now(), || false), Adopted::Them(them));
    }

    #[test]
    fn twins_that_never_take_over_are_given_up() {
        let mut adoption = Adoption::new(Some(7));
        adoption.arrived(8, ChildId(1), TWIN);
        let now = Instant::now();
        assert_eq!(adoption.look(now, || true), Adopted::Waiting);
        assert_eq!(adoption.look(now + TAKEOVER_MAY_TAKE, || true), Adopted::Nobody);
        assert_eq!(adoption.all(), [ChildId(1)]);
    }
}
