//! What each entry does to the state: the same in everybody who applies it.

use std::io;

use super::effect::{Close, Effect};
use super::entry::{Content, Entry};
use super::input::{ConnId, Cookie, Ends, FIRST_OWN_CONN, Input, ListenerId, Time, Treatment};
use super::log::Cursor;
use super::machine::Machine;
use super::record::{Fate, Given, Piece, Takeover, Verdict};
use super::state::{Chore, Disorder, HISTORY, State};
use super::streams::{Held, Standing, Stream, mix};

/// What a connection that a verdict ends is said to have died of: ECONNABORTED.
const ABORTED: i32 = 103;
/// How long, in microseconds of the log's time, a machine is left alone when time itself has killed a process.
const CLOCK_SKIPPED_FOR: u64 = 1_000_000;

impl<M: Machine> State<M> {
    /// Applies an entry that ends at `end` in the log. The machine's own effects are appended to `others`.
    ///
    /// # Errors
    /// Where the entry does not fit; the state is then of no more use.
    pub fn apply(
        &mut self,
        entry: &Entry<'_>,
        end: u64,
        others: &mut Vec<M::Effect>,
    ) -> Result<(), Disorder> {
        self.begin(Cursor::behind(entry, end));
        let mut step = Step { now: entry.time, others };
        self.apply_content(&entry.content, &mut step).map_err(|wrong| wrong.of(entry))
    }

    /// Applies what stands for `suspect`: `verdict`, behind which `cursor` is. `reached` is told before each
    /// piece which one it is.
    ///
    /// # Errors
    /// Where it does not fit; the state is then of no more use.
    pub fn apply_verdict(
        &mut self,
        suspect: &Entry<'_>,
        (verdict, cursor): (&Verdict, Cursor),
        others: &mut Vec<M::Effect>,
        reached: &mut dyn FnMut(u32),
    ) -> Result<(), Disorder> {
        self.begin(cursor);
        let mut step = Step { now: verdict.time, others };
        let applied = match (&verdict.fate, &suspect.content) {
            (Fate::Pieces(pieces), Content::Received { conn, octets }) => {
                self.apply_pieces(*conn, octets, pieces, (&mut step, reached))
            }
            (Fate::Pieces(_), _) => Err(Wrong("pieces of an entry without octets")),
            (Fate::Abort, content) => self.abort_instead(content, &mut step, Told::Closed),
            (Fate::Skip, content) => self.abort_instead(content, &mut step, Told::Nothing),
        };
        applied.map_err(|wrong| wrong.of(suspect))
    }

    fn begin(&mut self, cursor: Cursor) {
        self.books.cursor = cursor;
        let changes = &mut self.changes;
        changes.sends.clear();
        changes.opens.clear();
        changes.removed.clear();
        changes.forgotten.clear();
        for chore in self.books.chores.drain(..) {
            if let Chore::Forget(socket) = chore {
                changes.forgotten.push(socket);
            }
        }
    }

    fn apply_content(&mut self, content: &Content<'_>, step: &mut Step<'_, M::Effect>) -> Result<(), Wrong> {
        match content {
            Content::Accepted { ends, listener, socket } => self.accepted(*ends, *listener, *socket, step),
            Content::Connected(ends) => {
                self.books.streams.connected(*ends).ok_or(Wrong("no attempt to connect is under way"))?;
                self.step(Input::Connected(*ends), step)
            }
            Content::ConnectFailed { conn, errno } => {
                self.attempt_failed(*conn)?;
                self.step(Input::ConnectFailed { conn: *conn, errno: *errno }, step)
            }
            Content::Closed { conn, errno } => {
                let waits = |stream: &Stream| stream.standing == Standing::Open && !stream.queue.is_empty();
                if *errno == 0 && self.books.streams.get(*conn).is_some_and(waits) {
                    // A peer that has said all may still be listening: what waits for it is sent.
                    self.close(*conn, Close::Orderly, step.now);
                } else {
                    self.lose(*conn, Close::Orderly)?;
                }
                self.step(Input::Closed { conn: *conn, errno: *errno }, step)
            }
            Content::Received { conn, octets } => {
                let counted = self.books.streams.received(*conn, octets.len() as u64);
                counted.ok_or(Wrong("octets of a connection that is not open"))?;
                self.step(Input::Received { conn: *conn, octets }, step)
            }
            Content::Drained { conn, octets } => self.drained(*conn, *octets, step),
            Content::Datagram { conn, from, octets } => {
                let stream = self.books.streams.get(*conn);
                if !stream.is_some_and(|stream| matches!(stream.standing, Standing::Datagram(_))) {
                    return Err(Wrong("a datagram of no datagram socket"));
                }
                self.step(Input::Datagram { conn: *conn, from: *from, octets }, step)
            }
            Content::Other(octets) => self.step(Input::Other(octets), step),
            Content::Clock => self.step(Input::Clock, step),
            Content::Opened { conn, socket } => {
                self.books.streams.opened(*conn, *socket).ok_or(Wrong("no socket was wanted"))
            }
            Content::Ended { conn, how } => self.ended(*conn, *how),
            Content::Digest(_) => Ok(()),
            Content::Takeover(takeover) => {
                self.took_over(takeover);
                Ok(())
            }
            Content::Verdict(_) => Err(Wrong("a verdict on nothing")),
        }
    }

