//! The kernel's forwarding table: what follows for it from a step, and what an end of the router means for it.

use alloc::vec::Vec;

use super::Engine;
use crate::effect::{Effect, Effects};
use crate::rib::fib::{Ending, Strays};

impl Engine {
    /// Tells the kernel what has changed, as far as it takes it.
    pub(super) fn tell_kernel(&mut self, effects: &mut Effects) {
        let mut batches = Vec::new();
        effects.more |= self.rib.work_on_fib(self.now, self.strays(), &mut batches);
        effects.list.extend(batches.into_iter().map(Effect::Fib));
    }

    //= rfc4724#section-4.1
    //# … it MAY retain … the forwarding state … until … the End-of-RIB marker is received from all its peers
    /// What becomes of routes that this router finds in the kernel and that nobody has told it of.
    fn strays(&self) -> Strays {
        let restarts = self.deferred_until.is_some() && self.preserves_forwarding();
        if restarts { Strays::Keep } else { Strays::Remove }
    }

    fn preserves_forwarding(&self) -> bool {
        self.bgp().is_some_and(|bgp| bgp.graceful_restart.preserve_fw_state)
    }

    /// The router stops: its routes leave the kernel, or stay for the next start.
    pub(super) fn leave_kernel(&mut self, effects: &mut Effects) {
        let ending = if self.preserves_forwarding() { Ending::Keep } else { Ending::Remove };
        self.rib.end_fib(ending);
        effects.more = true;
    }

    /// Whether the kernel's forwarding table is as it is to be when the router has stopped.
    #[must_use]
    pub fn has_left_kernel(&self) -> bool {
        match self.rib.fib.ending() {
            Ending::No => false,
            Ending::Keep => true,
            Ending::Remove => self.rib.is_nothing_told(),
        }
    }
}
