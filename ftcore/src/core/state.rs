//! The state that the log is the story of: the machine, the connections, and where in the log this is.
//!
//! [`State::apply`] is the only way it changes, in the primary and in everybody who follows; what it leaves to be
//! done outside is in [`State::chores`] and [`State::changes`], and only the primary looks at that.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;

use bytes::Bytes;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::effect::{Effects, SocketOptions};
use super::entry::{EntryNumber, Epoch};
use super::input::{ConnId, Cookie, Time};
use super::log::Cursor;
use super::machine::Machine;
use super::record::{Digest, Takeover};
use super::streams::{Streams, mix};

/// How many takeovers are remembered.
pub const HISTORY: usize = 32;

/// Something that the last entry wants done at the kernel. All of them can be done twice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Chore {
    /// Set options. Where that fails the connection must not be.
    Options {
        /// Which connection.
        conn: ConnId,
        /// Its socket.
        socket: Cookie,
        /// What.
        options: SocketOptions,
    },
    /// Send a datagram.
    SendDatagram {
        /// From where.
        socket: Cookie,
        /// Where to.
        to: SocketAddr,
        /// What.
        octets: Bytes,
    },
    /// Set or remove a key of the listening sockets.
    ListenKey {
        /// For whom.
        from: IpNet,
        /// The key.
        key: Option<String>,
    },
    /// Tell no more that there is something to read.
    Pause(Cookie),
    /// Tell it again.
    Resume(Cookie),
    /// Send a FIN.
    End(Cookie),
    /// Send an RST.
    Abort(Cookie),
    /// Drop the socket.
    Forget(Cookie),
}

/// What an entry changed in the table, for the primary: to look at, not to be kept.
#[derive(Debug, Default)]
pub struct Changes {
    /// Connections that have more to send.
    pub sends: Vec<ConnId>,
    /// Connections and datagram sockets that want a socket.
    pub opens: Vec<ConnId>,
    /// Connections that are out of the table.
    pub removed: Vec<ConnId>,
    /// Sockets that nothing needs any more, since the entry before: what it left to be done is done.
    pub forgotten: Vec<Cookie>,
}

/// The state.
pub struct State<M: Machine> {
    pub(super) machine: M,
    pub(super) books: Books,
    pub(super) changes: Changes,
    pub(super) effects: Effects<M::Effect>,
}

/// All of it but the machine.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Books {
    pub(super) cursor: Cursor,
    pub(super) streams: Streams,
    /// How many connections were accepted: each is named by its number.
    pub(super) accepted: u64,
    /// The newest first.
    pub(super) takeovers: VecDeque<Takeover>,
    pub(super) listen_keys: BTreeMap<IpNet, String>,
    pub(super) chores: Vec<Chore>,
    pub(super) deadline: Option<Time>,
    pub(super) more: bool,
    /// Runs over what each step has wanted: see [`State::trail`].
    #[serde(default)]
    pub(super) trail: u64,
}

/// Why an entry cannot be applied: it does not fit the state. Nobody who is right writes such an entry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("entry {} does not fit: {what}", .number.0)]
pub struct Disorder {
    /// Which.
    pub number: EntryNumber,
    /// What is wrong.
    pub what: &'static str,
}

impl<M: Machine> State<M> {
    /// The state before the first entry.
    pub fn genesis(machine: M) -> Self {
        State { machine, books: Books::default(), changes: Changes::default(), effects: Effects::default() }
    }

    /// The machine.
    pub fn machine(&self) -> &M {
        &self.machine
    }

    /// The connections.
    pub fn streams(&self) -> &Streams {
        &self.books.streams
    }

    /// Behind which entry this is.
    pub fn cursor(&self) -> Cursor {
        self.books.cursor
    }

    /// The epoch of the last takeover that was applied; 0 before the first.
    pub fn epoch(&self) -> Epoch {
        self.books.takeovers.front().map_or(Epoch(0), |takeover| takeover.epoch)
    }

    /// The last takeovers, the newest first.
    pub fn takeovers(&self) -> impl ExactSizeIterator<Item = &Takeover> {
        self.books.takeovers.iter()
    }

    /// The keys of the listening sockets, for a program whose listening sockets are new.
    pub fn listen_keys(&self) -> impl Iterator<Item = (IpNet, &str)> {
        self.books.listen_keys.iter().map(|(from, key)| (*from, key.as_str()))
    }

    /// What the last entry wants done at the kernel, in order.
    pub fn chores(&self) -> &[Chore] {
        &self.books.chores
    }

    /// What the last entry changed in the table.
    pub fn changes(&self) -> &Changes {
        &self.changes
    }

    /// When the machine must be stepped at the latest.
    pub fn deadline(&self) -> Option<Time> {
        self.books.deadline
    }

    /// Whether the machine has work that needs no input.
    pub fn has_work(&self) -> bool {
        self.books.more
    }

    /// The name of the next connection that is accepted.
    pub fn next_accepted(&self) -> ConnId {
        ConnId(self.books.accepted + 1)
    }

    /// What the state comes to.
    pub fn digest(&self) -> Digest {
        let books = &self.books;
        let deadline = books.deadline.map_or(u64::MAX, |deadline| deadline.0);
        let counts = [books.accepted, deadline, u64::from(books.more)];
        let streams = counts.into_iter().fold(books.streams.digest(), mix);
        Digest { machine: self.machine.digest(), streams }
    }

    /// What all steps have come to so far: every octet that they had sent, when they wanted the next one, and what the
    /// machine shows at a glance. In no time, and at every entry, unlike [`State::digest`].
    pub fn trail(&self) -> u64 {
        mix(self.books.trail, self.machine.glance())
    }
}
