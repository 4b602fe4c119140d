//! What a primary has to do with its keeper and its twin, beside serving: what they say, what they are given,
//! checkpoints, handing over.
//!
//! The program's loop watches [`Links`]' descriptors in the sockets' poll (they are registered there already),
//! calls [`Links::turn`] once in every turn before the core's, and [`Links::end_turn`] after it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;
use std::rc::Rc;
use std::time::{Duration, Instant};

use crate::core::input::{Cookie, ListenerId};
use crate::core::kernel::{Accepted, Kernel};
use crate::core::machine::Machine;
use crate::core::memory::{Memory, Word};
use crate::core::primary::{Primary, Wake};
use crate::core::record::Cause;
use crate::core::role::{Blame, Mode, Order, Settings, Tell};
use crate::core::standby::TwinState;
use crate::core::status::{Protection, Status};
use crate::sys::bell::Bell;
use crate::sys::channel::Channel;
use crate::sys::checkpoint::Saving;
use crate::sys::keeper::Options;
use crate::sys::keeper::run_dir::RunDir;
use crate::sys::life::Life;
use crate::sys::link::{Link, Parcel};
use crate::sys::memory::SharedLog;
use crate::sys::message::{From, Item, ToChild, ToKeeper, ToPartner};
use crate::sys::poll::Interest;
use crate::sys::signals::Signals;
use crate::sys::socket;
use crate::sys::sockets::{Sockets, Source};
use crate::sys::title::Part;

use super::handing::{Boundary, Handing};
use super::join::Partner;
use super::moving::Moving;
use super::pulse::{Progress, Pulse};
use super::wires::Wires;

/// The numbers of the descriptors here, among the program's own.
pub(super) const KEEPER: Source = Source::Own(1 << 61);
const TWIN: Source = Source::Own((1 << 61) + 1);
const SIGNALS: Source = Source::Own((1 << 61) + 2);
pub(super) const SAVING: Source = Source::Own((1 << 61) + 3);
/// How long the log is kept for a standby that is made to be handed over to.
const HAND_OVER_WITHIN: Duration = Duration::from_secs(60);
/// How often a lost keeper is looked for, and a silent one looked at.
const LOOK: Duration = Duration::from_millis(100);

/// What the program is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// End orderly: bring the machine to its end, then [`Links::finish`].
    Stop,
    /// Read the configuration again.
    Reload,
    /// What became of an order.
    Answer(u64, Result<(), String>),
    /// This is the mode now.
    Mode(Mode),
}

/// What the program does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Course {
    /// It goes on.
    GoOn,
    /// The twin is primary: this process drops out at once, without a word to anybody.
    Released,
}

/// A process of the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// The program's version in it; none where it has not said so yet.
    pub version: Option<String>,
}

/// How the redundancy stands, for the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redundancy {
    /// What log and words tell.
    pub status: Status,
    /// This process.
    pub primary: Process,
    /// How long it has been primary.
    pub uptime: Duration,
    /// The twin, if there is one.
    pub twin: Option<Process>,
}

/// What a standby held beside log and sockets.
pub(super) struct Rest {
    pub version: String,
    pub bell: Bell,
    pub settings: Settings,
    pub offered: BTreeMap<String, OwnedFd>,
    pub checkpoint: Option<(u64, OwnedFd)>,
    pub life: Life,
}

/// Keeper and twin, as a primary sees them.
pub struct Links {
    pub(super) wires: Rc<RefCell<Wires>>,
    pub(super) dir: RunDir,
    pub(super) state_dir: PathBuf,
    version: String,
    since: Instant,
    pub(super) bell: Bell,
    pub(super) settings: Settings,
    pub(super) offered: Vec<(String, OwnedFd)>,
    pub(super) checkpoint: Option<(u64, OwnedFd)>,
    signals: Signals,
    pub(super) saving: Option<(u64, Saving)>,
    pub(super) twin: Option<Process>,
    pub(super) handing: Option<Handing>,
    pub(super) pulse: Pulse,
    look_at: Instant,
    pub(super) protection: Option<Protection>,
    /// The twin was too slow and is to be replaced.
    pub(super) suspended: bool,
    pub(super) twin_progress: Progress,
    /// Held for the main thread's life: its end is what the twin waits for.
    pub(super) life: Option<Life>,
    pub(super) moving: Moving,
}

