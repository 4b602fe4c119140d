//! Primary, twin and keeper in one thread: each turn is a function call, and a death is a panic out of it.

mod astray;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;
use std::time::Duration;

use ftcore::core::input::{Cookie, Time};
use ftcore::core::kernel::{Phase, Readiness};
use ftcore::core::machine::Machine;
use ftcore::core::memory::{Memory, Word};
use ftcore::core::primary::{HandOver, Mode, Primary, Settings, Work};
use ftcore::core::private::PrivateMemory;
use ftcore::core::record::Cause;
use ftcore::core::standby::{Standby, TwinState};
use ftcore::core::state::State;
use ftcore::core::succession::take_over;
use ftcore::core::takeover::{Circumstances, Evidence, Listeners, Origin, Report, TakeoverError};
use ftcore::core::trial::{Attempt, Trial, Tried};

use super::kernel::{Fuse, Killed, VirtualKernel};
use super::memory::{History, SharedMemory, Shelf};
use super::toy::Poisoned;
use super::world::{Leads, World};

/// A machine that can be tried.
pub trait Subject: Machine {
    /// What it begins from.
    type Seed: Clone + std::fmt::Debug;

    /// The machine before its first input.
    fn genesis(seed: &Self::Seed) -> Self;

    /// Something changes it that is no input: it is not any more what it should be.
    fn go_astray(&mut self);

    /// What one begins from that does by itself what a verdict would have it do.
    fn forewarned(seed: &Self::Seed) -> Self::Seed;

    /// Whether it waits for nothing.
    fn is_quiet(&self) -> bool;

    /// Does what it wants done.
    fn carry_out(effect: Self::Effect, world: &mut World);
}

/// How a run is set up.
#[derive(Clone, Debug)]
pub struct Setup<S> {
    pub genesis: S,
    pub mode: Mode,
    /// Octets of the ring.
    pub ring: usize,
    /// How much is read at once, and how much a send takes at most.
    pub slice: usize,
    pub most: usize,
    /// The twin follows in every so many turns, this many octets.
    pub twin_every: u64,
    pub twin_budget: u64,
    /// Digests every so many microseconds.
    pub digest_us: u64,
    /// How far the time may be moved on in one step.
    pub step_us: u64,
}

/// A process that leads.
pub struct Lead<M: Subject> {
    pub primary: Primary<M, SharedMemory>,
    pub kernel: VirtualKernel,
}

/// A process that follows.
struct Follow<M: Subject> {
    standby: Standby<M>,
    kernel: VirtualKernel,
    made: Made,
}

/// How a standby was made.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Made {
    /// From what the keeper has.
    Rightly,
    /// Not as it should have been.
    Astray,
}

/// What has become of it all.
#[derive(Debug, Default)]
pub struct Fates {
    pub reports: Vec<Report>,
    pub deaths: u32,
    /// Standbys that said of themselves that they must not take over.
    pub unfit: Vec<String>,
    /// Nobody could take over.
    pub lost: bool,
}

/// All of it.
pub struct Cluster<M: Subject> {
    pub world: Rc<RefCell<World>>,
    pub history: History,
    pub lead: Option<Lead<M>>,
    pub fuse: Fuse,
    pub fates: Fates,
    /// Moments after which the next process dies in the middle of taking over.
    pub takeover_fuse: Option<u64>,
    setup: Setup<M::Seed>,
    shelf: Shelf,
    twin: Option<Follow<M>>,
    checkpoint: Option<Vec<u8>>,
    processes: u32,
    turns: u64,
    /// When the step is over.
    until: u64,
}

/// Tries on a copy.
struct CopyTrial;

impl<M: Subject> Trial<M> for CopyTrial {
    fn run(&mut self, state: &mut State<M>, attempt: &Attempt<'_>) -> Tried {
        let mut saved = Vec::new();
        state.save(&mut saved).expect("memory takes everything");
        let mut copy: State<M> = State::restore(&saved).expect("just saved");
        let mut reached = 0;
        match catch_unwind(AssertUnwindSafe(|| attempt.run(&mut copy, &mut |piece| reached = piece))) {
            Ok(Ok(())) => Tried::Survived,
            Ok(Err(_)) | Err(_) => Tried::Died { reached },
        }
    }
}

