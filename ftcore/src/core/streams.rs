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

use super::effect::{Close, Connect};
use super::input::{ConnId, Cookie, Ends, Time};
use super::queue::Queue;

/// How long an orderly end may take before it becomes an abort, in microseconds of the log's time.
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
    /// A datagram socket.
    Datagram,
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
    /// Whether it lived through a takeover, and how many.
    pub takeovers: u32,
    /// What the kernel has not taken yet.
    pub queue: Queue,
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
