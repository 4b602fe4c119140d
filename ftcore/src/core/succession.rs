//! Becoming primary: after a death, a hang, a hand-over, or as the first of all.
//!
//! Called when the old primary is shown to be dead (I5) or has released. The order matters, since this process may
//! die in the middle of it, too, and the next one must be able to do it again: what the log says is applied; what
//! its last entry wanted done is done again; the one entry that may be beyond is judged; what the kernel knows and
//! the log does not becomes entries; and only then a takeover's entry says who writes from now on.

use super::apply::errno;
use super::effect::Close;
use super::entry::{self, Content, Entry, Epoch};
use super::input::{ConnId, Cookie, Ends};
use super::kernel::{Accepted, Kernel, Phase as Attempt, Positions};
use super::log::{self, Cursor, LogError, Writer};
use super::machine::Machine;
use super::memory::{Memory, Word};
use super::primary::{Primary, Settings};
use super::record::{Cause, Fate, Given, Takeover, Verdict};
use super::standby::{Standby, TwinState, verdict_behind};
use super::state::State;
use super::streams::{Held, Standing};
use super::takeover::{Circumstances, Listeners, Loss, Lost, Origin, Report, Suspect, TakeoverError};
use super::trial::{Found, Trial, search};

/// How far ahead of the log's epoch the word may be.
const PLAUSIBLE: u32 = 1 << 16;
/// What a connection that cannot go on is said to have died of: ECONNABORTED.
const ABORTED: i32 = 103;

/// Makes a primary of a standby.
///
/// # Errors
/// Where it cannot be one. What was written until then is what anybody would have had to write.
pub fn take_over<M: Machine, L: Memory>(
    mut standby: Standby<M>,
    memory: L,
    kernel: &mut impl Kernel,
    trial: &mut impl Trial<M>,
    circumstances: &Circumstances,
) -> Result<(Primary<M, L>, Report), TakeoverError> {
    let (position, tail) = (standby.state.cursor().position, memory.load(Word::Tail));
    if tail > position {
        return Err(TakeoverError::Follow(LogError::Overrun { position, tail }.into()));
    }
    let mut extent = Extent::of(&memory, &standby.state.cursor());
    standby.follow_to(&memory, kernel, extent.applied, u64::MAX)?;
    let mut successor = Successor::of(standby.state, memory, kernel, circumstances.settings);
    successor.primary.carry_out_chores(kernel);
    loop {
        let primary = &mut successor.primary;
        match beyond(&primary.memory, &primary.state.cursor(), &extent) {
            Beyond::Nothing => break,
            Beyond::Damaged => {
                successor.damaged = true;
                let end = primary.state.cursor().position;
                primary.memory.store(Word::Published, end);
                break;
            }
            Beyond::Entry(suspected) => {
                successor.judge(kernel, trial, circumstances.evidence.origin, &suspected)?;
                extent.begun = Begun::No;
            }
        }
    }
    successor.receive_torn(kernel);
    successor.resume(kernel);
    for accepted in &circumstances.accepted {
        successor.accept(kernel, *accepted);
    }
    successor.forget_strays(kernel);
    if circumstances.listeners == Listeners::New {
        successor.set_keys(kernel);
    }
    Ok(successor.finish(kernel, circumstances))
}

/// How far the log goes.
struct Extent {
    applied: u64,
    published: u64,
    begun: Begun,
}

/// Whether the step of the entry beyond the applied ones had begun.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Begun {
    Perhaps,
    No,
}

impl Extent {
    /// What the words say, where that can be; else what the entries themselves say: each was written after the one
    /// before it was applied.
    fn of(memory: &impl Memory, cursor: &Cursor) -> Self {
        let [published, applied, begun] =
            [Word::Published, Word::Applied, Word::Begun].map(|word| memory.load(word));
        let possible = cursor.position <= applied
            && applied <= published
            && published - cursor.position <= memory.capacity();
        if possible {
            let begun = if begun < applied { Begun::No } else { Begun::Perhaps };
            return Extent { applied, published, begun };
        }
        let (mut behind, mut last, mut buffer) = (*cursor, cursor.position, Vec::new());
        let limit = cursor.position + memory.capacity();
        while let Ok(Some((entry, end))) = log::read(memory, &behind, limit, &mut buffer) {
            let verdict = matches!(entry.content, Content::Verdict(_));
            if !verdict {
                last = behind.position;
            }
            behind = Cursor::behind(&entry, end);
        }
        Extent { applied: last, published: behind.position, begun: Begun::Perhaps }
    }
}

/// What lies beyond the last entry that was applied.
enum Beyond {
    Nothing,
    /// Something was published and is no entry any more.
    Damaged,
    /// An entry.
    Entry(Suspected),
}