    fn step(&mut self, input: Input<'_>, step: &mut Step<'_, M::Effect>) -> Result<(), Wrong> {
        let effects = &mut self.effects;
        effects.list.clear();
        effects.deadline = None;
        effects.more = false;
        self.machine.step(step.now, input, effects);
        self.books.deadline = effects.deadline;
        self.books.more = effects.more;
        let mut list = std::mem::take(&mut self.effects.list);
        let carried = list.drain(..).try_for_each(|effect| self.take_effect(effect, step));
        self.effects.list = list;
        let deadline = self.books.deadline.map_or(u64::MAX, |deadline| deadline.0);
        self.books.trail = mix(self.books.trail, deadline ^ u64::from(self.books.more));
        carried
    }

    fn take_effect(
        &mut self,
        effect: Effect<M::Effect>,
        step: &mut Step<'_, M::Effect>,
    ) -> Result<(), Wrong> {
        let streams = &mut self.books.streams;
        match effect {
            Effect::Connect(connect) => self.want(connect.conn, Standing::Opening(connect))?,
            Effect::OpenDatagram { conn, local } => self.want(conn, Standing::OpeningDatagram(local))?,
            Effect::Options { conn, options } => {
                let open = streams.get(conn).filter(|stream| stream.standing == Standing::Open);
                if let Some(socket) = open.and_then(|stream| stream.socket) {
                    self.books.chores.push(Chore::Options { conn, socket, options });
                }
            }
            Effect::Send { conn, octets } => {
                let Some(sum) = streams.send(conn, octets) else { return Ok(()) };
                self.books.trail = mix(self.books.trail, conn.0 ^ u64::from(sum).rotate_left(32));
                if self.changes.sends.last() != Some(&conn) {
                    self.changes.sends.push(conn);
                }
            }
            Effect::Hold { conn } => self.set_held(conn, Held::Yes),
            Effect::Release { conn } => self.set_held(conn, Held::No),
            Effect::SendDatagram { conn, to, octets } => {
                let datagram =
                    streams.get(conn).filter(|stream| matches!(stream.standing, Standing::Datagram(_)));
                if let Some(socket) = datagram.and_then(|stream| stream.socket) {
                    self.books.chores.push(Chore::SendDatagram { socket, to, octets });
                }
            }
            Effect::Close { conn, how } => self.close(conn, how, step.now),
            Effect::ListenKey { from, key } => {
                match &key {
                    Some(key) => self.books.listen_keys.insert(from, key.clone()),
                    None => self.books.listen_keys.remove(&from),
                };
                self.books.chores.push(Chore::ListenKey { from, key });
            }
            Effect::Other(other) => step.others.push(other),
        }
        Ok(())
    }

    fn set_held(&mut self, conn: ConnId, held: Held) {
        if let Some(socket) = self.books.streams.set_held(conn, held) {
            self.books.chores.push(match held {
                Held::Yes => Chore::Pause(socket),
                Held::No => Chore::Resume(socket),
            });
        }
    }

