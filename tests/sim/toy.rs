//! A small machine that does everything a machine can do. What it sends on a connection follows from what was
//! received there, and not from when: so a peer's stream can be known beforehand.
//!
//! Peers send frames, a length and so many octets, of which the first says what is wanted.

use std::collections::{BTreeMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::panic::resume_unwind;

use bytes::Bytes;
use ftcore::core::effect::{Close, Connect, Effect, Effects, SocketOptions};
use ftcore::core::input::{ConnId, FIRST_OWN_CONN, Input, Time, Treatment};
use ftcore::core::machine::Machine;
use serde::{Deserialize, Serialize};

use super::cluster::Subject;
use super::world::World;

/// What a machine that meets a poisonous frame throws.
pub struct Poisoned;

/// What the machine wants of its program: this is to be stored under this name, and then told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Store(pub u64, pub Vec<u8>);

/// What a frame can want.
pub mod want {
    /// The rest of the frame back.
    pub const ECHO: u8 = b'E';
    /// As many octets as the next two say, times 64.
    pub const STREAM: u8 = b'S';
    /// An answer after as many milliseconds as the next one says.
    pub const LATER: u8 = b'T';
    /// The rest of the frame stored, and an answer when it is.
    pub const STORE: u8 = b'M';
    /// A connection to the port that the next two say.
    pub const CALL: u8 = b'C';
    /// An answer after as many slices of work as the next one says.
    pub const WORK: u8 = b'W';
    /// The rest of the frame to everybody else.
    pub const SHOUT: u8 = b'B';
    /// Nothing read for as many milliseconds as the next one says.
    pub const HOLD: u8 = b'H';
    /// The rest of the frame as a datagram.
    pub const DATAGRAM: u8 = b'U';
    /// A friendly end.
    pub const END: u8 = b'Q';
    /// An unfriendly one.
    pub const ABORT: u8 = b'A';
    /// Death, unless the frame is treated as poison.
    pub const POISON: u8 = b'X';
    /// Death, unless it is treated by ending the session.
    pub const STRONG_POISON: u8 = b'Y';
    /// Death.
    pub const DEADLY_POISON: u8 = b'Z';
    /// Death by the clock, a millisecond later.
    pub const TIME_BOMB: u8 = b'K';
}

/// Whether a machine dies of poison, or knows beforehand what will be done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Knowing {
    /// It dies.
    No,
    /// It does what a verdict would have it do.
    Yes,
}

#[derive(Clone, Debug, Default, Hash, Serialize, Deserialize)]
struct Peer {
    buffer: Vec<u8>,
    /// Octets of a stream that are still to be made, and how many were made on this connection.
    to_make: u64,
    made: u64,
    /// Octets sent that the kernel has not taken.
    ahead: u64,
    /// For whom it was called.
    caller: Option<u64>,
    /// Whether it is called and does not stand yet.
    calling: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
enum Alarm {
    Answer(u64, u8),
    Release(u64),
    Bomb,
}

/// The machine.
#[derive(Clone, Debug, Hash, Serialize, Deserialize)]
pub struct Toy {
    knowing: Knowing,
    peers: BTreeMap<u64, Peer>,
    stores: BTreeMap<u64, (u64, Vec<u8>)>,
    next_store: u64,
    next_own: u64,
    alarms: Vec<(u64, Alarm)>,
    work: VecDeque<(u64, u8)>,
    datagrams: Option<u64>,
    wait: Vec<Vec<u8>>,
    steps: u64,
    /// Something that no input has brought: a bit that a cosmic ray has turned.
    ray: u64,
}

/// How far ahead of the kernel a stream is made.
const AHEAD: u64 = 2048;
const PIECE: u64 = 700;

type Out = Effects<Store>;

impl Toy {
    pub fn new(knowing: Knowing) -> Self {
        Toy {
            knowing,
            peers: BTreeMap::new(),
            stores: BTreeMap::new(),
            next_store: 0,
            next_own: FIRST_OWN_CONN,
            alarms: Vec::new(),
            work: VecDeque::new(),
            datagrams: None,
            wait: Vec::new(),
            steps: 0,
            ray: 0,
        }
    }

    fn send(&mut self, conn: u64, octets: Vec<u8>, out: &mut Out) {
        if let Some(peer) = self.peers.get_mut(&conn).filter(|peer| !peer.calling) {
            peer.ahead += octets.len() as u64;
            out.list.push(Effect::Send { conn: ConnId(conn), octets: Bytes::from(octets) });
        }
    }

    fn answer(&mut self, conn: u64, kind: u8, octets: &[u8], out: &mut Out) {
        let mut frame = vec![octets.len() as u8 + 1, kind];
        frame.extend_from_slice(octets);
        self.send(conn, frame, out);
    }