impl Links {
    pub(super) fn new(wires: Rc<RefCell<Wires>>, options: &Options, held: Rest, signals: Signals) -> Links {
        Links {
            wires,
            dir: RunDir::new(&options.run_dir),
            state_dir: options.state_dir.clone(),
            version: held.version,
            since: Instant::now(),
            bell: held.bell,
            settings: held.settings,
            offered: held.offered.into_iter().collect(),
            checkpoint: held.checkpoint,
            signals,
            saving: None,
            twin: None,
            handing: None,
            pulse: Pulse::new(),
            look_at: Instant::now(),
            protection: None,
            suspended: false,
            twin_progress: Progress::new(),
            life: Some(held.life),
            moving: Moving::default(),
        }
    }

    /// Says to all that this process is primary, and hears from now on what they say.
    pub(super) fn proclaim(&mut self, epoch: u32, blame: Blame, sockets: &Sockets) {
        let own = std::process::id();
        if let Err(error) = self.dir.say(Part::Primary, own) {
            tracing::error!("the run directory does not say who is primary: {error}");
        }
        self.dir.unsay(Part::Twin, own);
        let poll = sockets.poll();
        let mut wires = self.wires.borrow_mut();
        wires.tell_keeper(&ToKeeper::Holds(sockets.iter().map(|(cookie, ..)| cookie).collect()), &[]);
        wires.tell_keeper(&ToKeeper::Leads { epoch, blame }, &[]);
        let keeper = wires.keeper.as_ref().map(|link| poll.add(link, KEEPER.token(), Interest::IN));
        let signals = poll.add(&self.signals, SIGNALS.token(), Interest::IN);
        if let Err(error) = keeper.unwrap_or(Ok(())).and(signals) {
            tracing::error!("the keeper cannot be heard: {error}");
        }
    }

    /// Whether a readiness is about what is looked at here.
    #[must_use]
    pub fn owns(source: Source) -> bool {
        matches!(source, Source::Own(number) if number >> 61 & 1 == 1)
    }

    /// Does what keeper, twin and signals want, and tells what of it is the program's.
    pub fn turn<M: Machine>(
        &mut self,
        primary: &mut Primary<M, SharedLog>,
        sockets: &mut Sockets,
    ) -> Vec<News> {
        let mut news = Vec::new();
        while let Some(signal) = self.signals.next() {
            self.signal(signal, &mut news);
        }
        while let Some(parcel) = self.next_of_keeper() {
            self.heard(parcel, primary, sockets, &mut news);
        }
        while let Some(parcel) = self.next_of_twin() {
            self.heard_of_twin(parcel, primary);
        }
        self.look_at_saving(primary, sockets);
        self.go_on_moving(primary, sockets);
        let now = Instant::now();
        if now >= self.look_at {
            self.look_at = now + LOOK;
            self.look_at_keeper(now, primary, sockets);
            self.look_at_log(now, primary);
        }
        self.wires.borrow_mut().flush();
        news
    }

    /// Takes what the core's turn came to: wakes the twin, makes a checkpoint where one is due, hands over.
    pub fn end_turn<M: Machine>(
        &mut self,
        wake: Wake,
        primary: &mut Primary<M, SharedLog>,
        sockets: &mut Sockets,
    ) -> Course {
        if wake == Wake::Twin {
            self.bell.ring();
        }
        // A hot twin that is in step makes them.
        let own = self.settings.mode != Mode::Hot || !self.twin_is_in_step(primary.memory());
        if own && self.saving.is_none() && primary.checkpoint_due() {
            self.save(primary, sockets);
        }
        self.hand_over(primary, sockets)
    }

