//! The primary's inside: how an entry is written, applied and acted upon, and how sockets are read and written.

use std::io::{self, IoSlice};

use super::apply::errno;
use super::effect::Close;
use super::entry::{self, Content, Entry, EntryNumber};
use super::input::{ConnId, Cookie, Ends, Time};
use super::kernel::{Kernel, Readiness};
use super::log::Cursor;
use super::machine::Machine;
use super::memory::{Memory, Word};
use super::primary::{DIGESTS, Mode, Outcome, Phase, Primary, after};
use super::queue::PIECES;
use super::record::Verdict;
use super::standby::TwinState;
use super::state::Chore;
use super::streams::Standing;

/// A part of the log that received octets leave free, so that timers and what was sent can still be logged while
/// a slow twin is waited for: a 16th of it.
const RESERVE: u64 = 16;
/// The largest datagram.
const DATAGRAM: usize = 65536;
/// How much of what a peer says after our close is read at a time.
const LAST_WORDS: usize = 4096;

impl<M: Machine, L: Memory> Primary<M, L> {
    /// Writes an entry, applies it, and does what it wants done at the kernel.
    pub(super) fn write(&mut self, kernel: &mut impl Kernel, content: Content<'_>) -> EntryNumber {
        let (entry, end) = self.append(kernel, content);
        self.apply_written(kernel, &entry, end);
        entry.number
    }

    /// The same for what is to stand for `suspect`.
    pub(super) fn write_verdict(&mut self, kernel: &mut impl Kernel, suspect: &Entry<'_>, verdict: &Verdict) {
        let (entry, end) = self.append(kernel, Content::Verdict(verdict.clone()));
        let behind = Cursor::behind(&entry, end);
        self.apply_judged(kernel, suspect, (verdict, behind));
    }

