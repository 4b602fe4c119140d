//! The server as a deterministic machine: requests in, answers out, files by order.

use std::collections::BTreeMap;
use std::io;

use bytes::{Buf, Bytes};
use ftcore::core::effect::{Close, Effect, Effects};
use ftcore::core::input::{ConnId, Input, Time};
use ftcore::core::machine::Machine;
use serde::{Deserialize, Serialize};

use crate::parts::calendar::Calendar;
use crate::parts::deadlines::Deadlines;
use crate::parts::disk::{Answer, Order, Orders, Told, Work};
use crate::parts::snapshot::{self, Digest};
use crate::parts::stream::Stream;
use crate::request::{self, Method, Refusal, Request, Then};
use crate::response::{self, Found};

const FORM: &str = "web 1\n";
/// A file is read in slices of so many octets.
const SLICE: u64 = 64 * 1024;
/// How long a connection may have no request, be in the middle of one, or not take what it is sent.
const IDLE: u64 = 60_000_000;
const HEAD: u64 = 30_000_000;
const STALL: u64 = 120_000_000;

/// The server.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Web {
    calendar: Calendar,
    orders: Orders,
    connections: BTreeMap<ConnId, Connection>,
    deadlines: Deadlines,
    output: Digest,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Connection {
    stream: Stream,
    phase: Phase,
    /// Octets of a request's body that are to come and to be skipped.
    skip: u64,
}

/// What a connection's present request waits for.
#[derive(Debug, Default, Serialize, Deserialize)]
enum Phase {
    /// Itself.
    #[default]
    Awaited,
    /// An answer to what the file is.
    Looking(Request),
    /// Room for more of the file's octets.
    Sending(Download),
    /// One slice of them.
    Reading(Download),
}

/// The octets of a file that are still to be sent.
#[derive(Debug, Serialize, Deserialize)]
struct Download {
    path: String,
    version: u64,
    next: u64,
    end: u64,
    then: Then,
}

impl Machine for Web {
    type Effect = Order;

    fn step(&mut self, now: Time, input: Input<'_>, effects: &mut Effects<Order>) {
        match input {
            Input::Accepted { ends, .. } => {
                self.connections.insert(ends.conn, Connection::default());
                self.deadlines.set(ends.conn, Time(now.0 + IDLE));
            }
            Input::Received { conn, octets } => self.received(now, conn, octets, effects),
            Input::Drained { conn, octets } => self.drained(now, conn, octets, effects),
            Input::Closed { conn, .. } => self.forget(conn),
            Input::Other(told) => self.told(now, told, effects),
            Input::Poison { conn, .. } => self.poisoned(now, conn, effects),
            Input::Clock => self.run_out(now, effects),
            Input::Connected(_) | Input::ConnectFailed { .. } | Input::Datagram { .. } => {}
        }
        effects.deadline = self.deadlines.next();
        self.output.add_output(&effects.list);
    }

    fn save(&self, to: &mut dyn io::Write) -> io::Result<()> {
        snapshot::save(FORM, self, to)
    }

    fn restore(from: &[u8]) -> io::Result<Web> {
        snapshot::restore(FORM, from)
    }

    fn digest(&self) -> u64 {
        Digest::of(self)
    }

    fn unfinished(&self) -> Vec<Order> {
        self.orders.unfinished()
    }

    /// A unit is a request's head: it ends with an empty line.
    fn units(&self, conn: ConnId, octets: &[u8]) -> Vec<usize> {
        let before: &[u8] = self.connections.get(&conn).map_or(&[], |found| &found.stream.received);
        let mut line =
            before.iter().rev().take_while(|octet| **octet != b'\n').filter(|o| **o != b'\r').count();
        let mut ends = Vec::new();
        for (at, octet) in octets.iter().enumerate() {
            match octet {
                b'\n' if line == 0 => ends.push(at + 1),
                b'\n' => line = 0,
                b'\r' => {}
                _ => line += 1,
            }
        }
        ends
    }
}

