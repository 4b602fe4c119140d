//! All that can leave a machine.

use std::net::{IpAddr, SocketAddr};

use bytes::Bytes;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::input::{ConnId, Time};

/// What one step wants done, in order. `E` is the program's own kind of effect.
#[derive(Debug)]
pub struct Effects<E> {
    /// In order; those of one connection in the order of its stream.
    pub list: Vec<Effect<E>>,
    /// When the machine must be stepped at the latest, if nothing else happens before.
    pub deadline: Option<Time>,
    /// Whether work is left that needs no further input: step again with [`Input::Clock`](super::input::Input)
    /// as soon as other inputs that wait have been taken.
    pub more: bool,
}

impl<E> Default for Effects<E> {
    fn default() -> Self {
        Effects { list: Vec::new(), deadline: None, more: false }
    }
}

/// One thing to be done outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect<E> {
    /// Open a connection. The answer is `Connected` or `ConnectFailed`.
    Connect(Connect),
    /// Open a datagram socket. Where that fails the answer is `ConnectFailed`.
    OpenDatagram {
        /// The name it shall have.
        conn: ConnId,
        /// Where it receives; port 0 is the kernel's choice.
        local: SocketAddr,
    },
    /// Set this on an accepted connection, before anything is sent.
    Options {
        /// Which.
        conn: ConnId,
        /// What.
        options: SocketOptions,
    },
    /// Send these octets.
    Send {
        /// Which connection.
        conn: ConnId,
        /// What.
        octets: Bytes,
    },
    /// Take no more octets of this connection until it is released: they stay with the peer, whom TCP makes
    /// wait. So a peer that sends faster than its octets can be worked off, or that does not read its answers,
    /// costs the machine no memory. From here on the machine is given nothing [`Received`](super::input::Input)
    /// of it; an end of the connection may be told only after its release.
    Hold {
        /// Which.
        conn: ConnId,
    },
    /// Take octets of this connection again. Harmless where it is not held.
    Release {
        /// Which.
        conn: ConnId,
    },
    /// Send a datagram. It may get lost or, at a takeover, be sent twice, as datagrams are.
    SendDatagram {
        /// The socket.
        conn: ConnId,
        /// Where to.
        to: SocketAddr,
        /// What.
        octets: Bytes,
    },
    /// End a connection or a datagram socket; nothing of it is an input afterwards.
    Close {
        /// Which.
        conn: ConnId,
        /// How.
        how: Close,
    },
    /// Connections from these addresses must be signed with this key (TCP MD5, RFC 2385), or need not be.
    ListenKey {
        /// An address, or a range.
        from: IpNet,
        /// The key.
        key: Option<String>,
    },
    /// The program's own. It may be carried out again after a takeover, unless an input has told the machine
    /// that it was done: so it must bear that.
    Other(E),
}

/// A connection to be opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connect {
    /// The name it shall have.
    pub conn: ConnId,
    /// Where to; a link-local address with its scope.
    pub remote: SocketAddr,
    /// The address to connect from.
    pub local: Option<IpAddr>,
    /// What to set before connecting.
    pub options: SocketOptions,
}

/// A connection's socket options.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SocketOptions {
    /// TTL or hop limit to send with; the system's where `None`.
    pub ttl: Option<u8>,
    /// The least TTL to accept (RFC 5082).
    pub min_ttl: Option<u8>,
    /// TCP MD5 key (RFC 2385).
    pub key: Option<String>,
    /// The interface to bind to.
    pub interface: Option<String>,
}

/// How a connection is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Close {
    /// What was to be sent is sent first, then a FIN.
    Orderly,
    /// At once, with an RST.
    Abort,
}
