//! The server as a deterministic machine: SMTP's dialogue in, replies out, messages to the disk by order.
//!
//! A message is said to be accepted (250) by the step that is told that its file has its last name in `new/`, and
//! durably so. A primary that dies before that is followed by one that orders the same file again, under the same
//! name, which follows from the log; one that dies after it, by one that sends the 250.

use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;
use std::time::{Duration, UNIX_EPOCH};

use bytes::{Buf, Bytes};
use ftcore::core::effect::{Close, Effect, Effects};
use ftcore::core::input::{ConnId, Input, Time, Treatment};
use ftcore::core::machine::Machine;
use serde::{Deserialize, Serialize};

use crate::body::{End, Place};
use crate::command::{self, Command, Extended};
use crate::parts::calendar::Calendar;
use crate::parts::deadlines::Deadlines;
use crate::parts::disk::{Answer, Order, Orders, Told, Work};
use crate::parts::snapshot::{self, Digest};
use crate::parts::stream::Stream;

const FORM: &str = "mail 1\n";
/// A command is at most so long, its end included.
const LINE_LIMIT: usize = 1000;
const RECIPIENT_LIMIT: usize = 100;
/// So many refused commands are enough.
const REFUSAL_LIMIT: u32 = 50;
/// How long a client may be silent (RFC 5321 §4.5.3.2.7).
const SILENCE: u64 = 300_000_000;
/// A reply is no longer.
const REPLY_ROOM: u64 = 4096;

/// What the server was started with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Settings {
    /// Its own name.
    pub host: String,
    /// Messages are at most so long, in octets.
    pub size_limit: u64,
    /// The number of its start: no other server on this Maildir has had it.
    pub start: u64,
}

/// The server.
#[derive(Debug, Serialize, Deserialize)]
pub struct Mail {
    settings: Settings,
    calendar: Calendar,
    orders: Orders,
    /// Messages begun.
    messages: u64,
    sessions: BTreeMap<ConnId, Session>,
    deadlines: Deadlines,
    output: Digest,
}

#[derive(Debug, Serialize, Deserialize)]
struct Session {
    remote: IpAddr,
    stream: Stream,
    /// What the client calls itself; none before it has.
    name: Option<String>,
    sender: Option<String>,
    recipients: Vec<String>,
    phase: Phase,
    refusals: u32,
}

#[derive(Debug, Default, Serialize, Deserialize)]
enum Phase {
    /// A command is awaited.
    #[default]
    Command,
    /// The end of a line that is too long.
    LongLine,
    /// More of a message.
    Message(Message),
    /// A message's octets have been ordered to be written, and these are not in the file yet.
    Writing { message: Message, octets: u64, ended: bool },
    /// A whole message is to get its last name.
    Finishing(String),
    /// The end of a message that is refused, and why.
    Refused(Place, String),
}

/// A message that is being received.
#[derive(Debug, Serialize, Deserialize)]
struct Message {
    name: String,
    place: Place,
    /// Octets of it in the file.
    written: u64,
    /// Octets to go before anything else: the lines that this server adds.
    first: String,
}

impl Machine for Mail {
    type Effect = Order;

    fn step(&mut self, now: Time, input: Input<'_>, effects: &mut Effects<Order>) {
        match input {
            Input::Accepted { ends, .. } => self.accept(now, ends.conn, ends.remote.ip(), effects),
            Input::Received { conn, octets } => {
                if let Some(session) = self.sessions.get_mut(&conn) {
                    session.stream.received.extend_from_slice(octets);
                    self.deadlines.set(conn, Time(now.0 + SILENCE));
                    self.advance(now, conn, effects);
                }
            }
            Input::Drained { conn, octets } => {
                if let Some(session) = self.sessions.get_mut(&conn) {
                    session.stream.drained(octets);
                    self.advance(now, conn, effects);
                }
            }
            Input::Closed { conn, .. } => self.forget(conn, effects),
            Input::Poison { conn, treatment, .. } => self.poisoned(conn, treatment, effects),
            Input::Other(told) => self.told(now, told, effects),
            Input::Clock => {
                while let Some(conn) = self.deadlines.expired(now) {
                    self.end(conn, "421 4.4.2 nothing was heard for too long", effects);
                }
            }
            Input::Connected(_) | Input::ConnectFailed { .. } | Input::Datagram { .. } => {}
        }
        effects.deadline = self.deadlines.next();
        self.output.add_output(&effects.list);
    }

