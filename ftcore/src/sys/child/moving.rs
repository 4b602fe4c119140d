//! Putting the log where the settings want it: into memory of another size, or into a file and out of it.
//!
//! The primary sees that it is to be moved, and asks the keeper. That one ends the twin and says when nobody follows;
//! then there is a checkpoint first, so that little is left to be copied, and then the log is the new one within one
//! turn. What decides it is one message: until the keeper has been sent the new memory, the old one is the log and
//! nothing is written to the new one; afterwards it is the other way round. Whoever dies meanwhile, what the keeper
//! gives to the next process is the one that was written to.

use std::io;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use crate::core::machine::Machine;
use crate::core::memory::Memory;
use crate::core::primary::Primary;
use crate::core::role::Mode;
use crate::core::status::{Protection, Status};
use crate::sys::keeper::kept;
use crate::sys::link::Sent;
use crate::sys::memory::{self, SharedLog, Side};
use crate::sys::message::ToKeeper;
use crate::sys::note;
use crate::sys::sockets::Sockets;

use super::links::Links;

/// When the keeper is asked again.
const ASK_AGAIN: Duration = Duration::from_secs(3);
/// When it is tried again after it came to nothing.
const TRY_AGAIN: Duration = Duration::from_secs(60);
/// How long is tried: shorter than the keeper goes without a twin for it.
const TRY_FOR: Duration = Duration::from_secs(20);
/// How many checkpoints that takes at most.
const TRIES: u32 = 5;

/// How far it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Moving {
    /// Nothing is to be done.
    #[default]
    No,
    /// The keeper was asked, or it came to nothing; until then nothing is done.
    Waits(Instant),
    /// Nobody follows, until then; the checkpoint is being made, for so many times.
    Allowed(Instant, u32),
}

/// Where a log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Memory,
    File,
}

impl Links {
    fn wanted(&self) -> (Kind, u64) {
        let kind = if self.settings.mode == Mode::Cold { Kind::File } else { Kind::Memory };
        (kind, memory::rounded(kept::log_octets(&self.settings)))
    }

    fn found<M: Machine>(&self, primary: &Primary<M, SharedLog>) -> (Kind, u64) {
        let log = primary.memory();
        let kind = if kept::is_kept(&self.state_dir, log.file()) { Kind::File } else { Kind::Memory };
        (kind, log.capacity())
    }

    /// Asks for the log to be moved, where it is not what the settings want.
    pub(super) fn look_at_log<M: Machine>(&mut self, now: Instant, primary: &Primary<M, SharedLog>) {
        match self.moving {
            Moving::Waits(until) if now < until => return,
            Moving::Allowed(..) => return,
            Moving::No | Moving::Waits(_) => {}
        }
        if self.wanted() == self.found(primary) {
            self.moving = Moving::No;
        } else if self.wires.borrow().keeper.is_some() {
            self.moving = Moving::Waits(now + ASK_AGAIN);
            self.wires.borrow_mut().tell_keeper(&ToKeeper::MoveLog, &[]);
        }
    }

    /// What the core takes for protected is not, while the log of a cold standby is not in its file.
    pub(super) fn protection_of<M: Machine>(
        &self,
        status: &Status,
        primary: &Primary<M, SharedLog>,
    ) -> Protection {
        match status.protection {
            Protection::Protected if self.wanted().0 != self.found(primary).0 => Protection::Syncing,
            protection => protection,
        }
    }

    /// Nobody follows.
    pub(super) fn begin_moving<M: Machine>(&mut self, primary: &Primary<M, SharedLog>, sockets: &Sockets) {
        let (wanted, found) = (self.wanted(), self.found(primary));
        if wanted == found || self.handing.is_some() {
            self.moving = Moving::No;
            return self.wires.borrow_mut().tell_keeper(&ToKeeper::LogStays, &[]);
        }
        self.moving = Moving::Allowed(Instant::now() + TRY_FOR, 1);
        if wanted.0 == Kind::File && found.0 == Kind::Memory {
            // What is there is of an earlier life, and is not to be mistaken for a part of this one.
            kept::remove(&self.state_dir);
        }
        // One that is under way may be of another kind.
        self.drop_saving(sockets);
        if self.settings.mode != Mode::None {
            self.save(primary, sockets);
        }
    }

    /// Moves it once the checkpoint is whole.
    pub(super) fn go_on_moving<M: Machine>(
        &mut self,
        primary: &mut Primary<M, SharedLog>,
        sockets: &Sockets,
    ) {
        let Moving::Allowed(until, tries) = self.moving else { return };
        if self.saving.is_some() && Instant::now() < until {
            return;
        }
        let octets = self.wanted().1;
        let floor = match (self.settings.mode, &self.checkpoint) {
            (Mode::None, _) => primary.state().cursor().position,
            (_, Some((position, _))) => *position,
            (_, None) => 0,
        };
        let moved = if Instant::now() >= until || tries > TRIES || self.twin.is_some() {
            Err(io::Error::other("it took too long"))
        } else if primary.fits(octets, floor) {
            self.move_log(primary, floor)
        } else {
            // Much was logged meanwhile: the next checkpoint holds more of it.
            self.moving = Moving::Allowed(until, tries + 1);
            return self.save(primary, sockets);
        };
        match moved {
            Ok(()) => {
                self.moving = Moving::No;
                tracing::info!("the log has {} MiB now, {}", octets >> 20, self.place_of_log());
            }
            Err(error) => {
                self.moving = Moving::Waits(Instant::now() + TRY_AGAIN);
                let wait = TRY_AGAIN.as_secs();
                tracing::error!("the log stays as it was: {error}; it is tried again in {wait} s");
                self.wires.borrow_mut().tell_keeper(&ToKeeper::LogStays, &[]);
            }
        }
    }

    fn place_of_log(&self) -> String {
        match self.wanted().0 {
            Kind::Memory => "in memory".to_owned(),
            Kind::File => format!("in {}", self.state_dir.display()),
        }
    }

    fn move_log<M: Machine>(&mut self, primary: &mut Primary<M, SharedLog>, floor: u64) -> io::Result<()> {
        let ((kind, octets), seed) = (self.wanted(), primary.memory().seed());
        let was = self.found(primary).0;
        let file = match kind {
            Kind::Memory => memory::create(octets, seed)?,
            Kind::File => kept::early_log(&self.state_dir, octets, seed)?,
        };
        let mut log = SharedLog::map(file, Side::Primary).map_err(io::Error::other)?;
        primary.copy_log(&mut log, floor);
        let life_word = log.life_word()?;
        let note = log.note_region()?;
        if kind == Kind::File {
            kept::keep_log(&self.state_dir)?;
        }
        let sent = {
            let mut wires = self.wires.borrow_mut();
            let keeper = wires.keeper.as_mut().ok_or_else(|| io::Error::other("there is no keeper"))?;
            keeper.send_now(&ToKeeper::LogMoved, &[log.file(), self.bell.as_fd()])?
        };
        if sent == Sent::No {
            return Err(io::Error::other("the keeper does not listen"));
        }
        // From here on the new one is the log.
        drop(primary.go_on_in(log));
        let life = self.life.take().map(|life| life.exchange(life_word)).transpose();
        match life.and_then(|life| note::install(note).map(|()| life)) {
            Ok(life) => self.life = life,
            Err(error) => tracing::error!("this process's death would be found out slowly: {error}"),
        }
        if was == Kind::File && kind == Kind::Memory {
            kept::remove(&self.state_dir);
        }
        Ok(())
    }
}
