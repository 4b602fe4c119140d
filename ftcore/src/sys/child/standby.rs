//! A child while it is not primary: it restores, follows, watches, and becomes primary when it must.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};
use rustix::time::Timespec;

use crate::core::detector::{Hang, Judgement};
use crate::core::input::Time;
use crate::core::kernel::Kernel;
use crate::core::memory::{Memory, Word};
use crate::core::role::{Follow, Standing, Tell};
use crate::core::standby::{FollowError, Standby, TwinState};
use crate::sys::channel::{Channel, ChannelError};
use crate::sys::checkpoint::{self, Checkpoint, Place, Saving};
use crate::sys::keeper::Options;
use crate::sys::link::{Link, Parcel};
use crate::sys::message::{Item, Place as Where, ToChild, ToKeeper, ToPartner};
use crate::sys::program::Program;
use crate::sys::signals::Signals;

use super::join::Held;
use super::takeover::Known;
use super::watch::Watch;

/// How many octets of the log are applied before others have their turn.
const BUDGET: u64 = 1 << 20;
/// How long it sleeps at most.
const LONGEST_SLEEP: Duration = Duration::from_millis(250);
/// How soon is tried again what the keeper has no room for.
const FLUSH: Duration = Duration::from_millis(2);
/// How often a lost keeper is looked for.
const LOOK: Duration = Duration::from_millis(100);

/// Why a standby ends without having become primary.
#[derive(Debug, thiserror::Error)]
pub enum Ending {
    /// It was told to.
    #[error("it was told to end")]
    Asked,
    /// Nobody is left to follow, and this process cannot lead.
    #[error("it cannot lead: {0}")]
    Unfit(String),
    /// The kernel's reason.
    #[error(transparent)]
    Kernel(#[from] io::Error),
}

/// A standby.
pub(super) struct Follower<'a, P: Program> {
    pub program: &'a P,
    pub options: &'a Options,
    pub held: Held,
    pub standby: Option<Standby<P::Machine>>,
    pub watch: Option<Watch>,
    pub known: Known,
    pub signals: Signals,
    pub saving: Option<(Place, Saving)>,
    /// A checkpoint that is whole, and not confirmed by a digest yet.
    unconfirmed: Option<(Place, OwnedFd)>,
    /// The end of the log that the newest checkpoint holds, and when it was made.
    saved: (u64, Instant),
    said: Standing,
    to_lead: bool,
    look_at: Instant,
}

impl<'a, P: Program> Follower<'a, P> {
    pub(super) fn new(
        program: &'a P,
        options: &'a Options,
        mut held: Held,
        signals: Signals,
    ) -> io::Result<Self> {
        let now = held.sockets.now();
        let hang = Duration::from_micros(held.settings.detect_hang_us);
        let primary = held.primary.take();
        let watch = match primary {
            Some((partner, pidfd)) => {
                let watch = Watch::begin(partner.pid, pidfd, &held.log, hang, now)?;
                held.partner = Some(partner);
                Some(watch)
            }
            None => None,
        };
        let saved = (held.checkpoint.as_ref().map_or(0, |(position, _)| *position), Instant::now());
        let mut follower = Follower {
            program,
            options,
            held,
            standby: None,
            watch,
            known: Known::default(),
            signals,
            saving: None,
            unconfirmed: None,
            saved,
            said: Standing::Syncing,
            to_lead: false,
            look_at: Instant::now(),
        };
        let version = program.version().to_owned();
        follower.tell_primary(&ToPartner::Hello { version });
        Ok(follower)
    }

    /// Stands by until this process must be primary.
    pub(super) fn stand_by(&mut self) -> Result<(), Ending> {
        if self.held.follow == Follow::Warm {
            self.held.log.store(Word::TwinState, TwinState::Holding as u64);
            self.stand(Standing::Holding);
        }
        loop {
            self.hear_signals()?;
            self.hear_keeper()?;
            self.hear_primary()?;
            if self.must_lead() {
                return self.catch_up();
            }
            if self.held.follow == Follow::Hot && self.said != Standing::Diverged {
                self.follow()?;
            }
            self.look_at_saving();
            self.look_at_primary();
            self.sleep()?;
        }
    }

