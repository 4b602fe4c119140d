//! All that can enter a machine, and the names of what is outside.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

/// A connection's name (or a datagram socket's), never used twice. Names below [`FIRST_OWN_CONN`] are given to
/// accepted connections in the order of the log; from there on the machine gives them to those it asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ConnId(pub u64);

/// The first name that a machine may give.
pub const FIRST_OWN_CONN: u64 = 1 << 63;

/// The kernel's name for a socket (`SO_COOKIE`), the same in every process that holds it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Cookie(pub u64);

/// A listening socket's place among those that the program opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ListenerId(pub u32);

/// A moment of the log's clock, in microseconds of the machine's monotonic clock. It never goes back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Time(pub u64);

/// A connection's ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ends {
    /// Its name.
    pub conn: ConnId,
    /// This program's end.
    pub local: SocketAddr,
    /// The peer's end.
    pub remote: SocketAddr,
}

/// One input of a machine. What it borrows is only read during the step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input<'a> {
    /// A connection was accepted.
    Accepted {
        /// Which, and its ends.
        ends: Ends,
        /// Where it came to.
        listener: ListenerId,
    },
    /// A connection that the machine asked for stands.
    Connected(Ends),
    /// A connection that the machine asked for came to nothing.
    ConnectFailed {
        /// Its name.
        conn: ConnId,
        /// The kernel's reason.
        errno: i32,
    },
    /// A connection was ended by the other side or the network: nothing more of it comes. Not given after the
    /// machine's own close.
    Closed {
        /// Which.
        conn: ConnId,
        /// The kernel's reason; 0 for an orderly end.
        errno: i32,
    },
    /// Octets of a connection, in order, cut anywhere.
    Received {
        /// Which.
        conn: ConnId,
        /// Never empty.
        octets: &'a [u8],
    },
    /// The kernel has taken so many more of a connection's octets to send.
    Drained {
        /// Which.
        conn: ConnId,
        /// How many.
        octets: u64,
    },
    /// A datagram came to a socket that the machine opened.
    Datagram {
        /// The socket's name.
        conn: ConnId,
        /// Who sent it.
        from: SocketAddr,
        /// Its payload.
        octets: &'a [u8],
    },
    /// An input of the program's own, in the program's own byte form.
    Other(&'a [u8]),
    /// Octets that killed a process when they were given as [`Input::Received`], once: they stand for one unit
    /// of [`Machine::units`](super::machine::Machine::units) and are to be got over without being looked at as
    /// closely. It takes their place in the stream.
    Poison {
        /// Which connection brought them.
        conn: ConnId,
        /// The unit.
        octets: &'a [u8],
        /// How careful to be.
        treatment: Treatment,
    },
    /// Nothing but time: a deadline has passed, or work is left. Timers run out with this input alone.
    Clock,
}

/// How a unit that killed a process is got over; each is tried only when the one before it kills as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Treatment {
    /// Take out of it what can be read safely (BGP: withdraw its prefixes, RFC 7606 'treat-as-withdraw').
    Withdraw,
    /// End its connection as the program's protocol ends one for an error.
    EndSession,
    /// The machine is not asked: the unit is dropped and the connection aborted. It is then told
    /// [`Input::Closed`], never this; see [`Machine::passed_over`](super::machine::Machine::passed_over).
    Drop,
}