    fn save(&self, to: &mut dyn io::Write) -> io::Result<()> {
        snapshot::save(FORM, self, to)
    }

    fn restore(from: &[u8]) -> io::Result<Mail> {
        snapshot::restore(FORM, from)
    }

    fn digest(&self) -> u64 {
        Digest::of(self)
    }

    fn unfinished(&self) -> Vec<Order> {
        self.orders.unfinished()
    }

    /// A unit is a line.
    fn units(&self, _conn: ConnId, octets: &[u8]) -> Vec<usize> {
        (1..=octets.len()).filter(|end| octets[end - 1] == b'\n').collect()
    }
}

impl Mail {
    /// A server that nobody has written to.
    pub fn new(settings: Settings) -> Mail {
        Mail {
            settings,
            calendar: Calendar::default(),
            orders: Orders::default(),
            messages: 0,
            sessions: BTreeMap::new(),
            deadlines: Deadlines::default(),
            output: Digest::default(),
        }
    }

    fn accept(&mut self, now: Time, conn: ConnId, remote: IpAddr, effects: &mut Effects<Order>) {
        let session = Session {
            remote,
            stream: Stream::default(),
            name: None,
            sender: None,
            recipients: Vec::new(),
            phase: Phase::Command,
            refusals: 0,
        };
        self.sessions.insert(conn, session);
        self.deadlines.set(conn, Time(now.0 + SILENCE));
        self.reply(conn, &format!("220 {} ESMTP ftcore-mail", self.settings.host), effects);
    }

    /// Takes a session as far as it gets without a further input.
    fn advance(&mut self, now: Time, conn: ConnId, effects: &mut Effects<Order>) {
        while self.advance_once(now, conn, effects).is_some() {}
        if let Some(session) = self.sessions.get_mut(&conn) {
            session.stream.regulate(conn, effects);
        }
    }

    /// One line, or what there is of a message. `None` when an input must come first.
    fn advance_once(&mut self, now: Time, conn: ConnId, effects: &mut Effects<Order>) -> Option<()> {
        let session = self.sessions.get_mut(&conn)?;
        if session.stream.received.is_empty() || session.stream.room() < REPLY_ROOM {
            return None;
        }
        let received = &mut session.stream.received;
        match &mut session.phase {
            Phase::Command => {
                let Some(end) = received.iter().position(|octet| *octet == b'\n') else {
                    (received.len() >= LINE_LIMIT).then(|| session.phase = Phase::LongLine)?;
                    return Some(());
                };
                let line = received.split_to(end + 1);
                let line = line.strip_suffix(b"\r\n").unwrap_or(&line[..end]);
                let command = if end < LINE_LIMIT { command::parse(line) } else { Err(LONG_LINE) };
                match command {
                    Ok(command) => self.obey(now, conn, command, effects),
                    Err(refusal) => self.refuse(conn, refusal, effects),
                }
            }
            Phase::LongLine => {
                let end = received.iter().position(|octet| *octet == b'\n');
                received.advance(end.map_or(received.len(), |end| end + 1));
                end?;
                session.phase = Phase::Command;
                self.refuse(conn, LONG_LINE, effects)
            }
            Phase::Message(_) => self.take_in(conn, effects),
            Phase::Refused(place, _) => {
                let (read, end) = place.unstuff(received, &mut Vec::new());
                received.advance(read);
                if end == End::Reached
                    && let Phase::Refused(_, why) = std::mem::take(&mut session.phase)
                {
                    self.reply(conn, &why, effects);
                }
                Some(())
            }
            Phase::Writing { .. } | Phase::Finishing(_) => None,
        }
    }