    fn want(&mut self, conn: ConnId, standing: Standing) -> Result<(), Wrong> {
        if conn.0 < FIRST_OWN_CONN {
            return Err(Wrong("the machine gave a name that is not its own to give"));
        }
        self.books.streams.want(conn, standing).map_err(|_| Wrong("the machine gave a name twice"))?;
        self.changes.opens.push(conn);
        Ok(())
    }

    /// The machine closes a connection.
    fn close(&mut self, conn: ConnId, how: Close, now: Time) {
        let Some(stream) = self.books.streams.get(conn) else { return };
        match (&stream.standing, how) {
            (Standing::Open, Close::Orderly) => {
                let socket = stream.socket;
                // Its last words are read, and thrown away.
                self.set_held(conn, Held::No);
                let Some((standing, oldest)) = self.books.streams.end(conn, now) else { return };
                if let (Standing::Ended, Some(socket)) = (standing, socket) {
                    self.books.chores.push(Chore::End(socket));
                }
                if let Some(oldest) = oldest {
                    self.remove(oldest, Some(Close::Abort));
                }
            }
            (Standing::Ending | Standing::Ended, Close::Orderly) => {}
            (Standing::Datagram(_), _) => self.remove(conn, None),
            _ => self.remove(conn, Some(Close::Abort)),
        }
    }

    /// Takes a connection out of the table and leaves the rest to the kernel.
    fn remove(&mut self, conn: ConnId, how: Option<Close>) {
        let Some(stream) = self.books.streams.remove(conn) else { return };
        self.changes.removed.push(conn);
        if let Some(socket) = stream.socket {
            self.drop_socket(socket, how);
        }
    }

    fn drop_socket(&mut self, socket: Cookie, how: Option<Close>) {
        match how {
            Some(Close::Orderly) => self.books.chores.push(Chore::End(socket)),
            Some(Close::Abort) => self.books.chores.push(Chore::Abort(socket)),
            None => {}
        }
        self.books.chores.push(Chore::Forget(socket));
    }

    fn accepted(
        &mut self,
        ends: Ends,
        listener: ListenerId,
        socket: Cookie,
        step: &mut Step<'_, M::Effect>,
    ) -> Result<(), Wrong> {
        self.name_accepted(ends.conn)?;
        let taken = self.books.streams.accept(ends, socket);
        taken.map_err(|_| Wrong("its socket is another connection's"))?;
        self.step(Input::Accepted { ends, listener }, step)
    }

    fn name_accepted(&mut self, conn: ConnId) -> Result<(), Wrong> {
        if conn != self.next_accepted() {
            return Err(Wrong("an accepted connection with a name out of order"));
        }
        self.books.accepted = conn.0;
        Ok(())
    }

    fn attempt_failed(&mut self, conn: ConnId) -> Result<(), Wrong> {
        let standing = self.books.streams.get(conn).map(|stream| &stream.standing);
        match standing {
            Some(Standing::Opening(_) | Standing::OpeningDatagram(_) | Standing::Datagram(_)) => {
                self.remove(conn, None);
            }
            Some(Standing::Connecting(_)) => self.remove(conn, Some(Close::Abort)),
            _ => return Err(Wrong("no attempt is under way")),
        }
        Ok(())
    }

    fn lose(&mut self, conn: ConnId, how: Close) -> Result<(), Wrong> {
        let open = self.books.streams.get(conn).is_some_and(|stream| stream.standing == Standing::Open);
        if !open {
            return Err(Wrong("the end of a connection that is not open"));
        }
        self.remove(conn, Some(how));
        Ok(())
    }

