//! The table of connections: what the log says of each, octet by octet.
//!
//! It changes by entries alone, so primary and twin have the same. What a machine sends goes into a connection's
//! queue when the step that sends it returns, and leaves it when an entry says that the kernel has taken it; so
//! whatever offset the kernel reports, the octets from there on are here.
//!
//! A connection is in the table from the entry or effect that made it until it is over. After the machine's own
//! close it may stay for a while to send what waits, and nothing of it is an input any more.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::SocketAddr;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::effect::Connect;
use super::input::{ConnId, Cookie, Ends, Time};
use super::queue::Queue;

/// How long an orderly end may stand still before it becomes an abort, in microseconds of the log's time: who still takes
/// what waits for him may take it slowly.
const END_WITHIN: u64 = 5_000_000;
/// How many orderly ends may be under way; beyond it the oldest becomes an abort, so that strangers who are
/// refused cannot use up the descriptors.
const ENDS_AT_ONCE: usize = 512;

/// How a connection stands in the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Standing {
    /// The machine wants it; it has no socket yet.
    Opening(Connect),
    /// It has a socket; how the attempt ends is not known yet.
    Connecting(Connect),
    /// Both directions, or one, are open.
    Open,
    /// Closed by the machine; what waits is being sent.
    Ending,
    /// All is sent, and so is our FIN; the peer's is awaited, lest the kernel sends an RST into our last words.
    Ended,
    /// The machine wants a datagram socket here; there is none yet.
    OpeningDatagram(SocketAddr),
    /// A datagram socket, bound here.
    Datagram(SocketAddr),
}

/// One connection.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Stream {
    /// How it stands.
    pub standing: Standing,
    /// Its socket, from the entry on that says which.
    pub socket: Option<Cookie>,
    /// Its ends, as far as they are known.
    pub ends: Option<Ends>,
    /// Octets that the log has of what the peer sent.
    pub received: u64,
    /// Octets that the machine has sent.
    pub generated: u64,
    /// Octets of those that the kernel has taken.
    pub drained: u64,
    /// A sum over all octets generated.
    pub sum: u32,
    /// How many takeovers it has lived through.
    pub takeovers: u32,
    /// Whether its octets stay with the peer for now.
    pub held: Held,
    /// What the kernel has not taken yet.
    pub queue: Queue,
}

/// Whether a connection's octets are left with the peer, as the machine wants it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Held {
    /// They are taken.
    #[default]
    No,
    /// They are left.
    Yes,
}

/// The table.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Streams {
    table: BTreeMap<ConnId, Stream>,
    /// Orderly ends under way, and when each becomes an abort; the oldest first.
    ends: VecDeque<(Time, ConnId)>,
    /// Found from the table.
    #[serde(skip)]
    by_socket: HashMap<Cookie, ConnId>,
}

/// A connection was to be made under a name, or with a socket, that is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("connection {} or its socket is in the table already", .0.0)]
pub struct Taken(pub ConnId);

impl Stream {
    fn new(standing: Standing) -> Self {
        Stream {
            standing,
            socket: None,
            ends: None,
            received: 0,
            generated: 0,
            drained: 0,
            sum: 0,
            takeovers: 0,
            held: Held::No,
            queue: Queue::default(),
        }
    }

    fn push(&mut self, octets: Bytes) {
        let mut sum = crc32fast::Hasher::new_with_initial(self.sum);
        sum.update(&octets);
        self.sum = sum.finalize();
        self.generated += octets.len() as u64;
        self.queue.push(octets);
    }

    /// Whether it is a TCP connection that stands, or that the machine has closed and that still sends.
    #[must_use]
    pub fn is_established(&self) -> bool {
        matches!(self.standing, Standing::Open | Standing::Ending | Standing::Ended)
    }

    fn rank(&self) -> u64 {
        match self.standing {
            Standing::Opening(_) => 0,
            Standing::Connecting(_) => 1,
            Standing::Open => 2,
            Standing::Ending => 3,
            Standing::Ended => 4,
            Standing::OpeningDatagram(_) => 5,
            Standing::Datagram(_) => 6,
        }
    }
}

impl Streams {
    /// One of them.
    #[must_use]
    pub fn get(&self, conn: ConnId) -> Option<&Stream> {
        self.table.get(&conn)
    }

    /// Whose a socket is.
    #[must_use]
    pub fn by_socket(&self, socket: Cookie) -> Option<ConnId> {
        self.by_socket.get(&socket).copied()
    }

