//! Twins that are not what they should be, and the comparison that finds them out before they lead.

use ftcore::core::standby::{FollowError, Standby};

use super::super::damaged;
use super::super::memory::SharedMemory;
use super::{Cluster, Follow, Made, Subject};

impl<M: Subject> Cluster<M> {
    /// A twin is started that is not what it should be.
    pub fn start_twin_that_differs(&mut self) {
        let kernel = self.new_kernel();
        let mut machine = M::genesis(&self.setup.genesis);
        machine.go_astray();
        self.twin = Some(Follow { standby: Standby::genesis(machine), kernel, made: Made::Astray });
    }

    /// The twin goes on as something else than it was.
    pub fn lead_twin_astray(&mut self) {
        let Some(twin) = &mut self.twin else { return };
        let mut octets = Vec::new();
        twin.standby.state().save(&mut octets).expect("memory takes everything");
        let [connections, machine] = damaged::parts(&octets);
        let mut machine = M::restore(&machine).expect("just saved");
        machine.go_astray();
        let mut astray = Vec::new();
        machine.save(&mut astray).expect("memory takes everything");
        let octets = damaged::together(&octets[..damaged::FRONT], &[connections, astray]);
        twin.standby = Standby::restore(&octets).expect("whole again");
        twin.made = Made::Astray;
    }

    /// The twin of a primary that is gone sees whether it has come to the same; if not, it ends.
    pub(super) fn compare_twin(&mut self) {
        let Some(Follow { standby, kernel, .. }) = &mut self.twin else { return };
        let mut memory = SharedMemory::take(&self.shelf, &self.history, &self.fuse);
        let compared = self.fuse.clone().rest(|| {
            // Where the words are wrong who takes over finds its own way.
            match standby.follow(&mut memory, kernel, u64::MAX) {
                Err(error @ FollowError::Diverged { .. }) => Err(error),
                _ => standby.hold_against(&mut memory),
            }
        });
        drop(memory);
        if let Err(error) = compared {
            self.fates.unfit.push(error.to_string());
            if let Some(twin) = self.twin.take() {
                self.world.borrow_mut().dies(twin.kernel.process);
            }
        }
    }
}