    /// Whether nobody is primary any more.
    fn must_lead(&mut self) -> bool {
        if self.said == Standing::Diverged {
            return false;
        }
        let Some(watch) = &self.watch else {
            if self.to_lead {
                self.known.detected = self.held.sockets.now();
            }
            return self.to_lead;
        };
        let released = self.held.log.load(Word::Released) == 1;
        let ended = watch.ended_at();
        if released || ended.is_some_and(|_| watch.is_past()) || watch.pidfd.is_over() {
            self.known.detected = self.held.sockets.now();
            self.known.ended_at = ended;
            self.known.released = released;
            return true;
        }
        false
    }

    /// Has a state, and brings it to where the dead primary was.
    fn catch_up(&mut self) -> Result<(), Ending> {
        self.hear_all()?;
        if self.standby.is_none() {
            // To restore and to replay may take seconds.
            super::usual_pace();
        }
        self.restore()?;
        loop {
            let Some(standby) = &mut self.standby else { return Err(Ending::Unfit("no state".to_owned())) };
            match standby.follow(&mut self.held.log, &mut self.held.sockets, BUDGET) {
                Ok(followed) if followed.behind == 0 => break,
                Ok(_) => {}
                // An entry that fits the primary's state and not this one says the same as a digest.
                Err(error) if self.watch.is_some() && !matches!(error, FollowError::Log(_)) => {
                    return Err(self.diverged(&error));
                }
                Err(error) => return Err(self.unfit(&error.to_string())),
            }
        }
        // One that was made when nobody led any more has nobody to be held against. Who has handed over has compared.
        let alone = self.watch.is_none() || self.known.released;
        match &mut self.standby {
            Some(standby) if !alone => {
                let held = standby.hold_against(&mut self.held.log);
                held.map_err(|error| self.diverged(&error))
            }
            _ => Ok(()),
        }
    }

    /// It came to something else than the primary, which is gone: the next process goes on, from what is kept.
    fn diverged(&mut self, error: &FollowError) -> Ending {
        tracing::error!("{error}; it does not take over: a process made from checkpoint and log does");
        self.stand(Standing::Diverged);
        Ending::Unfit(error.to_string())
    }

    /// Takes all sockets that are on their way.
    fn hear_all(&mut self) -> Result<(), Ending> {
        self.hear_keeper()?;
        self.hear_primary()
    }

    /// The state that is kept, or the one from which everything began.
    fn restore(&mut self) -> Result<(), Ending> {
        if self.standby.is_some() {
            return Ok(());
        }
        let standby = match &self.held.checkpoint {
            Some((_, file)) => {
                let read = Checkpoint::read(file).map_err(|error| error.to_string());
                let restored = read.and_then(|checkpoint| {
                    Standby::restore(checkpoint.octets()).map_err(|error| error.to_string())
                });
                restored.map_err(|why| self.unfit(&why))?
            }
            None => Standby::genesis(self.program.genesis(self.held.log.seed())),
        };
        self.standby = Some(standby);
        Ok(())
    }

    fn follow(&mut self) -> Result<(), Ending> {
        self.restore()?;
        let Some(standby) = &mut self.standby else { return Ok(()) };
        match standby.follow(&mut self.held.log, &mut self.held.sockets, BUDGET) {
            Ok(followed) if followed.behind == 0 => self.stand(Standing::InStep),
            Ok(_) => {}
            Err(error) if !matches!(error, FollowError::Log(_)) => {
                tracing::error!("{error}; this twin has diverged, it will not take over");
                self.stand(Standing::Diverged);
            }
            Err(error) => return Err(self.unfit(&error.to_string())),
        }
        Ok(())
    }

    fn unfit(&mut self, why: &str) -> Ending {
        if self.watch.is_none() {
            self.tell_keeper(&ToKeeper::Unrestorable(why.to_owned()));
        }
        Ending::Unfit(why.to_owned())
    }

    fn stand(&mut self, standing: Standing) {
        if self.said != standing {
            self.said = standing;
            self.tell_keeper(&ToKeeper::Stands(standing));
        }
    }

    fn hear_signals(&mut self) -> Result<(), Ending> {
        while let Some(signal) = self.signals.next() {
            if signal == libc::SIGTERM {
                return Err(Ending::Asked);
            }
        }
        Ok(())
    }

