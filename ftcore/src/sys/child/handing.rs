//! Checkpoints, and handing over on purpose.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use crate::core::machine::Machine;
use crate::core::memory::{Memory, Word};
use crate::core::primary::{HandOver, Primary};
use crate::core::record::Cause;
use crate::core::role::Mode;
use crate::sys::checkpoint;
use crate::sys::keeper::kept;
use crate::sys::memory::SharedLog;
use crate::sys::message::{Item, ToKeeper, ToPartner};
use crate::sys::poll::Interest;
use crate::sys::sockets::Sockets;

use super::links::{Course, Links, SAVING};

/// How long handing over may take until it is given up.
const HAND_OVER: Duration = Duration::from_secs(10);

/// A handing over that is under way.
#[derive(Debug)]
pub(super) struct Handing {
    cause: Cause,
    until: Instant,
    pub boundary: Boundary,
}

/// Whether the twin is given a state to be, instead of its own one, which differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Boundary {
    /// It is not.
    NotWanted,
    /// It is to be.
    Wanted,
    /// It was.
    Given,
    /// It cannot be that state.
    Refused(String),
}

impl Links {
    pub(super) fn save<M: Machine>(&mut self, primary: &Primary<M, SharedLog>, sockets: &Sockets) {
        if self.saving.is_some() {
            return;
        }
        let state = primary.state();
        let cursor = state.cursor();
        let place = super::place_of(cursor);
        let file = match self.settings.mode {
            Mode::Cold => std::fs::create_dir_all(&self.state_dir)
                .and_then(|()| checkpoint::on_disk(&kept::early(&self.state_dir))),
            Mode::Hot | Mode::Warm | Mode::None => checkpoint::in_memory(),
        };
        let saving = file.and_then(|file| checkpoint::save(file, place, |to| state.save(to)));
        match saving {
            Ok(saving) => {
                // Where it cannot be heard it is looked at in every turn all the same.
                let _ = sockets.poll().add(saving.pidfd(), SAVING.token(), Interest::IN);
                self.saving = Some((cursor.position, saving));
            }
            Err(error) => tracing::error!("no checkpoint can be made: {error}"),
        }
    }

    /// Gives up the checkpoint that is being made.
    pub(super) fn drop_saving(&mut self, sockets: &Sockets) {
        if let Some((_, saving)) = self.saving.take() {
            sockets.poll().remove(saving.pidfd());
        }
    }

    /// Holds the newest checkpoint for the next keeper. While none says that it has it, this process does.
    pub(super) fn hold_checkpoint<M: Machine>(
        &mut self,
        position: u64,
        file: OwnedFd,
        primary: &mut Primary<M, SharedLog>,
    ) {
        let memory = primary.memory_mut();
        if !self.pulse.is_fresh() && memory.load(Word::Checkpoint) < position {
            memory.store(Word::Checkpoint, position);
        }
        self.checkpoint = Some((position, file));
    }

    pub(super) fn look_at_saving<M: Machine>(
        &mut self,
        primary: &mut Primary<M, SharedLog>,
        sockets: &Sockets,
    ) {
        let Some((position, saving)) = &mut self.saving else { return };
        let position = *position;
        let Some(finished) = saving.finished() else { return };
        let cold = self.settings.mode == Mode::Cold;
        let file = finished.and_then(|file| file.try_clone_to_owned()).and_then(|file| {
            if cold { kept::keep_checkpoint(&self.state_dir).map(|()| file) } else { Ok(file) }
        });
        sockets.poll().remove(saving.pidfd());
        self.saving = None;
        match file {
            Ok(file) => {
                let item = ToKeeper::Item(Item::Checkpoint { position });
                self.wires.borrow_mut().tell_keeper(&item, &[file.as_fd()]);
                self.hold_checkpoint(position, file, primary);
            }
            Err(error) => tracing::error!("a checkpoint came to nothing: {error}"),
        }
    }

    pub(super) fn begin_handing(&mut self, cause: Cause, boundary: Boundary) {
        if let Some(handing) = &mut self.handing {
            // The twin that seemed to be in step is not.
            if handing.boundary == Boundary::NotWanted {
                handing.boundary = boundary;
            }
            return;
        }
        if self.twin.is_none() {
            return self.refuse("there is no twin to hand over to");
        }
        self.wires.borrow_mut().tell_twin(&ToPartner::Handing(cause), &[]);
        self.handing = Some(Handing { cause, until: Instant::now() + HAND_OVER, boundary });
    }

    fn refuse(&mut self, why: &str) {
        tracing::warn!("this primary does not hand over: {why}");
        self.wires.borrow_mut().tell_keeper(&ToKeeper::Refused(why.to_owned()), &[]);
    }

    pub(super) fn hand_over<M: Machine>(
        &mut self,
        primary: &mut Primary<M, SharedLog>,
        sockets: &mut Sockets,
    ) -> Course {
        let Some(handing) = &mut self.handing else { return Course::GoOn };
        match primary.hand_over(sockets) {
            HandOver::Released => {
                tracing::info!("handed over to the twin: {}", handing.cause.name());
                return Course::Released;
            }
            HandOver::Waiting => {}
        }
        let why = match &handing.boundary {
            Boundary::Refused(why) => Some(why.clone()),
            _ if self.twin.is_none() => Some("the twin is gone".to_owned()),
            _ if Instant::now() > handing.until => Some("the twin did not come in step in time".to_owned()),
            _ => None,
        };
        if let Some(why) = why {
            self.handing = None;
            primary.keep();
            self.refuse(&why);
        } else if handing.boundary == Boundary::Wanted {
            // Nothing new is in the log from now on, so this is its end.
            handing.boundary = Boundary::Given;
            if let Err(why) = self.give_state(primary) {
                self.handing = None;
                primary.keep();
                self.refuse(&why.to_string());
            }
        }
        Course::GoOn
    }

    /// Gives the twin the state itself.
    fn give_state<M: Machine>(&mut self, primary: &Primary<M, SharedLog>) -> io::Result<()> {
        let state = primary.state();
        let cursor = state.cursor();
        let file = checkpoint::in_memory()?;
        checkpoint::save_here(file.as_fd(), super::place_of(cursor), |to| state.save(to))?;
        let message = ToPartner::HandOver { position: cursor.position };
        self.wires.borrow_mut().tell_twin(&message, &[file.as_fd()]);
        Ok(())
    }
}
