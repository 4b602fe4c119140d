//! The state that the log is the story of: the machine, the connections, and where in the log this is.
//!
//! [`State::apply`] is the only way it changes, in the primary and in everybody who follows; what it leaves to be
//! done outside is in [`State::chores`] and [`State::changes`], and only the primary looks at that.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::SocketAddr;

use bytes::Bytes;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::effect::{Effects, SocketOptions};
use super::entry::{Entry, EntryNumber, Epoch};
use super::input::{ConnId, Cookie, Time};
use super::log::Cursor;
use super::machine::Machine;
use super::record::{Digest, Takeover, Verdict};
use super::streams::Streams;

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
    /// Sockets that nothing needs any more, since the entry before: what it left to be done is done.
    pub forgotten: Vec<Cookie>,
}

/// The state.
pub struct State<M: Machine> {
    machine: M,
    books: Books,
    changes: Changes,
    effects: Effects<M::Effect>,
}

/// All of it but the machine.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Books {
    cursor: Cursor,
    streams: Streams,
    /// How many connections were accepted: each is named by its number.
    accepted: u64,
    /// The newest first.
    takeovers: VecDeque<Takeover>,
    listen_keys: BTreeMap<IpNet, String>,
    chores: Vec<Chore>,
    deadline: Option<Time>,
    more: bool,
}

/// Why an entry cannot be applied: it does not fit the state. Nobody who is right writes such an entry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("entry {} does not fit: {what}", .number.0)]
pub struct Disorder {
    /// Which.
    pub number: EntryNumber,
    /// What is wrong.
    pub what: String,
}

/// Why a snapshot cannot be restored.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// It is no snapshot, or was cut.
    #[error("this is no whole snapshot")]
    NotWhole,
    /// Another version wrote it.
    #[error("the snapshot has version {found}, this program reads version {known}")]
    Version {
        /// As written.
        found: u32,
        /// What is read here.
        known: u32,
    },
    /// A checksum does not fit.
    #[error("the snapshot is damaged")]
    Damaged,
    /// This crate's part.
    #[error("the snapshot's connections cannot be read: {0}")]
    Books(#[from] rmp_serde::decode::Error),
    /// The machine's part.
    #[error("the machine cannot be restored: {0}")]
    Machine(#[from] io::Error),
}

impl<M: Machine> State<M> {
    /// The state before the first entry.
    pub fn genesis(machine: M) -> Self {
        State { machine, books: Books::default(), changes: Changes::default(), effects: Effects::default() }
    }

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
        let _ = (entry, end, others);
        todo!("the next commit")
    }

    /// Applies what stands for `suspect`: `verdict`, which ends at `end`. `reached` is told before each piece which
    /// one it is.
    ///
    /// # Errors
    /// Where it does not fit; the state is then of no more use.
    pub fn apply_verdict(
        &mut self,
        suspect: &Entry<'_>,
        verdict: (&Verdict, Cursor),
        others: &mut Vec<M::Effect>,
        reached: &mut dyn FnMut(u32),
    ) -> Result<(), Disorder> {
        let _ = (suspect, verdict, others, reached);
        todo!("the next commit")
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

    /// What the state comes to.
    pub fn digest(&self) -> Digest {
        todo!("the next commit")
    }

    /// Writes a snapshot.
    ///
    /// # Errors
    /// Those of `to` and of the machine.
    pub fn save(&self, to: &mut dyn io::Write) -> io::Result<()> {
        let _ = to;
        todo!("the next commit")
    }

    /// The state that was saved.
    ///
    /// # Errors
    /// Where the octets are not a whole snapshot of a known version.
    pub fn restore(from: &[u8]) -> Result<Self, SnapshotError> {
        let _ = from;
        todo!("the next commit")
    }
}