    fn drained(&mut self, conn: ConnId, octets: u64, step: &mut Step<'_, M::Effect>) -> Result<(), Wrong> {
        let standing = self.books.streams.drained(conn, octets, step.now);
        match standing.ok_or(Wrong("more octets were sent than wait"))? {
            Standing::Open => self.step(Input::Drained { conn, octets }, step),
            Standing::Ended => {
                let socket = self.books.streams.get(conn).and_then(|stream| stream.socket);
                self.books.chores.extend(socket.map(Chore::End));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn ended(&mut self, conn: ConnId, how: Close) -> Result<(), Wrong> {
        let standing = self.books.streams.get(conn).map(|stream| &stream.standing);
        if !matches!(standing, Some(Standing::Ending | Standing::Ended)) {
            return Err(Wrong("the last of a connection that is not being ended"));
        }
        self.remove(conn, Some(how));
        Ok(())
    }

    fn took_over(&mut self, takeover: &Takeover) {
        self.books.takeovers.push_front(takeover.clone());
        self.books.takeovers.truncate(HISTORY);
        self.books.streams.survived_takeover();
    }

    fn apply_pieces(
        &mut self,
        conn: ConnId,
        octets: &[u8],
        pieces: &[Piece],
        (step, reached): (&mut Step<'_, M::Effect>, &mut dyn FnMut(u32)),
    ) -> Result<(), Wrong> {
        let counted = self.books.streams.received(conn, octets.len() as u64);
        counted.ok_or(Wrong("octets of a connection that is not open"))?;
        let mut start = 0;
        for (n, piece) in pieces.iter().enumerate() {
            let octets = octets.get(start..piece.end as usize).ok_or(Wrong("a piece beyond the octets"))?;
            start = piece.end as usize;
            let stream = self.books.streams.get(conn);
            if octets.is_empty() || stream.is_none_or(|stream| stream.standing != Standing::Open) {
                continue;
            }
            reached(n as u32);
            match piece.how {
                Given::Plain => self.step(Input::Received { conn, octets }, step)?,
                Given::Poison(Treatment::Drop) => {
                    step.others.extend(self.machine.passed_over(Input::Received { conn, octets }));
                    self.lose(conn, Close::Abort)?;
                    self.step(Input::Closed { conn, errno: ABORTED }, step)?;
                }
                Given::Poison(treatment) => {
                    self.step(Input::Poison { conn, octets, treatment }, step)?;
                }
            }
        }
        Ok(())
    }

    /// Does what has to be done of an entry that is not given to the machine.
    fn abort_instead(
        &mut self,
        content: &Content<'_>,
        step: &mut Step<'_, M::Effect>,
        told: Told,
    ) -> Result<(), Wrong> {
        let input = match content {
            Content::Received { conn, octets } => Some(Input::Received { conn: *conn, octets }),
            Content::Datagram { conn, from, octets } => {
                Some(Input::Datagram { conn: *conn, from: *from, octets })
            }
            Content::Other(octets) => Some(Input::Other(octets)),
            _ => None,
        };
        if let (Told::Closed, Some(input)) = (told, input) {
            step.others.extend(self.machine.passed_over(input));
        }
        let instead = match content {
            Content::Accepted { ends, socket, .. } => {
                self.name_accepted(ends.conn)?;
                self.drop_socket(*socket, Some(Close::Abort));
                return Ok(());
            }
            Content::Connected(ends) => {
                self.attempt_failed(ends.conn)?;
                Input::ConnectFailed { conn: ends.conn, errno: ABORTED }
            }
            Content::ConnectFailed { conn, .. } => return self.attempt_failed(*conn),
            Content::Closed { conn, .. } => return self.lose(*conn, Close::Orderly),
            Content::Received { conn, .. } | Content::Drained { conn, .. } => {
                self.lose(*conn, Close::Abort)?;
                Input::Closed { conn: *conn, errno: ABORTED }
            }
            Content::Datagram { .. } | Content::Other(_) => return Ok(()),
            Content::Clock => {
                // What was due would be due at once again.
                self.books.deadline = Some(Time(step.now.0.saturating_add(CLOCK_SKIPPED_FOR)));
                self.books.more = false;
                return Ok(());
            }
            own => return self.apply_content(own, step),
        };
        match told {
            Told::Closed => self.step(instead, step),
            Told::Nothing => Ok(()),
        }
    }
}

/// Whether the machine hears of a connection that a verdict has ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    Closed,
    Nothing,
}

/// One entry's way through the state.
struct Step<'a, E> {
    now: Time,
    others: &'a mut Vec<E>,
}

/// What is wrong with an entry.
struct Wrong(&'static str);

impl Wrong {
    fn of(self, entry: &Entry<'_>) -> Disorder {
        Disorder { number: entry.number, what: self.0 }
    }
}

/// The kernel's number for an error; EIO where a library made it up.
#[must_use]
pub(super) fn errno(error: &io::Error) -> i32 {
    const EIO: i32 = 5;
    error.raw_os_error().unwrap_or(EIO)
}
