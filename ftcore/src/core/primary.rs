//! The primary's driver: between the kernel's readiness and the machine, by way of the log.
//!
//! A turn of the program's loop calls, in this order, what it has: [`Primary::begin_turn`], [`Primary::accepted`],
//! [`Primary::ready`] for each socket that is ready, [`Primary::other`] for each input of its own, then
//! [`Primary::clock`], [`Primary::flush`] and [`Primary::end_turn`]; and carries out what [`Primary::take_others`]
//! gives. Every one of these writes its entry, steps the machine, and only then acts (I1, I2). None blocks.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use super::effect::Close;
use super::entry::{Content, EntryNumber};
use super::input::{ConnId, Cookie, Ends, Time};
use super::kernel::{Accepted, Kernel, Readiness};
use super::log::Writer;
use super::machine::Machine;
use super::memory::{Memory, Word};
pub use super::role::Mode;
use super::standby::TwinState;
use super::state::State;
use super::streams::{Held, Standing};

/// How many digests are kept to be compared with the twin's.
pub(super) const DIGESTS: usize = 64;

/// What bounds a primary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Who follows.
    pub mode: Mode,
    /// How long it may be held up by a twin or a checkpoint that is behind.
    pub twin_lag: Duration,
    /// How old a checkpoint may become while the log moves.
    pub checkpoint_interval: Duration,
    /// How often the state's digest is logged while the log moves.
    pub digest_interval: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            mode: Mode::Hot,
            twin_lag: Duration::from_secs(1),
            checkpoint_interval: Duration::from_secs(60),
            digest_interval: Duration::from_millis(100),
        }
    }
}

/// What a socket's readiness came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// An entry was written; there may be more to read.
    Progress,
    /// Nothing was there.
    Idle,
    /// The log is full up to what is still needed: nothing was read. Try again in a millisecond.
    Held,
}

/// What waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wants {
    /// When the next turn must be at the latest, by [`Kernel::now`].
    pub deadline: Option<Time>,
    /// Whether there is work that no event will announce.
    pub work: Work,
}

/// Whether there is work that needs no further event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// There is.
    Left,
    /// There is none.
    Done,
}

/// Whether the twin sleeps and is to be woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Wake {
    /// Wake it.
    Twin,
    /// Nobody.
    Nobody,
}

/// How far a hand-over has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum HandOver {
    /// The twin has not applied all of it yet; turns go on, and bring nothing new.
    Waiting,
    /// Released: this process writes no more and is to drop out without a word.
    Released,
}

/// The primary.
pub struct Primary<M: Machine, L> {
    pub(super) state: State<M>,
    pub(super) memory: L,
    pub(super) writer: Writer,
    pub(super) settings: Settings,
    /// What the machine wants done outside, and nobody has fetched yet.
    pub(super) others: Vec<(EntryNumber, M::Effect)>,
    /// The same of the entry that is being applied.
    pub(super) step_others: Vec<M::Effect>,
    /// What this process alone knows of a connection.
    pub(super) local: HashMap<ConnId, Local>,
    /// Which have something that was not yet offered to the kernel.
    pub(super) unsent: Vec<ConnId>,
    /// Which want a socket.
    pub(super) opens: VecDeque<ConnId>,
    /// What acts at the kernel have come to: entries to be written.
    pub(super) owed: VecDeque<Content<'static>>,
    /// Since when the log is full up to what is needed.
    pub(super) held_since: Option<Time>,
    pub(super) phase: Phase,
    pub(super) tick: u64,
    /// The log's time.
    pub(super) now: Time,
    /// How far that is ahead of the kernel's, in microseconds.
    pub(super) ahead: u64,
    pub(super) digests: VecDeque<(EntryNumber, u64)>,
    pub(super) digest_at: Time,
    /// The newest checkpoint, and since when it is that.
    pub(super) checkpoint: (u64, Time),
    /// Where nobody follows: from where on the log is kept all the same, and until when.
    pub(super) kept: Option<(u64, Time)>,
}

/// Whether this process writes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Writing,
    /// It is about to hand over.
    HandingOver,
    Released,
}

/// What a process alone knows of a connection.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Local {
    /// The kernel will say when it takes octets again.
    pub(super) blocked: bool,
    /// The connection is in `unsent`.
    pub(super) listed: bool,
    /// A write's error, kept for when the reading ends, too.
    pub(super) broken: Option<i32>,
}

impl<M: Machine, L: Memory> Primary<M, L> {
    /// A primary that goes on from `state` with `writer`, at a moment of the kernel's clock.
    pub(super) fn of(state: State<M>, memory: L, writer: Writer, (settings, now): (Settings, Time)) -> Self {
        let log_time = writer.cursor().time.max(now);
        let checkpoint = (memory.load(Word::Checkpoint), log_time);
        Primary {
            state,
            writer,
            settings,
            others: Vec::new(),
            step_others: Vec::new(),
            local: HashMap::new(),
            unsent: Vec::new(),
            opens: VecDeque::new(),
            owed: VecDeque::new(),
            held_since: None,
            phase: Phase::Writing,
            tick: memory.load(Word::Tick),
            now: log_time,
            ahead: log_time.0 - now.0,
            digests: VecDeque::new(),
            digest_at: Time(0),
            checkpoint,
            kept: None,
            memory,
        }
    }