    /// Works off what a connection has brought, as far as it is complete and no stream is in its way.
    fn read(&mut self, now: Time, conn: u64, out: &mut Out) {
        while let Some(peer) = self.peers.get_mut(&conn) {
            let length = peer.buffer.first().map_or(usize::MAX, |length| 1 + usize::from(*length));
            if peer.to_make > 0 || peer.buffer.len() < length {
                break;
            }
            let frame: Vec<u8> = peer.buffer.drain(..length).skip(1).collect();
            self.frame(now, conn, &frame, out);
        }
        self.make(now, conn, out);
    }

    fn frame(&mut self, now: Time, conn: u64, frame: &[u8], out: &mut Out) {
        let Some((kind, rest)) = frame.split_first() else { return };
        let number = |n: usize| rest.get(n).copied().unwrap_or(0);
        let later = |ms: u8| now.0 + u64::from(ms) * 1000;
        match *kind {
            want::ECHO => self.answer(conn, b'e', rest, out),
            want::STREAM => {
                let length = (u64::from(number(0)) << 8 | u64::from(number(1))) * 64;
                self.peers.entry(conn).and_modify(|peer| peer.to_make += length);
            }
            want::LATER => self.alarms.push((later(number(0)), Alarm::Answer(conn, number(0)))),
            want::STORE => {
                self.next_store += 1;
                self.stores.insert(self.next_store, (conn, rest.to_vec()));
                out.list.push(Effect::Other(Store(self.next_store, rest.to_vec())));
            }
            want::CALL => self.call(conn, u16::from(number(0)) << 8 | u16::from(number(1)), out),
            want::WORK => self.work.push_back((conn, number(0))),
            want::SHOUT => {
                let others: Vec<u64> = self.peers.keys().filter(|other| **other != conn).copied().collect();
                others.into_iter().for_each(|other| self.answer(other, b'b', rest, out));
            }
            want::HOLD => {
                out.list.push(Effect::Hold { conn: ConnId(conn) });
                self.alarms.push((later(number(0)), Alarm::Release(conn)));
            }
            want::DATAGRAM => self.datagram(rest, out),
            want::END => self.end(conn, b"q", Close::Orderly, out),
            want::ABORT => self.end(conn, b"", Close::Abort, out),
            want::POISON | want::STRONG_POISON | want::DEADLY_POISON if self.knowing == Knowing::No => die(),
            want::POISON => self.answer(conn, b'w', rest, out),
            want::STRONG_POISON => self.end(conn, b"y", Close::Orderly, out),
            want::DEADLY_POISON => self.end(conn, b"", Close::Abort, out),
            want::TIME_BOMB => self.alarms.push((later(1), Alarm::Bomb)),
            _ => {}
        }
    }

    fn call(&mut self, caller: u64, port: u16, out: &mut Out) {
        let conn = self.next_own;
        self.next_own += 1;
        let peer = Peer { caller: Some(caller), calling: true, ..Peer::default() };
        self.peers.insert(conn, peer);
        let remote = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
        let options = SocketOptions::default();
        out.list.push(Effect::Connect(Connect { conn: ConnId(conn), remote, local: None, options }));
    }

    fn datagram(&mut self, octets: &[u8], out: &mut Out) {
        let to = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 53);
        let conn = match self.datagrams {
            Some(conn) => conn,
            None => {
                let conn = self.next_own;
                self.next_own += 1;
                self.datagrams = Some(conn);
                out.list.push(Effect::OpenDatagram { conn: ConnId(conn), local: to });
                conn
            }
        };
        let octets = Bytes::copy_from_slice(octets);
        out.list.push(Effect::SendDatagram { conn: ConnId(conn), to, octets });
    }

    fn end(&mut self, conn: u64, last: &[u8], how: Close, out: &mut Out) {
        if !last.is_empty() {
            self.send(conn, last.to_vec(), out);
        }
        out.list.push(Effect::Close { conn: ConnId(conn), how });
        self.forget(conn);
    }

    fn forget(&mut self, conn: u64) {
        self.peers.remove(&conn);
    }

    /// Makes more of a stream, if the kernel has taken enough.
    fn make(&mut self, now: Time, conn: u64, out: &mut Out) {
        let mut finished = false;
        while let Some(peer) = self.peers.get_mut(&conn).filter(|peer| peer.to_make > 0 && peer.ahead < AHEAD)
        {
            let count = peer.to_make.min(PIECE);
            let octets = (peer.made..peer.made + count).map(|n| (n ^ n >> 8) as u8).collect();
            peer.made += count;
            peer.to_make -= count;
            finished = peer.to_make == 0;
            self.send(conn, octets, out);
        }
        if finished {
            self.read(now, conn, out);
        }
    }

    fn ring(&mut self, now: Time, alarm: Alarm, out: &mut Out) {
        match alarm {
            Alarm::Answer(conn, ms) => self.answer(conn, b't', &[ms], out),
            Alarm::Release(conn) if self.peers.contains_key(&conn) => {
                out.list.push(Effect::Release { conn: ConnId(conn) });
            }
            Alarm::Release(_) => {}
            Alarm::Bomb if self.knowing == Knowing::No => die(),
            Alarm::Bomb => {}
        }
        let _ = now;
    }