/// Where a death came from, as it would be found out; what nobody has foreseen is a failure of the test.
fn origin(death: Box<dyn std::any::Any + Send>) -> Origin {
    if let Some(Killed(origin)) = death.downcast_ref() {
        *origin
    } else if death.is::<Poisoned>() {
        Origin::Inside
    } else {
        resume_unwind(death)
    }
}

impl<M: Subject> Cluster<M> {
    /// A program that has just started.
    pub fn start(setup: Setup<M::Seed>) -> Self {
        let memory = PrivateMemory::new(setup.ring);
        let mut cluster = Cluster {
            world: Rc::new(RefCell::new(World { now: 1_000_000, ..World::default() })),
            history: History::default(),
            lead: None,
            fuse: Fuse::new(),
            fates: Fates::default(),
            takeover_fuse: None,
            setup,
            shelf: Rc::new(RefCell::new(Some(memory))),
            twin: None,
            checkpoint: None,
            processes: 0,
            turns: 0,
            until: 0,
        };
        cluster.succeed(Cause::Start, Origin::Outside);
        cluster
    }

    fn settings(&self) -> Settings {
        Settings {
            mode: self.setup.mode,
            twin_lag: Duration::from_millis(1),
            digest_interval: Duration::from_micros(self.setup.digest_us),
            ..Settings::default()
        }
    }

    fn new_kernel(&mut self) -> VirtualKernel {
        self.processes += 1;
        let mut kernel = VirtualKernel::new(&self.world, self.processes, &self.fuse);
        kernel.most = self.setup.most;
        kernel
    }

    /// A process that knows what the keeper has: a checkpoint and the log.
    fn new_standby(&mut self) -> Follow<M> {
        let standby = match &self.checkpoint {
            Some(checkpoint) => Standby::restore(checkpoint).expect("a whole checkpoint"),
            None => Standby::genesis(M::genesis(&self.setup.genesis)),
        };
        Follow { standby, kernel: self.new_kernel(), made: Made::Rightly }
    }

    /// Somebody becomes primary: the twin, or else a new process; and if that dies over it, the next one.
    pub fn succeed(&mut self, cause: Cause, origin_of_death: Origin) {
        let mut origin_now = origin_of_death;
        let mut refused = 0;
        if cause != Cause::Switchover {
            self.compare_twin();
        }
        for _ in 0..20 {
            let Follow { standby, mut kernel, .. } = match self.twin.take() {
                Some(twin) => twin,
                None => self.new_standby(),
            };
            let world = self.world.borrow();
            let (now, accepted) = (world.now, world.waiting.clone());
            drop(world);
            let evidence =
                Evidence { cause, signal: Some(9), origin: origin_now, detect_us: 7, detected: Time(now) };
            let listeners = Listeners::Same;
            let circumstances =
                Circumstances { evidence, accepted, unix_ms: 5, listeners, settings: self.settings() };
            kernel.leads = Leads::Yes;
            let process = kernel.process;
            let memory = SharedMemory::take(&self.shelf, &self.history, &self.fuse);
            self.takeover_fuse.take().into_iter().for_each(|moments| self.fuse.light(moments));
            let taken = catch_unwind(AssertUnwindSafe(|| {
                take_over(standby, memory, &mut kernel, &mut CopyTrial, &circumstances)
            }));
            match taken {
                Ok(Ok((primary, report))) => {
                    self.world.borrow_mut().waiting.clear();
                    self.fates.reports.push(report);
                    self.lead = Some(Lead { primary, kernel });
                    return;
                }
                Ok(Err(error)) => {
                    self.world.borrow_mut().dies(process);
                    let hopeless = matches!(error, TakeoverError::Deadly(_));
                    self.fates.unfit.push(error.to_string());
                    refused += 1;
                    if hopeless || refused > 2 {
                        break;
                    }
                }
                Err(death) => {
                    self.fates.deaths += 1;
                    self.world.borrow_mut().dies(process);
                    origin_now = origin(death);
                }
            }
        }
        self.fates.lost = true;
    }

