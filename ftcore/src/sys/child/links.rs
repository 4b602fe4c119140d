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
use crate::core::primary::{HandOver, Primary, Wake};
use crate::core::record::Cause;
use crate::core::role::{Mode, Order, Settings, Tell};
use crate::core::standby::TwinState;
use crate::core::status::Protection;
use crate::sys::bell::Bell;
use crate::sys::channel::Channel;
use crate::sys::checkpoint::{self, Saving};
use crate::sys::keeper::Options;
use crate::sys::keeper::kept;
use crate::sys::keeper::run_dir::RunDir;
use crate::sys::link::{Link, Parcel};
use crate::sys::memory::SharedLog;
use crate::sys::message::{self, From, Item, ToChild, ToKeeper, ToPartner};
use crate::sys::poll::Interest;
use crate::sys::signals::Signals;
use crate::sys::socket;
use crate::sys::sockets::{Sockets, Source};
use crate::sys::title::Part;

use super::join::Partner;
use super::wires::Wires;

/// The numbers of the descriptors here, among the program's own.
const KEEPER: Source = Source::Own(1 << 61);
const TWIN: Source = Source::Own((1 << 61) + 1);
const SIGNALS: Source = Source::Own((1 << 61) + 2);
const SAVING: Source = Source::Own((1 << 61) + 3);
/// How often a lost keeper is looked for, and a silent one looked at.
const LOOK: Duration = Duration::from_millis(100);
/// After so long without a sign the keeper counts as stopped, and the primary accepts by itself.
const KEEPER_SILENT: Duration = Duration::from_secs(1);
/// How long handing over may take until it is given up.
const HAND_OVER: Duration = Duration::from_secs(10);

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

/// The twin, as the primary knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Twin {
    /// Its process.
    pub pid: u32,
    /// The program's version in it.
    pub version: Option<String>,
}

#[derive(Debug)]
struct Handing {
    cause: Cause,
    until: Instant,
    /// A state that the twin is to be, instead of its own: what became of it.
    boundary: Option<Option<Result<(), String>>>,
}

/// A keeper's signs of life.
#[derive(Debug)]
struct Pulse {
    tick: u64,
    since: Instant,
    accepting: bool,
}

/// What a standby held beside log and sockets.
pub(super) struct Rest {
    pub bell: Bell,
    pub settings: Settings,
    pub offered: BTreeMap<String, OwnedFd>,
    pub checkpoint: Option<(u64, OwnedFd)>,
}

/// Keeper and twin, as a primary sees them.
#[derive(Debug)]
pub struct Links {
    pub(super) wires: Rc<RefCell<Wires>>,
    pub(super) dir: RunDir,
    state_dir: PathBuf,
    pub(super) bell: Bell,
    pub(super) settings: Settings,
    pub(super) offered: Vec<(String, OwnedFd)>,
    pub(super) checkpoint: Option<(u64, OwnedFd)>,
    signals: Signals,
    saving: Option<(u64, Saving)>,
    twin: Option<Twin>,
    handing: Option<Handing>,
    pulse: Pulse,
    look_at: Instant,
    protection: Option<Protection>,
    /// The twin was too slow and is to be replaced.
    suspended: bool,
}

impl Links {
    pub(super) fn new(wires: Rc<RefCell<Wires>>, options: &Options, held: Rest, signals: Signals) -> Links {
        Links {
            wires,
            dir: RunDir::new(&options.run_dir),
            state_dir: options.state_dir.clone(),
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
        }
    }

