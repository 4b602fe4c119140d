//! What an operator is told of the writing, and may ask of it.

use std::rc::Rc;

use fib::change::Change;
use fib::writer::Refusal;

use super::super::clock;
use super::super::operator::OrderOutcome;
use super::{Kernel, State};
use crate::show::fib::{Attachment, Writing};

/// The errno of a conflict: somebody else has the prefix.
const EEXIST: i32 = 17;

impl Kernel {
    /// How it stands.
    pub(in crate::daemon) fn writing(&self) -> Writing {
        let (writer, next) = match &self.state {
            State::Off { .. } => (Attachment::None, None),
            State::Opening { .. } => (Attachment::Opening, None),
            State::Clearing { .. } => (Attachment::Clearing, None),
            State::Open(open) if !open.reconciled => (Attachment::Comparing, None),
            State::Open(open) => (Attachment::Ready, Some(open.next).filter(|_| open.comparing.is_none())),
        };
        let refused = |refusal: &Refusal| (what(&refusal.change), refusal.errno, refusal.words.clone());
        Writing {
            writer,
            compared: self.compared,
            next,
            refusals: self.refusals.iter().map(refused).collect(),
        }
    }

    /// Compares now; `outcome` is told what was found.
    pub(in crate::daemon) fn compare_for(&mut self, outcome: Rc<OrderOutcome>) {
        match &mut self.state {
            // One that is under way may have passed what the operator means.
            State::Open(open) => {
                open.next = clock::now();
                self.asked_again.push(outcome);
            }
            State::Off { .. } | State::Opening { .. } | State::Clearing { .. } => {
                outcome
                    .tell(Err("% Nobody writes routes to the kernel now: look with 'show fib'\n".to_owned()));
            }
        }
    }

    /// Tells those who wait for the comparison that has ended.
    pub(super) fn tell_asked(&mut self, told: &Result<String, String>) {
        for outcome in self.asked.drain(..) {
            outcome.tell(told.clone());
        }
    }
}

/// A change in an operator's words.
pub(super) fn what(change: &Change) -> String {
    match change {
        Change::Group(group, _) => format!("next-hop group {}", group.0),
        Change::GroupGone(group) => format!("to remove next-hop group {}", group.0),
        Change::Route(net, _) => format!("the route to {net}"),
        Change::Moved(net, _) => format!("to move the route to {net}"),
        Change::RouteGone(net, _) => format!("to remove the route to {net}"),
    }
}

/// Whether it is open what the kernel has where it refused this.
pub(super) fn leaves_open(refusal: &Refusal) -> bool {
    match refusal.change {
        Change::Moved(..) | Change::RouteGone(..) => true,
        Change::Route(..) => refusal.errno == EEXIST,
        Change::Group(..) | Change::GroupGone(_) => false,
    }
}