    /// One turn of everybody.
    pub fn turn(&mut self) {
        self.turns += 1;
        let Some(lead) = &mut self.lead else { return };
        let (slice, world) = (self.setup.slice, Rc::clone(&self.world));
        let Lead { primary, kernel } = lead;
        let fuse = self.fuse.clone();
        let turned = catch_unwind(AssertUnwindSafe(|| lead_turn(primary, kernel, (&world, &fuse), slice)));
        if let Err(death) = turned {
            let origin = origin(death);
            self.primary_dies(origin);
        }
        if self.turns.is_multiple_of(self.setup.twin_every) {
            self.twin_follows();
        }
        if self.lead.as_ref().is_some_and(|lead| lead.primary.checkpoint_due()) {
            self.take_checkpoint();
        }
        self.world.borrow_mut().now += 10;
    }

    /// The primary is dead: somebody takes over.
    pub fn primary_dies(&mut self, origin: Origin) {
        self.fates.deaths += 1;
        self.bury();
        self.succeed(Cause::Crash, origin);
    }

    fn bury(&mut self) {
        if let Some(lead) = self.lead.take() {
            self.world.borrow_mut().dies(lead.kernel.process);
        }
    }

    /// Both die at once.
    pub fn both_die(&mut self, origin: Origin) {
        self.twin_dies();
        self.primary_dies(origin);
    }

    pub fn twin_dies(&mut self) {
        if let Some(twin) = self.twin.take() {
            self.world.borrow_mut().dies(twin.kernel.process);
        }
        self.keeper_stores(Word::TwinState, TwinState::Absent as u64);
    }

    /// A twin is started from a new checkpoint.
    pub fn start_twin(&mut self) {
        self.take_checkpoint();
        self.twin_dies();
        let twin = self.new_standby();
        self.twin = Some(twin);
        self.twin_follows();
    }

    pub fn take_checkpoint(&mut self) {
        let Some(lead) = &self.lead else { return };
        let state = lead.primary.state();
        let (mut octets, position) = (Vec::new(), state.cursor().position);
        state.save(&mut octets).expect("memory takes everything");
        self.checkpoint = Some(octets);
        self.keeper_stores(Word::Checkpoint, position);
    }

    fn keeper_stores(&mut self, word: Word, value: u64) {
        if let Some(lead) = &mut self.lead {
            let lit = self.fuse.clone();
            lit.rest(|| lead.primary.memory_mut().store(word, value));
        }
    }

    fn twin_follows(&mut self) {
        let (Some(lead), Some(twin)) = (&mut self.lead, &mut self.twin) else { return };
        let (memory, fuse) = (lead.primary.memory_mut(), self.fuse.clone());
        let budget = self.setup.twin_budget;
        let followed = fuse.rest(|| twin.standby.follow(memory, &mut twin.kernel, budget));
        if let Err(error) = followed {
            self.fates.unfit.push(error.to_string());
            self.start_twin();
        }
    }

    /// Primary and twin as octets, once the twin has followed to the end; `None` where there is none that was rightly
    /// made.
    pub fn both_saved(&mut self) -> Option<[Vec<u8>; 2]> {
        let (Some(lead), Some(twin)) = (&mut self.lead, &mut self.twin) else { return None };
        if twin.made == Made::Astray {
            return None;
        }
        let (memory, kernel) = (lead.primary.memory_mut(), &mut twin.kernel);
        let followed = self.fuse.clone().rest(|| twin.standby.follow(memory, kernel, u64::MAX));
        followed.unwrap_or_else(|error| panic!("the twin cannot follow to the end: {error}"));
        let mut saved = [Vec::new(), Vec::new()];
        for (state, octets) in [lead.primary.state(), twin.standby.state()].into_iter().zip(&mut saved) {
            state.save(octets).expect("memory takes everything");
        }
        Some(saved)
    }

    pub fn has_twin(&self) -> bool {
        self.twin.is_some()
    }

    /// The primary hands over, unless it dies over it; whether somebody else is primary then.
    pub fn switch_over(&mut self) -> bool {
        for _ in 0..50 {
            self.turn();
            let Some(lead) = &mut self.lead else { return false };
            let told = catch_unwind(AssertUnwindSafe(|| lead.primary.hand_over(&mut lead.kernel)));
            match told {
                Ok(HandOver::Waiting) => {}
                Ok(HandOver::Released) => {
                    self.bury();
                    self.succeed(Cause::Switchover, Origin::Outside);
                    return true;
                }
                Err(death) => {
                    let origin = origin(death);
                    self.primary_dies(origin);
                    return true;
                }
            }
        }
        self.lead.iter_mut().for_each(|lead| lead.primary.keep());
        false
    }