impl Web {
    fn received(&mut self, now: Time, conn: ConnId, octets: &[u8], effects: &mut Effects<Order>) {
        let Some(connection) = self.connections.get_mut(&conn) else { return };
        // The first octet of a request starts its clock, no other moves it.
        if connection.stream.received.is_empty() && matches!(connection.phase, Phase::Awaited) {
            self.deadlines.set(conn, Time(now.0 + HEAD));
        }
        connection.stream.received.extend_from_slice(octets);
        self.advance(now, conn, effects);
    }

    fn drained(&mut self, now: Time, conn: ConnId, octets: u64, effects: &mut Effects<Order>) {
        let Some(connection) = self.connections.get_mut(&conn) else { return };
        connection.stream.drained(octets);
        if !matches!(connection.phase, Phase::Awaited) {
            self.deadlines.set(conn, Time(now.0 + STALL));
        }
        self.advance(now, conn, effects);
    }

    /// Takes a connection as far as it gets without a further input.
    fn advance(&mut self, now: Time, conn: ConnId, effects: &mut Effects<Order>) {
        while self.advance_once(now, conn, effects).is_some() {}
        if let Some(connection) = self.connections.get_mut(&conn) {
            connection.stream.regulate(conn, effects);
        }
    }

    /// One step further; `None` when an input must come first.
    fn advance_once(&mut self, now: Time, conn: ConnId, effects: &mut Effects<Order>) -> Option<()> {
        let connection = self.connections.get_mut(&conn)?;
        if connection.stream.room() < SLICE {
            return None;
        }
        match std::mem::take(&mut connection.phase) {
            Phase::Awaited => {}
            Phase::Sending(download) if download.next == download.end => {
                return self.answered(now, conn, download.then, effects);
            }
            Phase::Sending(download) => {
                let length = u32::try_from(SLICE.min(download.end - download.next)).ok()?;
                let (path, version, offset) = (download.path.clone(), download.version, download.next);
                connection.phase = Phase::Reading(download);
                self.orders.place(conn, Work::Read { path, version, offset, length }, effects);
                return None;
            }
            waiting => {
                connection.phase = waiting;
                return None;
            }
        }
        let stream = &mut connection.stream;
        let skipped = connection.skip.min(stream.received.len() as u64);
        stream.received.advance(usize::try_from(skipped).ok()?);
        connection.skip -= skipped;
        match request::parse(&stream.received) {
            _ if stream.received.is_empty() => None,
            Ok(None) => None,
            Err(Refusal(status)) => {
                self.refuse(now, conn, status, effects);
                None
            }
            Ok(Some((request, length))) => {
                stream.received.advance(length);
                connection.skip = request.body;
                self.begin(now, conn, request, effects)
            }
        }
    }

    /// A request is complete.
    fn begin(
        &mut self,
        now: Time,
        conn: ConnId,
        request: Request,
        effects: &mut Effects<Order>,
    ) -> Option<()> {
        if request.method == Method::Other {
            let answer = (request.method, request.then);
            return self.say(now, conn, 405, answer, "Allow: GET, HEAD\r\n", effects);
        }
        let mut request = request;
        if request.path.is_empty() || request.path.ends_with('/') {
            request.path += "index.html";
        }
        self.deadlines.set(conn, Time(now.0 + STALL));
        self.orders.place(conn, Work::Look { path: request.path.clone() }, effects);
        self.connections.get_mut(&conn)?.phase = Phase::Looking(request);
        None
    }

    fn told(&mut self, now: Time, told: &[u8], effects: &mut Effects<Order>) {
        match Told::parse(told) {
            Some(Told::TimeOfDay { unix_us }) => self.calendar.set(now, unix_us),
            Some(Told::Answered { number, answer }) => {
                // The client may have left in the meantime.
                if let Some((conn, _)) = self.orders.answered(number)
                    && let Some(connection) = self.connections.get_mut(&conn)
                {
                    let phase = std::mem::take(&mut connection.phase);
                    self.resume(now, conn, phase, answer, effects);
                    self.advance(now, conn, effects);
                }
            }
            None => {}
        }
    }