/// An entry that nobody is known to have lived through.
struct Suspected {
    /// As it was read.
    octets: Vec<u8>,
    /// Where it ends in the log.
    end: u64,
    /// What a process decided about it that died before it had applied that, and the cursor behind.
    verdict: Option<(Verdict, Cursor)>,
    begun: Begun,
}

fn beyond(memory: &impl Memory, cursor: &Cursor, extent: &Extent) -> Beyond {
    let mut octets = Vec::new();
    let end = match log::read(memory, cursor, extent.published, &mut octets) {
        Ok(None) => return Beyond::Nothing,
        Ok(Some((entry, end))) => Cursor::behind(&entry, end),
        Err(_) => return Beyond::Damaged,
    };
    match verdict_behind(memory, end, extent.published, &mut Vec::new()) {
        Ok(verdict) => Beyond::Entry(Suspected { octets, end: end.position, verdict, begun: extent.begun }),
        // The entry is whole; what a process that died since has made of it is not.
        Err(_) => Beyond::Entry(Suspected { octets, end: end.position, verdict: None, begun: extent.begun }),
    }
}

/// A takeover under way.
struct Successor<M: Machine, L> {
    primary: Primary<M, L>,
    /// Something that was published has been damaged since.
    damaged: bool,
    lost: Vec<Lost>,
    suspect: Option<Suspect>,
    torn_receive: u64,
    torn_sends: u64,
}

impl<M: Machine, L: Memory> Successor<M, L> {
    fn of(state: State<M>, mut memory: L, kernel: &impl Kernel, settings: Settings) -> Self {
        let cursor = state.cursor();
        // A word may say anything; but where it can be true nobody shall write in the same epoch again.
        let written = u32::try_from(memory.load(Word::Epoch)).unwrap_or(0);
        let written = if written.wrapping_sub(cursor.epoch.0) < PLAUSIBLE { written } else { cursor.epoch.0 };
        let epoch = Epoch(written.max(state.epoch().0) + 1);
        memory.store(Word::Epoch, u64::from(epoch.0));
        memory.store(Word::TwinState, TwinState::Absent as u64);
        let writer = Writer::new(&memory, cursor, epoch);
        let primary = Primary::of(state, memory, writer, (settings, kernel.now()));
        Successor { primary, damaged: false, lost: Vec::new(), suspect: None, torn_receive: 0, torn_sends: 0 }
    }

    /// Applies the entry that may be beyond what was applied, or what is to stand for it.
    fn judge<K: Kernel>(
        &mut self,
        kernel: &mut K,
        trial: &mut impl Trial<M>,
        origin: Origin,
        suspected: &Suspected,
    ) -> Result<(), TakeoverError> {
        let before = suspected.verdict.as_ref().map(|(verdict, _)| verdict);
        let Ok(entry) = entry::parse(&suspected.octets) else { return Ok(()) };
        let primary = &mut self.primary;
        let again = primary.memory.load(Word::Attempted) == entry.number.0.wrapping_add(1);
        primary.memory.store(Word::Attempted, entry.number.0.wrapping_add(1));
        let behind =
            suspected.verdict.as_ref().map_or(Cursor::behind(&entry, suspected.end), |(_, behind)| *behind);
        primary.writer = Writer::new(&primary.memory, behind, primary.writer.cursor().epoch);
        let suspicious = suspected.begun == Begun::Perhaps && (origin == Origin::Inside || again);
        let found = match (suspicious, before) {
            (true, _) => search(&mut primary.state, trial, (&entry, suspected.end), before),
            (false, Some(verdict)) => Found::Verdict(verdict.clone()),
            (false, None) => Found::Harmless,
        };
        if suspicious {
            self.suspect = Some(self.report_on(&entry, &found));
        }
        let conn = entry.content.conn();
        let before_it = self.is_open(conn).then(|| (conn, self.ends(conn)));
        let primary = &mut self.primary;
        match found {
            Found::Harmless => primary.apply_written(kernel, &entry, suspected.end),
            Found::Deadly => return Err(TakeoverError::Deadly(entry.number)),
            Found::Verdict(verdict) => {
                // One that is in the log already need not be written again.
                match &suspected.verdict {
                    Some((written, behind)) if *written == verdict => {
                        primary.apply_judged(kernel, &entry, (&verdict, *behind));
                    }
                    _ => primary.write_verdict(kernel, &entry, &verdict),
                }
                let ended = before_it.filter(|(conn, _)| !self.is_open(*conn));
                self.lost.extend(ended.map(|(conn, ends)| Lost { conn, ends, why: Loss::Verdict }));
            }
        }
        Ok(())
    }