    fn obey(
        &mut self,
        now: Time,
        conn: ConnId,
        command: Command,
        effects: &mut Effects<Order>,
    ) -> Option<()> {
        let Settings { host, size_limit, .. } = self.settings.clone();
        let session = self.sessions.get_mut(&conn)?;
        let reply = match command {
            Command::Hello { name, extended } => {
                let reply = match extended {
                    Extended::Yes => {
                        format!(
                            "250-{host} greets {name}\r\n250-PIPELINING\r\n250-SIZE {size_limit}\r\n250 8BITMIME"
                        )
                    }
                    Extended::No => format!("250 {host}"),
                };
                session.name = Some(name);
                session.reset();
                reply
            }
            Command::Mail { .. } if session.name.is_none() => {
                return self.refuse(conn, "503 5.5.1 EHLO first", effects);
            }
            Command::Mail { .. } if session.sender.is_some() => {
                return self.refuse(conn, "503 5.5.1 a message is begun already", effects);
            }
            Command::Mail { size, .. } if size > size_limit => return self.refuse(conn, TOO_LARGE, effects),
            Command::Mail { sender, .. } => {
                session.sender = Some(sender);
                "250 2.1.0 go on".to_owned()
            }
            Command::Recipient(_) if session.sender.is_none() => {
                return self.refuse(conn, "503 5.5.1 MAIL first", effects);
            }
            Command::Recipient(_) if session.recipients.len() == RECIPIENT_LIMIT => {
                return self.refuse(conn, "452 4.5.3 send the others another copy", effects);
            }
            Command::Recipient(recipient) => {
                session.recipients.push(recipient);
                "250 2.1.5 go on".to_owned()
            }
            Command::Message if session.recipients.is_empty() => {
                return self.refuse(conn, "503 5.5.1 MAIL and RCPT first", effects);
            }
            Command::Message => {
                self.begin(now, conn)?;
                "354 end with a dot on a line of its own".to_owned()
            }
            Command::Reset => {
                session.reset();
                "250 2.0.0 forgotten".to_owned()
            }
            Command::Nothing => "250 2.0.0 well".to_owned(),
            Command::Verify => "252 2.1.5 try it".to_owned(),
            Command::Help => "214 2.0.0 EHLO MAIL RCPT DATA RSET NOOP QUIT".to_owned(),
            Command::Quit => return self.end(conn, "221 2.0.0 bye", effects),
        };
        self.reply(conn, &reply, effects);
        Some(())
    }