    /// When a turn is due at the latest.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        let soon = Instant::now() + Duration::from_millis(1);
        if self.handing.is_some() || self.wires.borrow().is_waiting() { soon } else { self.look_at }
    }

    /// Asks for something; the answer is news, under the asker's number.
    pub fn order(&mut self, asker: u64, order: Order) {
        self.wires.borrow_mut().tell_keeper(&ToKeeper::Ordered(asker, order), &[]);
    }

    /// Says that the program serves.
    pub fn ready(&mut self) {
        self.wires.borrow_mut().tell_keeper(&ToKeeper::Ready, &[]);
    }

    /// Says how things stand, in a line, to whoever started the program.
    pub fn say_status(&mut self, line: &str) {
        self.wires.borrow_mut().tell_keeper(&ToKeeper::Status(line.to_owned()), &[]);
    }

    /// Other settings from now on.
    pub fn set<M: Machine>(&mut self, settings: Settings, primary: &mut Primary<M, SharedLog>) {
        self.settings = settings;
        primary.set(super::bounds(&settings));
        self.wires.borrow_mut().tell_keeper(&ToKeeper::Settings(settings), &[]);
    }

    /// What is configured.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Says that the program ends on purpose with this status, and all its processes with it.
    pub fn finish(&mut self, status: u8) {
        crate::sys::note::retract();
        self.dir.unsay(Part::Primary, std::process::id());
        self.wires.borrow_mut().tell_keeper(&ToKeeper::Finished(status), &[]);
    }

    /// Says that another process is primary: this one ends without a word.
    pub fn release(&mut self) {
        crate::sys::note::retract();
        if let Some(life) = self.life.take() {
            life.release();
        }
    }

    /// How the redundancy stands.
    pub fn redundancy<M: Machine>(&self, primary: &Primary<M, SharedLog>) -> Redundancy {
        let mut status = primary.status();
        status.protection = self.protection_of(&status, primary);
        if self.suspended {
            status.protection = Protection::Unprotected;
            status.twin.state = TwinState::Suspended;
        }
        let own = Process { pid: std::process::id(), version: Some(self.version.clone()) };
        Redundancy { status, primary: own, uptime: self.since.elapsed(), twin: self.twin.clone() }
    }

    /// What the program opened before it had any child, by its own names.
    pub fn offered(&self) -> impl Iterator<Item = (&str, std::os::fd::BorrowedFd<'_>)> {
        self.offered.iter().map(|(name, descriptor)| (name.as_str(), descriptor.as_fd()))
    }

    /// Accepts in the keeper's place, where [`Source::Listener`] became ready.
    pub fn accept<M: Machine>(
        &mut self,
        listener: ListenerId,
        primary: &mut Primary<M, SharedLog>,
        sockets: &mut Sockets,
    ) {
        self.wires.borrow_mut().accepting = Some(listener);
        for accepted in sockets.accept(listener) {
            primary.accepted(sockets, accepted);
        }
        self.wires.borrow_mut().accepting = None;
    }

    fn signal(&mut self, signal: i32, news: &mut Vec<News>) {
        match signal {
            libc::SIGHUP => news.push(News::Reload),
            libc::SIGTERM if self.pulse.is_fresh() && self.wires.borrow().keeper.is_some() => {
                self.order(0, Order::Switchover(Cause::Switchover));
            }
            libc::SIGTERM => self.begin_handing(Cause::Switchover, Boundary::NotWanted),
            _ => {}
        }
    }

    fn next_of_keeper(&mut self) -> Option<Parcel<ToChild>> {
        let mut wires = self.wires.borrow_mut();
        match wires.keeper.as_mut()?.receive() {
            Ok(parcel) => parcel,
            Err(error) => {
                tracing::warn!("the keeper is gone ({error}); waiting for another one");
                wires.keeper = None;
                None
            }
        }
    }

    fn next_of_twin(&mut self) -> Option<Parcel<ToPartner>> {
        let mut wires = self.wires.borrow_mut();
        match wires.twin.as_mut()?.link.receive() {
            Ok(parcel) => parcel,
            Err(error) => {
                tracing::debug!("the twin is gone: {error}");
                wires.twin = None;
                drop(wires);
                self.twin = None;
                None
            }
        }
    }

    fn heard<M: Machine>(
        &mut self,
        parcel: Parcel<ToChild>,
        primary: &mut Primary<M, SharedLog>,
        sockets: &mut Sockets,
        news: &mut Vec<News>,
    ) {
        let Parcel { message, descriptors } = parcel;
        let first = descriptors.into_iter().next();
        match (message, first) {
            (ToChild::Item(Item::Socket { cookie, from: From::Listener(listener) }), Some(socket)) => {
                self.accepted(cookie, listener, socket, primary, sockets);
            }
            (ToChild::Twin { pid }, Some(channel)) => self.meet_twin(pid, channel, sockets),
            (ToChild::TwinEnded { pid }, _) => {
                if self.twin.as_ref().is_some_and(|twin| twin.pid == pid) {
                    self.twin = None;
                    self.wires.borrow_mut().twin = None;
                }
            }
            (ToChild::Tell(Tell::Checkpoint), _) => {
                // One that is under way may begin before what is kept of the log.
                self.drop_saving(sockets);
                primary.keep_log(HAND_OVER_WITHIN);
                self.save(primary, sockets);
            }
            (ToChild::Tell(Tell::Switchover(cause)), _) => self.begin_handing(cause, Boundary::NotWanted),
            (ToChild::Tell(Tell::HandOver(cause)), _) => self.begin_handing(cause, Boundary::Wanted),
            (ToChild::Tell(Tell::Mode(mode)), _) => {
                self.settings.mode = mode;
                primary.set(super::bounds(&self.settings));
                self.look_at = Instant::now();
                news.push(News::Mode(mode));
            }
            (ToChild::Tell(Tell::MoveLog), _) => self.begin_moving(primary, sockets),
            (ToChild::Tell(Tell::Stop), _) => news.push(News::Stop),
            (ToChild::Reload, _) => news.push(News::Reload),
            (ToChild::Answer(asker, answer), _) => news.push(News::Answer(asker, answer)),
            // What is for standbys was on its way when this process became primary.
            (_, _) => {}
        }
    }

    fn heard_of_twin<M: Machine>(
        &mut self,
        mut parcel: Parcel<ToPartner>,
        primary: &mut Primary<M, SharedLog>,
    ) {
        let first = parcel.first();
        if let (ToPartner::Item(Item::Checkpoint { position }), Some(file)) = (&parcel.message, first) {
            return self.hold_checkpoint(*position, file, primary);
        }
        match (parcel.message, &mut self.twin, &mut self.handing) {
            (ToPartner::Hello { version }, Some(twin), _) => twin.version = Some(version),
            (ToPartner::HandedOver(Err(why)), _, Some(handing)) => handing.boundary = Boundary::Refused(why),
            _ => {}
        }
    }

    /// Takes a connection that was accepted for the program, unless it is held already.
    fn accepted<M: Machine>(
        &mut self,
        cookie: Cookie,
        listener: ListenerId,
        descriptor: OwnedFd,
        primary: &mut Primary<M, SharedLog>,
        sockets: &mut Sockets,
    ) {
        if sockets.positions(cookie).is_ok() {
            return;
        }
        // One whose peer is gone already has no ends, and nobody needs it.
        let Ok((local, remote)) = socket::ends(&descriptor) else {
            return self.wires.borrow_mut().tell_keeper(&ToKeeper::Forget(cookie), &[]);
        };
        self.wires.borrow_mut().listeners.insert(cookie, listener);
        match sockets.hold(descriptor, From::Listener(listener).origin()) {
            Ok(_) => primary.accepted(sockets, Accepted { socket: cookie, listener, local, remote }),
            Err(error) => tracing::error!("a connection from {remote} cannot be held: {error}"),
        }
    }

    fn meet_twin(&mut self, pid: u32, channel: OwnedFd, sockets: &Sockets) {
        let link = match Channel::from_descriptor(channel) {
            Ok(channel) => Link::new(channel),
            Err(error) => return tracing::error!("there is no way to the new twin: {error}"),
        };
        if let Err(error) = sockets.poll().add(&link, TWIN.token(), Interest::IN) {
            return tracing::error!("the new twin cannot be heard: {error}");
        }
        let mut wires = self.wires.borrow_mut();
        wires.twin = Some(Partner { pid, link });
        wires.give_twin_all(sockets);
        self.twin = Some(Process { pid, version: None });
        drop(wires);
        self.suspended = false;
    }

    fn twin_is_in_step(&self, memory: &impl Memory) -> bool {
        self.twin.is_some() && memory.load(Word::TwinState) == TwinState::InStep as u64
    }
}