    /// A new step begins: all of them are equally long.
    pub fn begin_step(&mut self) {
        self.until = self.until.max(self.world.borrow().now).saturating_add(self.setup.step_us);
    }

    /// Whether nothing would happen if nothing came from outside; the time is moved to where something would.
    pub fn rests(&mut self) -> bool {
        let Some(lead) = &self.lead else { return true };
        let wants = lead.primary.wants();
        let mut world = self.world.borrow_mut();
        let ready = lead.kernel.watched.iter().any(|cookie| {
            let seen = readiness(&world, &lead.kernel, *cookie);
            seen.read || seen.write
        });
        if ready || wants.work == Work::Left || !world.answers.is_empty() || !world.waiting.is_empty() {
            return false;
        }
        let resolves = world.sockets.values().filter(|socket| socket.resolves_at > world.now);
        let next = resolves.map(|socket| socket.resolves_at).chain(wants.deadline.map(|at| at.0)).min();
        match next {
            Some(at) if at > self.until => {
                world.now = self.until.max(world.now);
                lead.primary.machine().is_quiet()
            }
            Some(at) if at > world.now => {
                world.now = at;
                false
            }
            Some(_) => false,
            None => lead.primary.machine().is_quiet(),
        }
    }

    /// The primary goes wild: it writes over so many octets of its ring from `position` on, and dies.
    pub fn scribble(&mut self, position: u64, octets: &[u8]) {
        self.bury();
        if let Some(memory) = &mut *self.shelf.borrow_mut() {
            memory.octets_mut(position, octets.len()).copy_from_slice(octets);
        }
        self.fates.deaths += 1;
        self.succeed(Cause::Crash, Origin::Inside);
    }

    /// The primary dies with these words wrong.
    pub fn scribble_words(&mut self, words: &[(Word, u64)]) {
        self.bury();
        if let Some(memory) = &mut *self.shelf.borrow_mut() {
            words.iter().for_each(|(word, value)| memory.store(*word, *value));
        }
        self.fates.deaths += 1;
        self.succeed(Cause::Crash, Origin::Inside);
    }

    /// A word as it stands.
    pub fn word(&self, word: Word) -> u64 {
        self.lead.as_ref().map_or(0, |lead| lead.primary.memory().load(word))
    }

    /// Sockets that the log knows.
    pub fn known_sockets(&self) -> BTreeSet<u64> {
        let state = self.lead.iter().map(|lead| lead.primary.state());
        state
            .flat_map(|state| state.streams().iter().filter_map(|(_, stream)| stream.socket))
            .map(|at| at.0)
            .collect()
    }
}

/// What a process that watches as it should would be told of a socket.
fn readiness(world: &World, kernel: &VirtualKernel, cookie: u64) -> Readiness {
    let mut seen = world.readiness(cookie);
    if kernel.paused.contains(&cookie) {
        (seen.read, seen.over) = (false, false);
    }
    let open = world.sockets.get(&cookie).is_some_and(|socket| socket.phase == Phase::Open);
    seen.write &= !open || kernel.blocked.contains(&cookie);
    seen
}

fn lead_turn<M: Subject>(
    primary: &mut Primary<M, SharedMemory>,
    kernel: &mut VirtualKernel,
    (world, fuse): (&Rc<RefCell<World>>, &Fuse),
    slice: usize,
) {
    primary.begin_turn(kernel);
    let waiting = world.borrow().waiting.clone();
    for accepted in waiting {
        primary.accepted(kernel, accepted);
        world.borrow_mut().waiting.retain(|waits| waits.socket != accepted.socket);
    }
    for cookie in kernel.watched.clone() {
        let seen = readiness(&world.borrow(), kernel, cookie);
        if seen.write {
            kernel.blocked.remove(&cookie);
        }
        if seen != Readiness::default() {
            primary.ready(kernel, Cookie(cookie), seen, slice);
        }
    }
    let answer = world.borrow().answers.front().cloned();
    if let Some(answer) = answer {
        primary.other(kernel, &answer);
        world.borrow_mut().answers.pop_front();
    }
    primary.clock(kernel);
    primary.flush(kernel);
    let _ = primary.end_turn(kernel);
    let others: Vec<M::Effect> = primary.take_others().map(|(_, other)| other).collect();
    for other in others {
        fuse.before();
        M::carry_out(other, &mut world.borrow_mut());
        fuse.after();
    }
}