    fn hear_keeper(&mut self) -> Result<(), Ending> {
        while let Some(link) = &mut self.held.keeper {
            let mut parcel = match link.receive() {
                Ok(Some(parcel)) => parcel,
                Ok(None) => break,
                // It would lead without a socket.
                Err(error @ ChannelError::DescriptorLost) => return Err(Ending::Unfit(error.to_string())),
                Err(error) => {
                    tracing::debug!("the keeper is gone: {error}");
                    self.held.keeper = None;
                    break;
                }
            };
            let first = parcel.first();
            match (parcel.message, first) {
                (ToChild::Item(item), Some(descriptor)) => self.held.take(item, descriptor)?,
                (ToChild::PrimaryEnded { exit }, _) => self.known.exit = exit,
                (ToChild::Tell(Tell::Lead), _) => self.to_lead = true,
                (ToChild::Tell(Tell::Follow), _) => {
                    self.held.follow = Follow::Hot;
                    self.stand(Standing::Syncing);
                }
                // The rest is for a primary.
                (_, _) => {}
            }
        }
        if self.held.keeper.is_none() && Instant::now() >= self.look_at {
            self.look_at = Instant::now() + LOOK;
            self.look_for_keeper();
        }
        Ok(())
    }

    fn hear_primary(&mut self) -> Result<(), Ending> {
        while let Some(partner) = &mut self.held.partner {
            let mut parcel: Parcel<ToPartner> = match partner.link.receive() {
                Ok(Some(parcel)) => parcel,
                Ok(None) => break,
                Err(error @ ChannelError::DescriptorLost) => return Err(Ending::Unfit(error.to_string())),
                Err(error) => {
                    tracing::debug!("the primary says no more: {error}");
                    self.held.partner = None;
                    break;
                }
            };
            let first = parcel.first();
            match (parcel.message, first) {
                (ToPartner::Item(item), Some(descriptor)) => self.held.take(item, descriptor)?,
                (ToPartner::Handing(cause), _) => self.known.handing = Some(cause),
                (ToPartner::HandOver { position }, Some(file)) => {
                    self.held.checkpoint = Some((position, file));
                    self.standby = None;
                    let result = self.restore().map_err(|error| error.to_string());
                    if result.is_ok() {
                        self.said = Standing::Syncing;
                    }
                    self.tell_primary(&ToPartner::HandedOver(result));
                }
                (_, _) => {}
            }
        }
        Ok(())
    }

    fn look_for_keeper(&mut self) {
        let dir = crate::sys::keeper::run_dir::RunDir::new(&self.options.run_dir);
        let Ok(channel) = Channel::connect(&dir.socket()) else { return };
        self.held.keeper = Some(Link::new(channel));
        self.tell_keeper(&ToKeeper::Hello { settings: self.held.settings });
        self.held.upload();
        self.tell_keeper(&ToKeeper::Uploaded(Where::Standby(self.said)));
    }

    pub(super) fn tell_keeper(&mut self, message: &ToKeeper) {
        if self.held.keeper.as_mut().is_some_and(|link| link.send(message, &[]).is_err()) {
            self.held.keeper = None;
        }
    }

    fn tell_primary(&mut self, message: &ToPartner) {
        if self.held.partner.as_mut().is_some_and(|partner| partner.link.send(message, &[]).is_err()) {
            self.held.partner = None;
        }
    }

    fn look_at_primary(&mut self) {
        let now = self.held.sockets.now();
        let Some(watch) = &mut self.watch else { return };
        match watch.look(now, &self.held.log, &self.held.sockets) {
            Judgement::Fine => {}
            Judgement::Starved { since } => {
                tracing::warn!(
                    "the primary has not been let run for {} ms; it is left alone",
                    ms(now, since)
                );
            }
            Judgement::Hung { how: Hang::Uninterruptible, since } => {
                tracing::error!(
                    "the primary sleeps in the kernel for {} ms and cannot be ended",
                    ms(now, since)
                );
                watch.pidfd.kill();
            }
            Judgement::Hung { how, since } => {
                tracing::error!(
                    "the primary makes no progress for {} ms ({how:?}); it is killed",
                    ms(now, since)
                );
                self.known.hung_since = Some(since);
                watch.pidfd.kill();
            }
        }
    }