    /// A message begins: its name, and the lines that stand above it.
    fn begin(&mut self, now: Time, conn: ConnId) -> Option<()> {
        let Settings { host, start, .. } = &self.settings;
        let session = self.sessions.get_mut(&conn)?;
        let unix_us = self.calendar.unix_us(now).unwrap_or(0);
        self.messages += 1;
        let name = format!("{}.B{start:x}N{}.{host}", unix_us / 1_000_000, self.messages);
        let date = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_micros(unix_us.min(LAST_US)));
        let mut first = format!("Return-Path: <{}>\n", session.sender.as_deref().unwrap_or_default());
        first.extend(session.recipients.iter().map(|recipient| format!("Delivered-To: {recipient}\n")));
        first += &format!(
            "Received: from {} ([{}])\n\tby {host} with ESMTP id {name};\n\t{}\n",
            session.name.as_deref().unwrap_or("unknown"),
            session.remote,
            date.replace("GMT", "+0000"),
        );
        session.reset();
        session.phase = Phase::Message(Message { name, place: Place::default(), written: 0, first });
        Some(())
    }

    /// Orders what has come of a message to be written.
    fn take_in(&mut self, conn: ConnId, effects: &mut Effects<Order>) -> Option<()> {
        let session = self.sessions.get_mut(&conn)?;
        let Phase::Message(mut message) = std::mem::take(&mut session.phase) else { return None };
        let mut octets = std::mem::take(&mut message.first).into_bytes();
        let (read, end) = message.place.unstuff(&session.stream.received, &mut octets);
        session.stream.received.advance(read);
        let ended = end == End::Reached;
        if message.written + octets.len() as u64 > self.settings.size_limit {
            self.orders.place(conn, Work::Discard { path: message.unfinished() }, effects);
            if ended {
                return self.refuse(conn, TOO_LARGE, effects);
            }
            session.phase = Phase::Refused(message.place, TOO_LARGE.to_owned());
            return Some(());
        }
        let (path, offset, length) = (message.unfinished(), message.written, octets.len() as u64);
        session.phase = Phase::Writing { message, octets: length, ended };
        self.orders.place(conn, Work::Write { path, offset, octets: Bytes::from(octets) }, effects);
        None
    }

    fn told(&mut self, now: Time, told: &[u8], effects: &mut Effects<Order>) {
        match Told::parse(told) {
            Some(Told::TimeOfDay { unix_us }) => self.calendar.set(now, unix_us),
            Some(Told::Answered { number, answer }) => {
                if let Some((conn, work)) = self.orders.answered(number)
                    && !matches!(work, Work::Discard { .. })
                    && self.sessions.contains_key(&conn)
                {
                    self.deadlines.set(conn, Time(now.0 + SILENCE));
                    self.answered(conn, answer, effects);
                    self.advance(now, conn, effects);
                }
            }
            None => {}
        }
    }

    /// The disk has done, or not, what a session waits for.
    fn answered(&mut self, conn: ConnId, answer: Answer<'_>, effects: &mut Effects<Order>) -> Option<()> {
        let session = self.sessions.get_mut(&conn)?;
        match (std::mem::take(&mut session.phase), answer) {
            (Phase::Writing { mut message, octets, ended }, Answer::Done) => {
                message.written += octets;
                if ended {
                    let (from, to) = (message.unfinished(), format!("new/{}", message.name));
                    session.phase = Phase::Finishing(message.name);
                    self.orders.place(conn, Work::Finish { from, to, length: message.written }, effects);
                } else {
                    session.phase = Phase::Message(message);
                }
            }
            (Phase::Writing { message, ended, .. }, _) => {
                self.orders.place(conn, Work::Discard { path: message.unfinished() }, effects);
                if ended {
                    self.reply(conn, DISK, effects);
                } else {
                    session.phase = Phase::Refused(message.place, DISK.to_owned());
                }
            }
            (Phase::Finishing(name), Answer::Done) => {
                self.reply(conn, &format!("250 2.6.0 accepted as {name}"), effects);
            }
            (Phase::Finishing(name), _) => {
                self.orders.place(conn, Work::Discard { path: format!("tmp/{name}") }, effects);
                self.reply(conn, DISK, effects);
            }
            (phase, _) => session.phase = phase,
        }
        Some(())
    }

    /// A line that killed a process: a command is refused, in a message there is no way but to end the session.
    fn poisoned(&mut self, conn: ConnId, treatment: Treatment, effects: &mut Effects<Order>) {
        let phase = self.sessions.get(&conn).map(|session| &session.phase);
        if matches!((phase, treatment), (Some(Phase::Command), Treatment::Withdraw)) {
            self.refuse(conn, "500 5.5.2 this line cannot be taken", effects);
        } else {
            self.end(conn, "421 4.3.0 this session cannot go on", effects);
        }
    }

    fn reply(&mut self, conn: ConnId, text: &str, effects: &mut Effects<Order>) {
        if let Some(session) = self.sessions.get_mut(&conn) {
            session.stream.send(conn, Bytes::from(format!("{text}\r\n")), effects);
        }
    }

    /// Replies to what is not accepted, and ends the session with the last of too many such replies.
    fn refuse(&mut self, conn: ConnId, text: &str, effects: &mut Effects<Order>) -> Option<()> {
        self.reply(conn, text, effects);
        let session = self.sessions.get_mut(&conn)?;
        session.refusals += 1;
        if session.refusals < REFUSAL_LIMIT {
            return Some(());
        }
        self.end(conn, "421 4.7.0 too much was refused", effects)
    }

    fn end(&mut self, conn: ConnId, text: &str, effects: &mut Effects<Order>) -> Option<()> {
        self.reply(conn, text, effects);
        self.forget(conn, effects);
        effects.list.push(Effect::Close { conn, how: Close::Orderly });
        None
    }

    /// A session is over. What there is of a message whose end has not come is no message.
    fn forget(&mut self, conn: ConnId, effects: &mut Effects<Order>) {
        self.deadlines.clear(conn);
        let phase = self.sessions.remove(&conn).map(|session| session.phase);
        if let Some(Phase::Message(message) | Phase::Writing { message, .. }) = phase {
            self.orders.place(conn, Work::Discard { path: message.unfinished() }, effects);
        }
    }
}

const LONG_LINE: &str = "500 5.5.2 this line is too long";
const TOO_LARGE: &str = "552 5.3.4 this message is too large";
const DISK: &str = "451 4.3.0 the disk has refused this message: try again later";
/// The last microsecond that a date of the header can name.
const LAST_US: u64 = 253_402_300_799_000_000;

impl Session {
    fn reset(&mut self) {
        self.sender = None;
        self.recipients.clear();
    }
}

impl Message {
    /// Where it lies before it is whole.
    fn unfinished(&self) -> String {
        format!("tmp/{}", self.name)
    }
}
