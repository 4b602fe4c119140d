//! All that can leave the engine.

use alloc::string::String;
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};

use bytes::Bytes;
use ipnet::IpNet;

use crate::notice::Notice;
use crate::value::{ConnId, FibBatch, IfIndex, Instant};

/// What one step wants done, in order.
#[derive(Debug, Default)]
pub struct Effects {
    /// In order; those of one connection in the order of its stream.
    pub list: Vec<Effect>,
    /// When the engine must be stepped at the latest, if nothing else happens before.
    pub deadline: Option<Instant>,
    /// Whether work is left that needs no further input: step again with
    /// [`Input::Clock`](crate::input::Input::Clock) as soon as other inputs that wait have been taken.
    pub more: bool,
}

/// One thing to be done outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Open a connection. The answer is `Connected` or `ConnectFailed`.
    Connect {
        /// The name it shall have.
        conn: ConnId,
        /// Where to.
        remote: SocketAddr,
        /// The interface, for a link-local address; else 0.
        interface: IfIndex,
        /// The address to connect from.
        local: Option<IpAddr>,
        /// What to set before connecting.
        options: SocketOptions,
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
        /// What, shared between connections where peers get the same.
        octets: Bytes,
    },
    /// End a connection; nothing of it is an input afterwards.
    Close {
        /// Which.
        conn: ConnId,
        /// How.
        how: Close,
    },
    /// Connections from these addresses must be signed with this key (TCP MD5, RFC 2385), or need not be.
    ListenKey {
        /// A neighbor's address, or a listen range.
        from: IpNet,
        /// The interface, for a link-local address; else 0.
        interface: IfIndex,
        /// The key.
        key: Option<String>,
    },
    /// Send router advertisements on this interface, or stop (unnumbered neighbors).
    RouterAdvertisements {
        /// The interface's name.
        interface: String,
        /// From now on, or no more.
        wanted: Wanted,
    },
    /// Change the kernel's forwarding table. The answer is [`FibReport::Done`](crate::value::FibReport::Done); a few
    /// batches are given before it comes, no more.
    Fib(FibBatch),
    /// Something an operator should know.
    Notice(Notice),
}

/// How a connection is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Close {
    /// What was to be sent is sent first, then a FIN.
    Orderly,
    /// At once, with an RST.
    Abort,
}

/// Whether something is wanted from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// From now on.
    Yes,
    /// No more.
    No,
}

/// A connection's socket options.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SocketOptions {
    /// TTL or hop limit to send with; the system's where `None`.
    pub ttl: Option<u8>,
    /// The least TTL to accept (RFC 5082).
    pub min_ttl: Option<u8>,
    /// TCP MD5 key (RFC 2385).
    pub key: Option<String>,
    /// The interface to bind to (`update-source IF`, unnumbered).
    pub interface: Option<String>,
}
