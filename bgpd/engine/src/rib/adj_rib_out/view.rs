//! What a group looks at while it decides what a route becomes, and whether the kernel has a say in it
//! (`bgp suppress-fib-pending`).

use alloc::vec::Vec;

use crate::rib::change_log::Version;
use crate::rib::facts::{Facts, SELF};
use crate::rib::fib::{Standing, Told};
use crate::rib::select::Suppresses;
use crate::rib::table::{RouteId, Table};
use crate::value::Net;

/// What the group needs to see to decide what a route becomes.
pub struct View<'a, N> {
    /// The table it follows.
    pub table: &'a Table<N>,
    /// What the table looks things up in.
    pub facts: &'a mut Facts,
    /// Whether an aggregate stands for a path to a prefix.
    pub suppresses: Suppresses<'a, N>,
    /// What the kernel was told, where nothing is advertised before it has it.
    pub kernel: Option<&'a Told<N>>,
    /// Problems met: a route whose attributes do not fit a message.
    pub too_large: &'a mut Vec<N>,
}

/// Whether a route may be advertised, as far as it depends on the kernel's having it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leave {
    Given,
    /// It may be soon: what is advertised now stays.
    Awaited,
    Refused,
}

impl<N: Net> View<'_, N> {
    /// The version up to which changes may be looked at: nobody overtakes the kernel where that has a say.
    pub(super) fn until(&self) -> Version {
        self.kernel.map_or(self.table.end(), Told::cursor)
    }

    pub(super) fn leave(&self, route: RouteId) -> Leave {
        let Some(kernel) = self.kernel else { return Leave::Given };
        // What this router originates need not be in the kernel by its hand.
        match self.table.best(route) {
            Some(best) if best.peer != SELF => {}
            Some(_) | None => return Leave::Given,
        }
        match kernel.slot(route).standing {
            _ if kernel.is_due(route) => Leave::Awaited,
            Standing::Installed => Leave::Given,
            Standing::Asked => Leave::Awaited,
            Standing::Nothing | Standing::Refused | Standing::Astray => Leave::Refused,
        }
    }
}