    /// The disk has answered what a phase waits for.
    fn resume(
        &mut self,
        now: Time,
        conn: ConnId,
        phase: Phase,
        answer: Answer<'_>,
        effects: &mut Effects<Order>,
    ) -> Option<()> {
        let now_s = self.calendar.unix_us(now).map(|unix_us| unix_us / 1_000_000);
        let connection = self.connections.get_mut(&conn)?;
        match (phase, answer) {
            (Phase::Looking(request), Answer::File { length, changed_s, version }) => {
                let response = Found { length, changed_s, version }.answer(&request, now_s);
                let Request { path, then, .. } = request;
                let (next, end) = (response.body.start, response.body.end);
                connection.phase = Phase::Sending(Download { path, version, next, end, then });
                connection.stream.send(conn, response.head, effects);
                Some(())
            }
            (Phase::Looking(request), Answer::Folder) => {
                let location = response::location(&request.path);
                self.say(now, conn, 301, (request.method, request.then), &location, effects)
            }
            (Phase::Looking(request), answer) => {
                let status = if answer == Answer::Missing { 404 } else { 500 };
                self.say(now, conn, status, (request.method, request.then), "", effects)
            }
            (Phase::Reading(mut download), Answer::Octets(octets)) if !octets.is_empty() => {
                download.next += octets.len() as u64;
                connection.phase = Phase::Sending(download);
                connection.stream.send(conn, Bytes::copy_from_slice(octets), effects);
                Some(())
            }
            // The file is not what it was when its length was said: only a broken connection tells the client.
            _ => self.end(conn, Close::Abort, effects),
        }
    }

    /// Answers the present request without a file.
    fn say(
        &mut self,
        now: Time,
        conn: ConnId,
        status: u16,
        (method, then): (Method, Then),
        extra: &str,
        effects: &mut Effects<Order>,
    ) -> Option<()> {
        let now_s = self.calendar.unix_us(now).map(|unix_us| unix_us / 1_000_000);
        let answer = response::refusal(status, now_s, (method, then), extra);
        self.connections.get_mut(&conn)?.stream.send(conn, answer, effects);
        self.answered(now, conn, then, effects)
    }

    /// The present request is answered.
    fn answered(&mut self, now: Time, conn: ConnId, then: Then, effects: &mut Effects<Order>) -> Option<()> {
        if then == Then::Close {
            return self.end(conn, Close::Orderly, effects);
        }
        let connection = self.connections.get_mut(&conn)?;
        connection.phase = Phase::Awaited;
        let waits = if connection.stream.received.is_empty() { IDLE } else { HEAD };
        self.deadlines.set(conn, Time(now.0 + waits));
        Some(())
    }

    /// Refuses what cannot be understood, and with it all that would follow.
    fn refuse(&mut self, now: Time, conn: ConnId, status: u16, effects: &mut Effects<Order>) {
        self.say(now, conn, status, (Method::Get, Then::Close), "", effects);
    }

    /// A request that killed a process is refused; in the middle of an answer there is no place to say so.
    fn poisoned(&mut self, now: Time, conn: ConnId, effects: &mut Effects<Order>) {
        match self.connections.get(&conn).map(|connection| &connection.phase) {
            Some(Phase::Awaited) => self.refuse(now, conn, 400, effects),
            Some(_) => drop(self.end(conn, Close::Abort, effects)),
            None => {}
        }
    }

    /// Ends connections that have kept the server waiting.
    fn run_out(&mut self, now: Time, effects: &mut Effects<Order>) {
        while let Some(conn) = self.deadlines.expired(now) {
            let Some(connection) = self.connections.get(&conn) else { continue };
            match connection.phase {
                Phase::Awaited if connection.stream.received.is_empty() => {
                    self.end(conn, Close::Orderly, effects);
                }
                Phase::Awaited => self.refuse(now, conn, 408, effects),
                _ => {
                    self.end(conn, Close::Abort, effects);
                }
            }
        }
    }

    fn end(&mut self, conn: ConnId, how: Close, effects: &mut Effects<Order>) -> Option<()> {
        effects.list.push(Effect::Close { conn, how });
        self.forget(conn);
        None
    }

    fn forget(&mut self, conn: ConnId) {
        self.connections.remove(&conn);
        self.deadlines.clear(conn);
    }
}