    /// All, in the order of their names.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (ConnId, &Stream)> {
        self.table.iter().map(|(conn, stream)| (*conn, stream))
    }

    /// How many there are, those included that are being ended.
    #[must_use]
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// How many octets wait on all connections.
    #[must_use]
    pub fn queued_octets(&self) -> u64 {
        self.table.values().map(|stream| stream.queue.octets()).sum()
    }

    /// The orderly end that has stood still the longest, and until when it may.
    #[must_use]
    pub fn oldest_end(&self) -> Option<(Time, ConnId)> {
        self.ends.front().copied()
    }

    /// What the table comes to, with every octet that was generated on what is in it.
    #[must_use]
    pub fn digest(&self) -> u64 {
        self.table.iter().fold(0x9e37_79b9_7f4a_7c15, |digest, (conn, stream)| {
            let socket = stream.socket.map_or(u64::MAX, |socket| socket.0);
            let rank = stream.rank() << 1 | u64::from(stream.held == Held::Yes);
            let counts = [stream.received, stream.generated, stream.drained, u64::from(stream.sum)];
            [conn.0, rank, socket].into_iter().chain(counts).fold(digest, mix)
        })
    }

    /// Takes a connection that the machine wants; its socket comes later.
    pub(super) fn want(&mut self, conn: ConnId, standing: Standing) -> Result<(), Taken> {
        if self.table.contains_key(&conn) {
            return Err(Taken(conn));
        }
        self.table.insert(conn, Stream::new(standing));
        Ok(())
    }

    /// Takes a connection that was accepted.
    pub(super) fn accept(&mut self, ends: Ends, socket: Cookie) -> Result<(), Taken> {
        if self.by_socket.contains_key(&socket) {
            return Err(Taken(ends.conn));
        }
        self.want(ends.conn, Standing::Open)?;
        self.bind(ends.conn, socket);
        if let Some(stream) = self.table.get_mut(&ends.conn) {
            stream.ends = Some(ends);
        }
        Ok(())
    }

    /// Says which socket a connection has that is waiting for one, or a datagram socket that had another.
    pub(super) fn opened(&mut self, conn: ConnId, socket: Cookie) -> Option<()> {
        let stream = self.table.get_mut(&conn)?;
        stream.standing = match &stream.standing {
            Standing::Opening(connect) => Standing::Connecting(connect.clone()),
            Standing::OpeningDatagram(local) | Standing::Datagram(local) => Standing::Datagram(*local),
            _ => return None,
        };
        if let Some(old) = stream.socket.take() {
            self.by_socket.remove(&old);
        }
        self.bind(conn, socket);
        Some(())
    }

    fn bind(&mut self, conn: ConnId, socket: Cookie) {
        self.by_socket.insert(socket, conn);
        if let Some(stream) = self.table.get_mut(&conn) {
            stream.socket = Some(socket);
        }
    }

    /// Says that an attempt has succeeded.
    pub(super) fn connected(&mut self, ends: Ends) -> Option<()> {
        let stream = self.table.get_mut(&ends.conn)?;
        if !matches!(stream.standing, Standing::Connecting(_)) {
            return None;
        }
        stream.standing = Standing::Open;
        stream.ends = Some(ends);
        Some(())
    }

    /// Counts octets that came.
    pub(super) fn received(&mut self, conn: ConnId, octets: u64) -> Option<()> {
        let stream = self.table.get_mut(&conn)?;
        if stream.standing != Standing::Open {
            return None;
        }
        stream.received += octets;
        Some(())
    }

    /// Takes what the kernel has taken out of the queue. The answer is how the connection stands then.
    pub(super) fn drained(&mut self, conn: ConnId, octets: u64, now: Time) -> Option<Standing> {
        let stream = self.table.get_mut(&conn)?;
        if !matches!(stream.standing, Standing::Open | Standing::Ending) || octets > stream.queue.octets() {
            return None;
        }
        stream.queue.advance(octets);
        stream.drained += octets;
        if stream.standing == Standing::Ending && stream.queue.is_empty() {
            stream.standing = Standing::Ended;
        }
        let standing = stream.standing.clone();
        if standing != Standing::Open {
            // It moves: its time begins anew.
            self.ends.retain(|(_, ending)| *ending != conn);
            self.ends.push_back((Time(now.0.saturating_add(END_WITHIN)), conn));
        }
        Some(standing)
    }

    /// Puts octets to be sent into the queue; the sum over all so far. Nothing, where the connection does not stand.
    pub(super) fn send(&mut self, conn: ConnId, octets: Bytes) -> Option<u32> {
        let stream = self.table.get_mut(&conn)?;
        if stream.standing != Standing::Open || octets.is_empty() {
            return None;
        }
        stream.push(octets);
        Some(stream.sum)
    }

    /// Leaves a connection's octets with the peer, or takes them again. The answer is its socket, where that is new.
    pub(super) fn set_held(&mut self, conn: ConnId, held: Held) -> Option<Cookie> {
        let stream = self.table.get_mut(&conn)?;
        let new = stream.standing == Standing::Open && stream.held != held;
        stream.held = held;
        stream.socket.filter(|_| new)
    }

    /// Begins an orderly end of an open connection. The answer is how it stands then, and an older end that
    /// there is no more room for.
    pub(super) fn end(&mut self, conn: ConnId, now: Time) -> Option<(Standing, Option<ConnId>)> {
        let stream = self.table.get_mut(&conn)?;
        if stream.standing != Standing::Open {
            return None;
        }
        stream.standing = if stream.queue.is_empty() { Standing::Ended } else { Standing::Ending };
        let standing = stream.standing.clone();
        self.ends.push_back((Time(now.0.saturating_add(END_WITHIN)), conn));
        let too_many = self.ends.len() > ENDS_AT_ONCE;
        Some((standing, self.ends.front().filter(|_| too_many).map(|(_, oldest)| *oldest)))
    }

    /// Takes a connection out of the table.
    pub(super) fn remove(&mut self, conn: ConnId) -> Option<Stream> {
        let stream = self.table.remove(&conn)?;
        if let Some(socket) = stream.socket {
            self.by_socket.remove(&socket);
        }
        if matches!(stream.standing, Standing::Ending | Standing::Ended) {
            self.ends.retain(|(_, ending)| *ending != conn);
        }
        Some(stream)
    }

    /// Counts a takeover for those that stand.
    pub(super) fn survived_takeover(&mut self) {
        for stream in self.table.values_mut().filter(|stream| stream.is_established()) {
            stream.takeovers += 1;
        }
    }

    /// Finds again what is not saved.
    pub(super) fn index(&mut self) {
        let sockets = self.table.iter().filter_map(|(conn, stream)| Some((stream.socket?, *conn)));
        self.by_socket = sockets.collect();
    }
}

/// One more number of a digest.
pub(super) fn mix(digest: u64, number: u64) -> u64 {
    let mixed = (digest ^ number).wrapping_mul(0xff51_afd7_ed55_8ccd);
    (mixed ^ (mixed >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53).rotate_left(29)
}