    /// A hot twin that is in step makes the checkpoints.
    fn look_at_saving(&mut self) {
        if let Some((place, saving)) = &mut self.saving {
            let (place, Some(finished)) = (*place, saving.finished()) else { return };
            let file = finished.and_then(|file| file.try_clone_to_owned());
            self.saving = None;
            match file {
                Ok(file) => self.unconfirmed = Some((place, file)),
                Err(error) => tracing::error!("a checkpoint came to nothing: {error}"),
            }
        }
        if let Some((place, file)) = self.unconfirmed.take_if(|(place, _)| {
            let compared = self.standby.as_ref().and_then(Standby::compared);
            self.said == Standing::InStep && compared.is_some_and(|(entry, _)| entry.0 >= place.number)
        }) {
            self.give_checkpoint(place.position, file);
        }
        let (Some(standby), Standing::InStep) = (&self.standby, self.said) else { return };
        let state = standby.state();
        let moved = state.cursor().position.saturating_sub(self.saved.0);
        let age = self.saved.1.elapsed();
        let due = moved > self.held.log.capacity() / 2
            || moved > 0 && age >= Duration::from_micros(self.held.settings.checkpoint_interval_us);
        if !due || self.unconfirmed.is_some() {
            return;
        }
        self.saved = (state.cursor().position, Instant::now());
        let place = super::place_of(state.cursor());
        match checkpoint::in_memory().and_then(|file| checkpoint::save(file, place, |to| state.save(to))) {
            Ok(saving) => self.saving = Some((place, saving)),
            Err(error) => tracing::error!("no checkpoint can be made: {error}"),
        }
    }

    /// Gives everybody a checkpoint that a digest of the primary's has confirmed since: what a process is made from that
    /// nobody can compare with anything must not come from a twin that went astray.
    fn give_checkpoint(&mut self, position: u64, file: OwnedFd) {
        let item = ToKeeper::Item(Item::Checkpoint { position });
        let keeper = self.held.keeper.as_mut();
        if keeper.is_some_and(|link| link.send(&item, &[file.as_fd()]).is_err()) {
            self.held.keeper = None;
        }
        let item = ToPartner::Item(Item::Checkpoint { position });
        let partner = self.held.partner.as_mut();
        if partner.is_some_and(|partner| partner.link.send(&item, &[file.as_fd()]).is_err()) {
            self.held.partner = None;
        }
        self.held.checkpoint = Some((position, file));
    }

    /// Sends what waits; whether something still does.
    fn flush(&mut self) -> bool {
        if self.held.keeper.as_mut().is_some_and(|link| link.flush().is_err()) {
            self.held.keeper = None;
        }
        self.held.keeper.as_ref().is_some_and(|link| link.waiting() > 0)
    }

    /// Sleeps until there is something to follow or to hear.
    fn sleep(&mut self) -> Result<(), Ending> {
        self.held.log.about_to_sleep();
        let follows = self.held.follow == Follow::Hot && self.said != Standing::Diverged;
        let behind = self.standby.as_ref().is_some_and(|standby| standby.is_behind(&self.held.log));
        let released = self.held.log.load(Word::Released) == 1;
        let mut most = if self.flush() { FLUSH } else { LONGEST_SLEEP };
        if let Some(watch) = &self.watch {
            let next = watch.deadline().0.saturating_sub(self.held.sockets.now().0);
            most = most.min(Duration::from_micros(next));
        }
        if follows && behind || self.watch.is_some() && released {
            most = Duration::ZERO;
        }
        let timeout = Timespec::try_from(most).map_err(io::Error::other)?;
        let mut polled =
            vec![PollFd::new(&self.held.bell, PollFlags::IN), PollFd::new(&self.signals, PollFlags::IN)];
        polled.extend(self.held.keeper.as_ref().map(|link| PollFd::new(link, PollFlags::IN)));
        polled.extend(self.held.partner.as_ref().map(|partner| PollFd::new(&partner.link, PollFlags::IN)));
        if let Some(watch) = &self.watch {
            polled.push(PollFd::from_borrowed_fd(watch.descriptor(), PollFlags::IN));
            polled.push(PollFd::new(&watch.pidfd, PollFlags::IN));
        }
        match rustix::event::poll(&mut polled, Some(&timeout)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(io::Error::from(error).into()),
        }
        self.held.log.store(Word::TwinSleeps, 0);
        let _ = self.held.bell.hear();
        Ok(())
    }
}

fn ms(now: Time, since: Time) -> u64 {
    now.0.saturating_sub(since.0) / 1000
}