    fn append<'a>(&mut self, kernel: &impl Kernel, content: Content<'a>) -> (Entry<'a>, u64) {
        assert!(self.phase != Phase::Released, "this process has handed over and writes no more");
        self.read_clock(kernel);
        let floor = self.floor();
        let written = self.writer.append(&mut self.memory, (self.now, content.clone()), floor);
        // The reserve is used up as well: who is behind is left behind (I8).
        let written =
            written.or_else(|_| self.writer.append(&mut self.memory, (self.now, content), u64::MAX));
        written.unwrap_or_else(|full| panic!("an entry larger than the log: {full}"))
    }

    /// Applies an entry that is in the log.
    pub(super) fn apply_written(&mut self, kernel: &mut impl Kernel, entry: &Entry<'_>, end: u64) {
        self.memory.store(Word::Begun, self.state.cursor().position);
        let applied = self.state.apply(entry, end, &mut self.step_others);
        applied.unwrap_or_else(|disorder| panic!("an entry of this process's own: {disorder}"));
        self.applied(kernel, end);
    }

    /// Applies a verdict that is in the log.
    pub(super) fn apply_judged(
        &mut self,
        kernel: &mut impl Kernel,
        suspect: &Entry<'_>,
        (verdict, behind): (&Verdict, Cursor),
    ) {
        self.memory.store(Word::Begun, self.state.cursor().position);
        let applied =
            self.state.apply_verdict(suspect, (verdict, behind), &mut self.step_others, &mut |_| {});
        applied.unwrap_or_else(|disorder| panic!("a verdict of this process's own: {disorder}"));
        self.applied(kernel, behind.position);
    }

    /// Writes and applies octets that were received at the writer's place.
    pub(super) fn write_received(&mut self, kernel: &mut impl Kernel, conn: ConnId, count: usize) {
        self.read_clock(kernel);
        let start = self.writer.cursor().position;
        let cursor = self.writer.received(&mut self.memory, self.now, conn, count);
        self.memory.store(Word::Begun, start);
        let octets = self.memory.octets(start + entry::HEADER as u64, count);
        let content = Content::Received { conn, octets };
        let entry = Entry { number: cursor.number, epoch: cursor.epoch, time: cursor.time, content };
        let applied = self.state.apply(&entry, cursor.position, &mut self.step_others);
        applied.unwrap_or_else(|disorder| panic!("an entry of this process's own: {disorder}"));
        self.applied(kernel, cursor.position);
    }

    /// Moves the log's clock on. It is the kernel's, but where a log is older than the machine's last start.
    pub(super) fn read_clock(&mut self, kernel: &impl Kernel) -> Time {
        self.now = self.now.max(Time(kernel.now().0.saturating_add(self.ahead)));
        self.now
    }

    /// An entry's step has returned: that is said first, and only then is anything done.
    pub(super) fn applied(&mut self, kernel: &mut impl Kernel, end: u64) {
        self.leave_trail(end);
        self.memory.store(Word::Applied, end);
        self.count();
        let number = self.state.cursor().number;
        self.others.extend(self.step_others.drain(..).map(|other| (number, other)));
        self.carry_out_chores(kernel);
        for n in 0..self.state.changes().sends.len() {
            self.list(self.state.changes().sends[n]);
        }
        self.opens.extend(&self.state.changes().opens);
        for conn in &self.state.changes().removed {
            self.local.remove(conn);
        }
    }

    /// Leaves word of what this process has come to at `end`, beside that of the last entry, which holds until
    /// [`Word::Applied`] says that this one does.
    fn leave_trail(&mut self, end: u64) {
        if self.settings.mode == Mode::None {
            return;
        }
        let first_holds = self.memory.load(Word::TrailEnd) == self.memory.load(Word::Applied);
        let (at, what) =
            if first_holds { (Word::OtherTrailEnd, Word::OtherTrail) } else { (Word::TrailEnd, Word::Trail) };
        self.memory.store(what, self.state.trail());
        self.memory.store(at, end);
    }

    /// Does what the last entry wants done at the kernel.
    pub(super) fn carry_out_chores(&mut self, kernel: &mut impl Kernel) {
        for chore in self.state.chores() {
            match chore {
                Chore::Options { conn, socket, options } => {
                    if let Err(error) = kernel.set_options(*socket, options) {
                        // A connection without its key or its TTL's guard must not be: better none.
                        kernel.abort(*socket);
                        self.owed.push_back(Content::Closed { conn: *conn, errno: errno(&error) });
                    }
                }
                // It may get lost, as datagrams may.
                Chore::SendDatagram { socket, to, octets } => {
                    let _ = kernel.send_datagram(*socket, *to, octets);
                }
                Chore::ListenKey { from, key } => {
                    if let Err(error) = kernel.set_listen_key(*from, key.as_deref()) {
                        tracing::error!("cannot set the TCP MD5 key for {from}: {error}");
                    }
                }
                Chore::Pause(socket) => kernel.pause(*socket),
                Chore::Resume(socket) => kernel.resume(*socket),
                Chore::End(socket) => kernel.end(*socket),
                Chore::Abort(socket) => kernel.abort(*socket),
                Chore::Forget(socket) => kernel.forget(*socket),
            }
        }
    }

    /// Opens the sockets that are wanted, and writes what acts at the kernel have come to. What that brings about
    /// again waits for the next turn.
    pub(super) fn settle(&mut self, kernel: &mut impl Kernel) {
        for _ in 0..self.opens.len() {
            if let Some(conn) = self.opens.pop_front() {
                self.open(kernel, conn);
            }
        }
        for _ in 0..self.owed.len() {
            let Some(content) = self.owed.pop_front() else { break };
            let standing = self.state.streams().get(content.conn()).map(|stream| &stream.standing);
            // The machine may have closed it meanwhile.
            let fits = match content {
                Content::Closed { .. } => standing == Some(&Standing::Open),
                _ => matches!(
                    standing,
                    Some(Standing::Opening(_) | Standing::Connecting(_) | Standing::OpeningDatagram(_))
                ),
            };
            if fits {
                self.write(kernel, content);
            }
        }
    }

    /// Makes a socket for a connection that wants one, logs which it is, and begins to connect.
    fn open(&mut self, kernel: &mut impl Kernel, conn: ConnId) {
        let Some(stream) = self.state.streams().get(conn) else { return };
        let opened = match &stream.standing {
            Standing::Opening(connect) => kernel.open(connect),
            Standing::OpeningDatagram(local) | Standing::Datagram(local) => kernel.open_datagram(*local),
            _ => return,
        };
        match opened {
            Ok(socket) => {
                self.write(kernel, Content::Opened { conn, socket });
                self.begin(kernel, conn, socket);
            }
            Err(error) => {
                self.write(kernel, Content::ConnectFailed { conn, errno: errno(&error) });
            }
        }
    }

    /// Begins to connect a socket that the log knows, or to listen to a datagram socket.
    pub(super) fn begin(&mut self, kernel: &mut impl Kernel, conn: ConnId, socket: Cookie) {
        let Some(stream) = self.state.streams().get(conn) else { return };
        let begun = match &stream.standing {
            Standing::Connecting(connect) => {
                kernel.watch(socket).and_then(|()| kernel.connect(socket, connect))
            }
            _ => kernel.watch(socket),
        };
        if let Err(error) = begun {
            self.owed.push_back(Content::ConnectFailed { conn, errno: errno(&error) });
        }
    }

    /// An attempt to connect may have its outcome.
    pub(super) fn attempted(&mut self, kernel: &mut impl Kernel, conn: ConnId, socket: Cookie) -> Outcome {
        match kernel.outcome(socket) {
            Ok((local, remote)) => self.write(kernel, Content::Connected(Ends { conn, local, remote })),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Outcome::Idle,
            Err(error) => self.write(kernel, Content::ConnectFailed { conn, errno: errno(&error) }),
        };
        Outcome::Progress
    }

    /// Receives octets of an open connection straight into the log.
    pub(super) fn receive(
        &mut self,
        kernel: &mut impl Kernel,
        (conn, socket): (ConnId, Cookie),
        readiness: Readiness,
        slice: usize,
    ) -> Outcome {
        let slice = slice.clamp(1, self.largest());
        if !self.make_room(kernel, slice) {
            return Outcome::Held;
        }
        self.intend((conn, socket), slice);
        let place = self.writer.place();
        let errno = match kernel.receive(socket, self.memory.octets_mut(place, slice)) {
            Ok(0) => self.local(conn).broken.unwrap_or(0),
            Ok(count) => {
                self.write_received(kernel, conn, count);
                return Outcome::Progress;
            }
            Err(error) => match self.reading_failed(kernel, (conn, socket), readiness, &error) {
                Some(errno) => errno,
                None => return Outcome::Idle,
            },
        };
        self.write(kernel, Content::Closed { conn, errno });
        Outcome::Progress
    }

    /// Whether a failed read is the end of a connection, and why.
    fn reading_failed(
        &mut self,
        kernel: &mut impl Kernel,
        (conn, socket): (ConnId, Cookie),
        readiness: Readiness,
        error: &io::Error,
    ) -> Option<i32> {
        match error.kind() {
            io::ErrorKind::Interrupted => None,
            io::ErrorKind::WouldBlock if readiness.over => match kernel.outcome(socket) {
                Ok(_) => Some(self.local(conn).broken.unwrap_or(0)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => None,
                Err(error) => Some(errno(&error)),
            },
            io::ErrorKind::WouldBlock => None,
            _ => Some(errno(error)),
        }
    }

    /// Says, before it is done, what is about to be received and where it goes.
    fn intend(&mut self, (conn, socket): (ConnId, Cookie), slice: usize) {
        let received = self.state.streams().get(conn).map_or(0, |stream| stream.received);
        let memory = &mut self.memory;
        let sequence = memory.load(Word::IntentSequence) | 1;
        memory.store(Word::IntentSequence, sequence);
        memory.store(Word::IntentSocket, socket.0);
        memory.store(Word::IntentOffset, received);
        memory.store(Word::IntentPlace, self.writer.place());
        memory.store(Word::IntentLength, slice as u64);
        memory.store(Word::IntentSequence, sequence.wrapping_add(1));
    }

    /// Reads on a connection that the machine has closed, to see when it is over.
    pub(super) fn read_last(
        &mut self,
        kernel: &mut impl Kernel,
        (conn, socket): (ConnId, Cookie),
        readiness: Readiness,
    ) -> Outcome {
        let mut unread = [0; LAST_WORDS];
        let sends = self.state.streams().get(conn).is_some_and(|stream| stream.standing == Standing::Ending);
        match kernel.receive(socket, &mut unread) {
            // A peer that has said all may still be listening; that it has is not to be told again and again.
            Ok(0) if sends => {
                kernel.pause(socket);
                return Outcome::Idle;
            }
            Ok(0) => {}
            Ok(_) => return Outcome::Progress,
            Err(error) => {
                if self.reading_failed(kernel, (conn, socket), readiness, &error).is_none() {
                    return Outcome::Idle;
                }
            }
        }
        self.write(kernel, Content::Ended { conn, how: Close::Orderly });
        Outcome::Progress
    }

    pub(super) fn receive_datagram(
        &mut self,
        kernel: &mut impl Kernel,
        (conn, socket): (ConnId, Cookie),
    ) -> Outcome {
        if !self.make_room(kernel, DATAGRAM.min(self.largest())) {
            return Outcome::Held;
        }
        let mut octets = vec![0; DATAGRAM.min(self.largest())];
        match kernel.receive_datagram(socket, &mut octets) {
            Ok((count, from)) => {
                self.write(kernel, Content::Datagram { conn, from, octets: &octets[..count] });
                Outcome::Progress
            }
            // What an earlier datagram came to is of no interest.
            Err(_) => Outcome::Idle,
        }
    }

    /// Offers a connection's octets to the kernel, one call's worth, and logs how many it took.
    pub(super) fn flush_one(&mut self, kernel: &mut impl Kernel, conn: ConnId) {
        let Some(stream) = self.state.streams().get(conn) else { return };
        let broken = self.local(conn).broken.is_some();
        let Some(socket) = stream.socket.filter(|_| !stream.queue.is_empty() && !broken) else { return };
        let mut slices = [IoSlice::new(&[]); PIECES];
        let count = stream.queue.offer(&mut slices);
        let sent = kernel.send(socket, &slices[..count]);
        let local = self.local.entry(conn).or_default();
        let taken = match sent {
            Ok(taken) => taken as u64,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                local.blocked = true;
                return;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => 0,
            Err(error) => {
                // What the peer sent before may still be read: the reading says when it is over.
                local.broken = Some(errno(&error));
                return;
            }
        };
        let emptied = taken == stream.queue.octets();
        // Where only a part was taken it is offered again: the kernel tells of room only to who was refused.
        local.blocked = false;
        if taken > 0 {
            self.write(kernel, Content::Drained { conn, octets: taken });
        }
        if !emptied {
            self.list(conn);
        }
    }

    /// Notes that a connection has something to offer to the kernel.
    pub(super) fn list(&mut self, conn: ConnId) {
        let local = self.local.entry(conn).or_default();
        if !local.listed && !local.blocked && local.broken.is_none() {
            local.listed = true;
            self.unsent.push(conn);
        }
    }

    /// Makes room to receive so many octets; whether there is.
    fn make_room(&mut self, kernel: &impl Kernel, slice: usize) -> bool {
        let floor = self.floor();
        let reserve = (self.memory.capacity() / RESERVE) as usize;
        let missing = self.writer.missing(&self.memory, slice + reserve, floor);
        if missing == 0 {
            self.held_since = None;
            self.writer.make_room(&mut self.memory, slice, floor).is_ok()
        } else {
            let now = self.read_clock(kernel);
            let since = *self.held_since.get_or_insert(now);
            if now < after(since, self.settings.twin_lag) {
                return false;
            }
            // Long enough: who is behind is left behind (I8). With the reserve, or the next read would wait again
            // for somebody who is still just within the log.
            self.held_since = None;
            self.writer.make_room(&mut self.memory, slice + reserve, u64::MAX).is_ok()
        }
    }

    /// From where on the log is still needed.
    fn floor(&self) -> u64 {
        if self.settings.mode == Mode::None {
            let kept = self.kept.filter(|(_, until)| self.now < *until);
            return kept.map_or(u64::MAX, |(from, _)| from);
        }
        let tail = self.writer.tail();
        let state = self.memory.load(Word::TwinState);
        let follows = state == TwinState::Syncing as u64 || state == TwinState::InStep as u64;
        let twin = follows.then(|| self.memory.load(Word::TwinApplied));
        // Who needs what is gone already needs nothing.
        let needed = [Some(self.memory.load(Word::Checkpoint)), twin];
        needed.into_iter().flatten().filter(|position| *position >= tail).min().unwrap_or(u64::MAX)
    }

    /// Whether something was logged since the last digest.
    pub(super) fn digest_is_owed(&self) -> bool {
        self.settings.mode != Mode::None
            && self.phase == Phase::Writing
            && self.digests.back().is_none_or(|(number, _)| *number < self.writer.cursor().number)
    }

    pub(super) fn write_digest(&mut self, kernel: &mut impl Kernel) {
        let digest = self.state.digest();
        let number = self.write(kernel, Content::Digest(digest));
        self.digest_at = after(self.now, self.settings.digest_interval);
        self.digests.push_back((number, digest.value()));
        if self.digests.len() > DIGESTS {
            self.digests.pop_front();
        }
    }

    pub(super) fn count(&mut self) {
        self.tick = self.tick.wrapping_add(1);
        self.memory.store(Word::Tick, self.tick);
    }
}