    fn clock(&mut self, now: Time, out: &mut Out) {
        self.alarms.sort_unstable();
        let due = self.alarms.iter().take_while(|(at, _)| *at <= now.0).count();
        for (_, alarm) in self.alarms.drain(..due).collect::<Vec<_>>() {
            self.ring(now, alarm, out);
        }
        match self.work.pop_front() {
            Some((conn, 0)) => self.answer(conn, b'd', b"", out),
            Some((conn, slices)) => self.work.push_front((conn, slices - 1)),
            None => {}
        }
    }

    fn poison(&mut self, conn: u64, octets: &[u8], treatment: Treatment, out: &mut Out) {
        let Some(peer) = self.peers.get_mut(&conn) else { return };
        let mut frame = std::mem::take(&mut peer.buffer);
        frame.extend_from_slice(octets);
        let kind = frame.get(1).copied().unwrap_or(0);
        match treatment {
            Treatment::Withdraw if kind == want::POISON => self.answer(conn, b'w', &frame[2..], out),
            Treatment::EndSession if kind != want::DEADLY_POISON => self.end(conn, b"y", Close::Orderly, out),
            _ => die(),
        }
    }
}

fn die() {
    resume_unwind(Box::new(Poisoned));
}

impl Subject for Toy {
    type Seed = Knowing;

    fn genesis(seed: &Knowing) -> Self {
        Toy::new(*seed)
    }

    fn go_astray(&mut self) {
        self.ray += 1;
    }

    fn forewarned(_: &Knowing) -> Knowing {
        Knowing::Yes
    }

    fn is_quiet(&self) -> bool {
        self.alarms.is_empty() && self.work.is_empty() && self.stores.is_empty()
    }

    fn carry_out(Store(name, octets): Store, world: &mut World) {
        world.files.insert(name, octets);
        world.answers.push_back(name.to_le_bytes().to_vec());
    }
}

impl Machine for Toy {
    type Effect = Store;

    fn step(&mut self, now: Time, input: Input<'_>, out: &mut Out) {
        self.steps += 1;
        match input {
            Input::Accepted { ends, .. } => {
                self.peers.insert(ends.conn.0, Peer::default());
            }
            Input::Connected(ends) => {
                self.peers.entry(ends.conn.0).and_modify(|peer| peer.calling = false);
                self.answer(ends.conn.0, b'h', b"ello", out);
            }
            Input::ConnectFailed { conn, .. } => {
                let caller = self.peers.get(&conn.0).and_then(|peer| peer.caller);
                self.forget(conn.0);
                caller.into_iter().for_each(|caller| self.answer(caller, b'f', b"ailed", out));
            }
            Input::Closed { conn, .. } => self.forget(conn.0),
            Input::Received { conn, octets } => {
                if let Some(peer) = self.peers.get_mut(&conn.0) {
                    peer.buffer.extend_from_slice(octets);
                    self.read(now, conn.0, out);
                }
            }
            Input::Drained { conn, octets } => {
                if let Some(peer) = self.peers.get_mut(&conn.0) {
                    peer.ahead -= octets;
                    self.make(now, conn.0, out);
                }
            }
            Input::Datagram { octets, .. } => self.wait.push(octets.to_vec()),
            Input::Other(octets) => {
                let name = u64::from_le_bytes(octets.try_into().expect("a name"));
                if let Some((conn, _)) = self.stores.remove(&name) {
                    self.answer(conn, b'm', &name.to_le_bytes(), out);
                }
            }
            Input::Poison { conn, octets, treatment } => self.poison(conn.0, octets, treatment, out),
            Input::Clock => self.clock(now, out),
        }
        out.deadline = self.alarms.iter().map(|(at, _)| Time(*at)).min();
        out.more = !self.work.is_empty();
    }

    fn save(&self, to: &mut dyn io::Write) -> io::Result<()> {
        to.write_all(&rmp_serde::to_vec(self).map_err(io::Error::other)?)
    }

    fn restore(from: &[u8]) -> io::Result<Self> {
        rmp_serde::from_slice(from).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }

    fn digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        hasher.finish()
    }

    fn glance(&self) -> u64 {
        self.digest()
    }

    fn unfinished(&self) -> Vec<Store> {
        self.stores.iter().map(|(name, (_, octets))| Store(*name, octets.clone())).collect()
    }

    fn units(&self, conn: ConnId, octets: &[u8]) -> Vec<usize> {
        let waiting = self.peers.get(&conn.0).map_or(&[][..], |peer| &peer.buffer);
        let all: Vec<u8> = waiting.iter().chain(octets).copied().collect();
        let (mut at, mut ends) = (0, Vec::new());
        while let Some(length) = all.get(at) {
            at += 1 + usize::from(*length);
            if at > all.len() {
                break;
            }
            ends.extend(at.checked_sub(waiting.len()).filter(|end| *end > 0));
        }
        ends
    }
}