    fn is_open(&self, conn: ConnId) -> bool {
        self.primary.state.streams().get(conn).is_some_and(|stream| stream.standing == Standing::Open)
    }

    fn ends(&self, conn: ConnId) -> Option<Ends> {
        self.primary.state.streams().get(conn).and_then(|stream| stream.ends)
    }

    fn report_on(&self, entry: &Entry<'_>, found: &Found) -> Suspect {
        let conn = Some(entry.content.conn()).filter(|conn| *conn != ConnId(0));
        let octets = match entry.content {
            Content::Received { octets, .. } | Content::Datagram { octets, .. } | Content::Other(octets) => {
                octets
            }
            _ => &[],
        };
        let verdict = match found {
            Found::Verdict(verdict) => Some(verdict.clone()),
            Found::Harmless | Found::Deadly => None,
        };
        Suspect {
            number: entry.number,
            epoch: entry.epoch,
            time: entry.time,
            conn,
            ends: conn.and_then(|conn| self.ends(conn)),
            guilty: verdict.as_ref().map_or_else(Vec::new, |verdict| guilty(verdict, octets)),
            octets: octets.to_vec(),
            verdict,
        }
    }

    /// Makes an entry of octets that the old primary had read and not logged: they lie where it put them.
    fn receive_torn(&mut self, kernel: &mut impl Kernel) {
        let primary = &mut self.primary;
        let load = |word| primary.memory.load(word);
        let socket = Cookie(load(Word::IntentSocket));
        let conn = primary.state.streams().by_socket(socket);
        let stream = conn.and_then(|conn| primary.state.streams().get(conn));
        let (Some(conn), Some(stream)) = (conn, stream) else { return };
        let fits = load(Word::IntentSequence) % 2 == 0
            && load(Word::IntentOffset) == stream.received
            && load(Word::IntentPlace) == primary.writer.place()
            && stream.standing == Standing::Open
            && !self.damaged;
        let Ok(positions) = kernel.positions(socket) else { return };
        let torn = positions.consumed.wrapping_sub(stream.received);
        let most = load(Word::IntentLength).min(primary.memory.capacity() / 2);
        if !fits || positions.phase != Attempt::Open || torn == 0 || torn > most {
            return;
        }
        if primary.writer.make_room(&mut primary.memory, torn as usize, u64::MAX).is_ok() {
            primary.write_received(kernel, conn, torn as usize);
            self.torn_receive += torn;
        }
    }

    /// Goes through all connections: what the kernel says of each is brought into the log.
    fn resume(&mut self, kernel: &mut impl Kernel) {
        // Whoever wants a socket is found in the table.
        self.primary.opens.clear();
        let streams = self.primary.state.streams();
        let all: Vec<(ConnId, Option<Cookie>)> =
            streams.iter().map(|(conn, stream)| (conn, stream.socket)).collect();
        for (conn, socket) in all {
            let standing = self.primary.state.streams().get(conn).map(|stream| stream.standing.clone());
            match (standing, socket) {
                (Some(Standing::Connecting(_)), Some(socket)) => self.resume_attempt(kernel, conn, socket),
                (Some(Standing::Open | Standing::Ending), Some(socket)) => {
                    if let Err(why) = self.resume_stream(kernel, conn, socket) {
                        self.lose(kernel, conn, why);
                    }
                }
                (Some(Standing::Ended), Some(socket)) => {
                    kernel.end(socket);
                    if kernel.watch(socket).is_err() {
                        self.primary.write(kernel, Content::Ended { conn, how: Close::Orderly });
                    }
                }
                (Some(Standing::Datagram(_)), Some(socket)) if kernel.watch(socket).is_ok() => {}
                (Some(Standing::Opening(_) | Standing::OpeningDatagram(_) | Standing::Datagram(_)), _) => {
                    self.primary.opens.push_back(conn);
                }
                _ => {}
            }
        }
    }

    fn resume_stream(&mut self, kernel: &mut impl Kernel, conn: ConnId, socket: Cookie) -> Result<(), Loss> {
        let held = kernel.positions(socket).and_then(|positions| kernel.watch(socket).map(|()| positions));
        let Positions { phase, consumed, written } = held.map_err(|error| Loss::NotHeld(errno(&error)))?;
        let Some(stream) = self.primary.state.streams().get(conn) else { return Ok(()) };
        if phase != Attempt::Open {
            // Its end is read as any connection's.
            return Ok(());
        }
        // What a peer says after the machine's close is read and not logged.
        if consumed != stream.received && stream.standing == Standing::Open {
            let received = stream.received;
            return Err(if self.damaged { Loss::Damaged } else { Loss::Received { consumed, received } });
        }
        let (generated, drained) = (stream.generated, stream.drained);
        let torn = written.wrapping_sub(drained);
        if torn > stream.queue.octets() {
            return Err(Loss::Sent { written, generated, drained });
        }
        if stream.held == Held::Yes {
            kernel.pause(socket);
        }
        if torn > 0 {
            self.torn_sends += torn;
            self.primary.write(kernel, Content::Drained { conn, octets: torn });
        }
        self.primary.list(conn);
        Ok(())
    }