    /// The state.
    pub fn state(&self) -> &State<M> {
        &self.state
    }

    /// The machine.
    pub fn machine(&self) -> &M {
        self.state.machine()
    }

    /// The memory.
    pub fn memory(&self) -> &L {
        &self.memory
    }

    /// The memory, for what is not the log's.
    pub fn memory_mut(&mut self) -> &mut L {
        &mut self.memory
    }

    /// The memory, when nothing is to be written any more.
    pub fn into_memory(self) -> L {
        self.memory
    }

    /// Other bounds from now on.
    pub fn set(&mut self, settings: Settings) {
        self.settings = settings;
    }

    /// What bounds it.
    pub fn settings(&self) -> Settings {
        self.settings
    }

    /// Begins a turn: whoever watches for hangs knows that the primary is at work.
    pub fn begin_turn(&mut self, kernel: &mut impl Kernel) {
        self.read_clock(kernel);
        self.memory.store(Word::Working, 1);
    }

    /// Takes a connection that was accepted. One that the log knows already is let be.
    pub fn accepted(&mut self, kernel: &mut impl Kernel, accepted: Accepted) {
        let Accepted { socket, listener, local, remote } = accepted;
        if self.state.streams().by_socket(socket).is_some() {
            return;
        }
        if kernel.watch(socket).is_err() {
            kernel.forget(socket);
            return;
        }
        let ends = Ends { conn: self.state.next_accepted(), local, remote };
        self.write(kernel, Content::Accepted { ends, listener, socket });
    }

    /// Takes what a socket is ready for; reads at most `slice` octets, once.
    pub fn ready(
        &mut self,
        kernel: &mut impl Kernel,
        socket: Cookie,
        readiness: Readiness,
        slice: usize,
    ) -> Outcome {
        let streams = self.state.streams();
        let Some(conn) = streams.by_socket(socket) else { return Outcome::Idle };
        let Some(stream) = streams.get(conn) else { return Outcome::Idle };
        let readable = (readiness.read || readiness.over) && self.phase == Phase::Writing;
        match stream.standing {
            Standing::Connecting(_) => self.attempted(kernel, conn, socket),
            Standing::Open => {
                if readiness.write && self.local(conn).blocked {
                    self.flush_one(kernel, conn);
                }
                if readable && self.state.streams().get(conn).is_some_and(|stream| stream.held == Held::No) {
                    self.receive(kernel, (conn, socket), readiness, slice)
                } else {
                    Outcome::Idle
                }
            }
            Standing::Ending | Standing::Ended => {
                if readiness.write && self.local(conn).blocked {
                    self.flush_one(kernel, conn);
                }
                if readable { self.read_last(kernel, (conn, socket), readiness) } else { Outcome::Idle }
            }
            Standing::Datagram(_) if readable => self.receive_datagram(kernel, (conn, socket)),
            Standing::Datagram(_) | Standing::Opening(_) | Standing::OpeningDatagram(_) => Outcome::Idle,
        }
    }

    /// Takes an input of the program's own, at most [`Primary::largest`] octets. The answer is its entry.
    ///
    /// # Panics
    /// Where it is larger.
    pub fn other(&mut self, kernel: &mut impl Kernel, octets: &[u8]) -> EntryNumber {
        assert!(
            octets.len() <= self.largest(),
            "an input of {} octets is too large for the log",
            octets.len()
        );
        self.write(kernel, Content::Other(octets))
    }

    /// How many octets an input of the program's own may have: a quarter of the log.
    pub fn largest(&self) -> usize {
        (self.memory.capacity() / 4) as usize
    }

    /// Does what time wants, and what the last turn has brought about: sockets to be opened, attempts that failed
    /// at once, ends that take too long, the machine's own deadline or work.
    pub fn clock(&mut self, kernel: &mut impl Kernel) {
        if self.phase == Phase::Released {
            return;
        }
        self.settle(kernel);
        let now = self.read_clock(kernel);
        while let Some((_, conn)) = self.state.streams().oldest_end().filter(|(due, _)| *due <= now) {
            // Whose octets the kernel has all is left to it: it may still be sending them, slowly.
            let all_taken =
                self.state.streams().get(conn).is_some_and(|stream| stream.standing == Standing::Ended);
            let how = if all_taken { Close::Orderly } else { Close::Abort };
            self.write(kernel, Content::Ended { conn, how });
        }
        if self.phase == Phase::Writing
            && (self.state.has_work() || self.state.deadline().is_some_and(|deadline| deadline <= now))
        {
            self.write(kernel, Content::Clock);
        }
    }