    /// Says to all that this process is primary, and hears from now on what they say.
    pub(super) fn proclaim(&mut self, epoch: u32, sockets: &Sockets) {
        let own = std::process::id();
        if let Err(error) = self.dir.say(Part::Primary, own) {
            tracing::error!("the run directory does not say who is primary: {error}");
        }
        self.dir.unsay(Part::Twin, own);
        let poll = sockets.poll();
        let mut wires = self.wires.borrow_mut();
        wires.tell_keeper(&ToKeeper::Holds(sockets.iter().map(|(cookie, ..)| cookie).collect()), &[]);
        wires.tell_keeper(&ToKeeper::Leads { epoch }, &[]);
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
        let now = Instant::now();
        if now >= self.look_at {
            self.look_at = now + LOOK;
            self.look_at_keeper(now, primary, sockets);
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

    /// The twin, if there is one.
    #[must_use]
    pub fn twin(&self) -> Option<&Twin> {
        self.twin.as_ref()
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
                self.order(0, Order::Switchover(Cause::Stop));
            }
            libc::SIGTERM => self.begin_handing(Cause::Stop, None),
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
            (ToChild::Tell(Tell::Checkpoint), _) => self.save(primary, sockets),
            (ToChild::Tell(Tell::Switchover(cause)), _) => self.begin_handing(cause, None),
            (ToChild::Tell(Tell::HandOver(cause)), _) => self.begin_handing(cause, Some(None)),
            (ToChild::Tell(Tell::Mode(mode)), _) => {
                self.settings.mode = mode;
                primary.set(super::bounds(&self.settings));
                news.push(News::Mode(mode));
            }
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
            (ToPartner::HandedOver(result), _, Some(Handing { boundary: Some(boundary), .. })) => {
                *boundary = Some(result);
            }
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
        self.twin = Some(Twin { pid, version: None });
        drop(wires);
        self.suspended = false;
    }

    fn twin_is_in_step(&self, memory: &impl Memory) -> bool {
        self.twin.is_some() && memory.load(Word::TwinState) == TwinState::InStep as u64
    }
}

/// Checkpoints, and handing over.
impl Links {
    fn save<M: Machine>(&mut self, primary: &Primary<M, SharedLog>, sockets: &Sockets) {
        if self.saving.is_some() {
            return;
        }
        let state = primary.state();
        let cursor = state.cursor();
        let place = super::place_of(cursor);
        let file = match self.settings.mode {
            Mode::Cold => checkpoint::on_disk(&kept::early(&self.state_dir)),
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

    /// Holds the newest checkpoint for the next keeper. While none says that it has it, this process does.
    fn hold_checkpoint<M: Machine>(
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

    fn look_at_saving<M: Machine>(&mut self, primary: &mut Primary<M, SharedLog>, sockets: &Sockets) {
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

    fn begin_handing(&mut self, cause: Cause, boundary: Option<Option<Result<(), String>>>) {
        if self.handing.is_some() {
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

    fn hand_over<M: Machine>(
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
            Some(Some(Err(why))) => Some(why.clone()),
            _ if self.twin.is_none() => Some("the twin is gone".to_owned()),
            _ if Instant::now() > handing.until => Some("the twin did not come in step in time".to_owned()),
            _ => None,
        };
        if let Some(why) = why {
            self.handing = None;
            primary.keep();
            self.refuse(&why);
        } else if handing.boundary == Some(None) {
            // Nothing new is in the log from now on, so this is its end.
            handing.boundary = Some(Some(Ok(())));
            if let Err(why) = self.give_state(primary) {
                self.handing = None;
                primary.keep();
                self.refuse(&why.to_string());
            }
        }
        Course::GoOn
    }

    /// Gives the twin the state itself.
    fn give_state<M: Machine>(&mut self, primary: &Primary<M, SharedLog>) -> std::io::Result<()> {
        let state = primary.state();
        let cursor = state.cursor();
        let file = checkpoint::in_memory()?;
        checkpoint::save_here(file.as_fd(), super::place_of(cursor), |to| state.save(to))?;
        let message = ToPartner::HandOver { position: cursor.position };
        self.wires.borrow_mut().tell_twin(&message, &[file.as_fd()]);
        Ok(())
    }
}

/// A keeper that is lost, or silent.
impl Links {
    fn look_at_keeper<M: Machine>(
        &mut self,
        now: Instant,
        primary: &Primary<M, SharedLog>,
        sockets: &mut Sockets,
    ) {
        self.pulse.take(now, primary.memory().load(Word::KeeperTick));
        match (self.pulse.is_fresh(), self.pulse.accepting) {
            (false, false) => match sockets.register_listeners() {
                Ok(()) => {
                    tracing::warn!("the keeper does nothing; the primary accepts by itself");
                    self.pulse.accepting = true;
                }
                Err(error) => tracing::error!("the primary cannot accept by itself: {error}"),
            },
            (true, true) => {
                sockets.deregister_listeners();
                self.pulse.accepting = false;
            }
            _ => {}
        }
        if self.wires.borrow().keeper.is_none() {
            self.look_for_keeper(primary, sockets);
        }
        self.look_at_protection(primary);
    }

    /// Says loudly when a crash would cost connections, and when it would not any more.
    fn look_at_protection<M: Machine>(&mut self, primary: &Primary<M, SharedLog>) {
        let status = primary.status();
        let left_behind = self.twin.is_some()
            && matches!(status.twin.state, TwinState::InStep | TwinState::Syncing)
            && primary.memory().load(Word::TwinApplied) < primary.memory().load(Word::Tail);
        if left_behind && !self.suspended {
            self.suspended = true;
            tracing::warn!("the twin is too slow: this primary goes on without it");
            self.wires.borrow_mut().tell_keeper(&ToKeeper::Suspended, &[]);
        }
        let protection = if left_behind { Protection::Unprotected } else { status.protection };
        if self.protection.replace(protection) == Some(protection) {
            return;
        }
        let line = match protection {
            Protection::Protected => "protected",
            Protection::Syncing => "not protected yet: the standby is being made",
            Protection::Unprotected => "not protected: a crash of this process costs the connections",
        };
        match protection {
            Protection::Protected => tracing::info!("{line}"),
            Protection::Syncing | Protection::Unprotected => tracing::warn!("{line}"),
        }
        self.say_status(line);
    }

    fn look_for_keeper<M: Machine>(&mut self, primary: &Primary<M, SharedLog>, sockets: &Sockets) {
        let Ok(channel) = Channel::connect(&self.dir.socket()) else { return };
        let link = Link::new(channel);
        if let Err(error) = sockets.poll().add(&link, KEEPER.token(), Interest::IN) {
            return tracing::error!("the new keeper cannot be heard: {error}");
        }
        let mut wires = self.wires.borrow_mut();
        wires.keeper = Some(link);
        wires.tell_keeper(&ToKeeper::Hello { settings: self.settings }, &[]);
        let log = primary.memory().file();
        wires.tell_keeper(&ToKeeper::Item(Item::Log), &[log, self.bell.as_fd()]);
        for (id, address, listener) in sockets.listeners.iter() {
            wires.tell_keeper(&ToKeeper::Item(Item::Listener { id, address }), &[listener]);
        }
        for (name, descriptor) in &self.offered {
            wires.tell_keeper(&ToKeeper::Item(Item::Offered { name: name.clone() }), &[descriptor.as_fd()]);
        }
        wires.give_keeper_all(sockets);
        if let Some((position, file)) = &self.checkpoint {
            let item = Item::Checkpoint { position: *position };
            wires.tell_keeper(&ToKeeper::Item(item), &[file.as_fd()]);
        }
        let place = message::Place::Primary { twin: self.twin.as_ref().map(|twin| twin.pid) };
        wires.tell_keeper(&ToKeeper::Uploaded(place), &[]);
        tracing::info!("a keeper is there");
    }
}

impl Pulse {
    fn new() -> Pulse {
        Pulse { tick: 0, since: Instant::now(), accepting: false }
    }

    fn take(&mut self, now: Instant, tick: u64) {
        if tick != self.tick {
            self.tick = tick;
            self.since = now;
        }
    }

    fn is_fresh(&self) -> bool {
        self.since.elapsed() < KEEPER_SILENT
    }
}