    /// Ends a connection that cannot go on.
    fn lose(&mut self, kernel: &mut impl Kernel, conn: ConnId, why: Loss) {
        let Some(stream) = self.primary.state.streams().get(conn) else { return };
        let (ends, open) = (stream.ends, stream.standing == Standing::Open);
        if let Some(socket) = stream.socket {
            kernel.abort(socket);
        }
        if open {
            self.lost.push(Lost { conn, ends, why });
            self.primary.write(kernel, Content::Closed { conn, errno: ABORTED });
        } else {
            self.primary.write(kernel, Content::Ended { conn, how: Close::Abort });
        }
    }

    fn resume_attempt(&mut self, kernel: &mut impl Kernel, conn: ConnId, socket: Cookie) {
        match kernel.positions(socket).map(|positions| positions.phase) {
            Ok(Attempt::Fresh) => self.primary.begin(kernel, conn, socket),
            Ok(_) if kernel.watch(socket).is_ok() => {
                self.primary.attempted(kernel, conn, socket);
            }
            Ok(_) | Err(_) => {
                self.primary.owed.push_back(Content::ConnectFailed { conn, errno: ABORTED });
            }
        }
    }

    /// Takes a connection that was accepted for the program, where the log does not know it and nobody has
    /// spoken on it yet.
    fn accept(&mut self, kernel: &mut impl Kernel, accepted: Accepted) {
        if self.primary.state.streams().by_socket(accepted.socket).is_some() {
            return;
        }
        let fresh = Positions { phase: Attempt::Open, consumed: 0, written: 0 };
        match kernel.positions(accepted.socket) {
            Ok(positions) if positions == fresh => self.primary.accepted(kernel, accepted),
            Ok(_) | Err(_) => kernel.forget(accepted.socket),
        }
    }

    /// Drops sockets that nobody knows: made for a connection and not logged, or over and not dropped yet.
    fn forget_strays(&self, kernel: &mut impl Kernel) {
        for socket in kernel.held() {
            if self.primary.state.streams().by_socket(socket).is_none() {
                kernel.forget(socket);
            }
        }
    }

    fn set_keys(&self, kernel: &mut impl Kernel) {
        for (from, key) in self.primary.state.listen_keys() {
            if let Err(error) = kernel.set_listen_key(from, Some(key)) {
                tracing::error!("cannot set the TCP MD5 key for {from}: {error}");
            }
        }
    }

    /// Writes the takeover's own entry; from here on this process is primary.
    fn finish(mut self, kernel: &mut impl Kernel, circumstances: &Circumstances) -> (Primary<M, L>, Report) {
        let primary = &mut self.primary;
        let number = primary.state.cursor().number;
        primary.others.extend(primary.state.machine().unfinished().into_iter().map(|other| (number, other)));
        let evidence = circumstances.evidence;
        let convicted = self.suspect.as_ref().is_some_and(|suspect| suspect.verdict.is_some());
        let open = primary.state.streams().iter().filter(|(_, stream)| stream.standing == Standing::Open);
        let takeover = Takeover {
            epoch: primary.writer.cursor().epoch,
            cause: if convicted { Cause::Poison } else { evidence.cause },
            signal: evidence.signal,
            unix_ms: circumstances.unix_ms,
            detect_us: evidence.detect_us,
            takeover_us: kernel.now().0.saturating_sub(evidence.detected.0),
            kept: open.count() as u32,
            lost: self.lost.len() as u32,
        };
        primary.write(kernel, Content::Takeover(takeover.clone()));
        primary.memory.store(Word::Released, 0);
        let Successor { primary, lost, suspect, torn_receive, torn_sends, .. } = self;
        (primary, Report { takeover, lost, torn_receive, torn_sends, suspect })
    }
}

/// The octets of those pieces that were not given as they came.
fn guilty(verdict: &Verdict, octets: &[u8]) -> Vec<Vec<u8>> {
    let Fate::Pieces(pieces) = &verdict.fate else { return Vec::new() };
    let starts = [0].into_iter().chain(pieces.iter().map(|piece| piece.end as usize));
    let cut = pieces.iter().zip(starts).filter(|(piece, _)| piece.how != Given::Plain);
    cut.filter_map(|(piece, start)| octets.get(start..piece.end as usize)).map(<[u8]>::to_vec).collect()
}