    /// Offers to the kernel what waits to be sent, one call for each connection.
    pub fn flush(&mut self, kernel: &mut impl Kernel) {
        let mut unsent = std::mem::take(&mut self.unsent);
        for conn in unsent.drain(..) {
            if let Some(local) = self.local.get_mut(&conn) {
                local.listed = false;
            }
            self.flush_one(kernel, conn);
        }
        // What was listed meanwhile is new; the old list's room is used again where it is not.
        if self.unsent.is_empty() {
            self.unsent = unsent;
        }
    }

    /// Ends a turn: the digest where it is time for one, the words that others watch.
    pub fn end_turn(&mut self, kernel: &mut impl Kernel) -> Wake {
        self.read_clock(kernel);
        if self.phase == Phase::Released {
            return Wake::Nobody;
        }
        if self.digest_is_owed() && self.now >= self.digest_at {
            self.write_digest(kernel);
        }
        let checkpoint = self.memory.load(Word::Checkpoint);
        if checkpoint != self.checkpoint.0 {
            self.checkpoint = (checkpoint, self.now);
        }
        let wants = self.wants();
        self.count();
        self.memory.store(Word::Deadline, wants.deadline.map_or(u64::MAX, |deadline| deadline.0));
        self.memory.store(Word::Working, u64::from(wants.work == Work::Left));
        if self.memory.load(Word::TwinSleeps) == 1
            && self.memory.load(Word::TwinApplied) != self.state.cursor().position
        {
            Wake::Twin
        } else {
            Wake::Nobody
        }
    }

    /// What waits.
    pub fn wants(&self) -> Wants {
        let digest = self.digest_is_owed().then_some(self.digest_at);
        let end = self.state.streams().oldest_end().map(|(due, _)| due);
        let held = self.held_since.map(|since| after(since, self.settings.twin_lag));
        let deadline = [self.state.deadline(), digest, end, held].into_iter().flatten().min();
        let deadline = deadline.map(|deadline| Time(deadline.0.saturating_sub(self.ahead)));
        let left = self.state.has_work()
            || !self.opens.is_empty()
            || !self.owed.is_empty()
            || !self.unsent.is_empty()
            || !self.others.is_empty();
        Wants { deadline, work: if left { Work::Left } else { Work::Done } }
    }

    /// Says when the loop runs again at the latest, after the turn's end and whatever is in [`Primary::wants`]:
    /// whoever watches for hangs takes one for hung that does not, even if nothing can be seen to wait.
    pub fn runs_by(&mut self, at: Time) {
        let deadline = self.memory.load(Word::Deadline).min(at.0);
        self.memory.store(Word::Deadline, deadline);
    }

    /// The machine's own effects since the last call, each with the entry that it is of; they are carried out
    /// now, in order.
    pub fn take_others(&mut self) -> impl Iterator<Item = (EntryNumber, M::Effect)> + '_ {
        self.others.drain(..)
    }

    /// Whether a checkpoint is to be made now: the log has moved for long enough since the last one, is half
    /// full since then, or goes back no further than behind it.
    pub fn checkpoint_due(&self) -> bool {
        if self.settings.mode == Mode::None {
            return false;
        }
        let (checkpoint, since) = self.checkpoint;
        let moved = self.writer.cursor().position.saturating_sub(checkpoint);
        moved > 0
            && (checkpoint < self.writer.tail()
                || moved > self.memory.capacity() / 2
                || self.now >= after(since, self.settings.checkpoint_interval))
    }

    /// Hands over: called at the end of each turn once it is wanted. Nothing is read any more, and when the twin
    /// has applied everything this process releases. What [`Primary::take_others`] gives must be carried out.
    pub fn hand_over(&mut self, kernel: &mut impl Kernel) -> HandOver {
        if self.phase == Phase::Released {
            return HandOver::Released;
        }
        if self.phase == Phase::Writing {
            self.phase = Phase::HandingOver;
            self.write_digest(kernel);
        }
        let in_step = self.memory.load(Word::TwinState) == TwinState::InStep as u64
            && self.memory.load(Word::TwinApplied) == self.writer.cursor().position;
        if !in_step || !self.owed.is_empty() || !self.others.is_empty() {
            return HandOver::Waiting;
        }
        self.phase = Phase::Released;
        self.memory.store(Word::Released, 1);
        HandOver::Released
    }

    /// Goes on as before, where a hand-over is given up before it has released.
    pub fn keep(&mut self) {
        if self.phase == Phase::HandingOver {
            self.phase = Phase::Writing;
        }
    }

    /// How many connections there are, those included that are being ended.
    pub fn connections(&self) -> usize {
        self.state.streams().len()
    }

    pub(super) fn local(&self, conn: ConnId) -> Local {
        self.local.get(&conn).copied().unwrap_or_default()
    }
}

/// So much later.
pub(super) fn after(time: Time, by: Duration) -> Time {
    Time(time.0.saturating_add(u64::try_from(by.as_micros()).unwrap_or(u64::MAX)))
}
