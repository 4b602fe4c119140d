//! All that can enter the engine.
//!
//! Every input comes with the time of its log entry, and that is the only clock. What an input borrows (octets
//! of a connection) is only read during the step.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv6Addr, SocketAddr};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::config::{Configuration, NeighborName};
use crate::value::{Asn, ConnId, Family, FibReport, IfIndex, Way};

/// One input: something that happened outside, or that an operator wants.
#[derive(Clone, Debug)]
pub enum Input<'a> {
    /// This configuration is to be in force from now on. The engine touches only what differs.
    Configure(Box<Configuration>),
    /// An interface is there, or has changed; the whole of it.
    Interface(Interface),
    /// An interface is gone.
    InterfaceGone(IfIndex),
    /// Routes that others have in the kernel came, changed or went; at most some thousand.
    KernelRoutes(Vec<KernelRoute>),
    /// A router advertisement was heard: the neighbor on this link (unnumbered neighbors).
    RouterSeen {
        /// On which interface.
        interface: IfIndex,
        /// The sender's link-local address.
        address: Ipv6Addr,
    },
    /// A connection was accepted.
    Accepted(Connection),
    /// A connection that the engine asked for stands.
    Connected(Connection),
    /// A connection that the engine asked for came to nothing.
    ConnectFailed {
        /// Its name in [`Effect::Connect`](crate::effect::Effect::Connect).
        conn: ConnId,
        /// The kernel's reason, for the log.
        errno: i32,
    },
    /// A connection was ended by the other side or the network. Not sent after the engine's own close.
    Closed {
        /// Which.
        conn: ConnId,
        /// The kernel's reason, for the log; 0 for an orderly end.
        errno: i32,
    },
    /// Octets of a connection, in order.
    Received {
        /// Which.
        conn: ConnId,
        /// Any number, cut anywhere.
        octets: &'a [u8],
    },
    /// The kernel has taken so many more of a connection's octets to send.
    Drained {
        /// Which.
        conn: ConnId,
        /// How many.
        octets: u64,
    },
    /// Octets that crashed a process when they came as [`Input::Received`]: they take the place of those. With what
    /// lies of the connection's beginning of a message they are one whole message, or the end of what can be
    /// framed, see [`Engine::units`](crate::engine::Engine::units).
    Poison {
        /// Which connection brought them.
        conn: ConnId,
        /// The octets of the message that this input brings.
        octets: &'a [u8],
        /// How careful to be.
        treatment: Treatment,
    },
    /// The kernel's forwarding table, or who writes it, says something. Without a first
    /// [`FibReport::Attached`] nothing is ever wanted of it.
    Fib(FibReport),
    /// An operator's command.
    Command(Command),
    /// Nothing but time: a deadline has passed, or there is work left. Timers run out with this input alone, so
    /// that after a stall the octets that have come meanwhile can go before it, and no peer is given up that
    /// has spoken.
    Clock,
}

/// A connection's ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connection {
    /// Its name.
    pub conn: ConnId,
    /// This router's end.
    pub local: SocketAddr,
    /// The peer's end.
    pub remote: SocketAddr,
    /// The interface, where the addresses are link-local; else 0.
    pub interface: IfIndex,
}

/// How a message that has crashed a process is got over. The second is for where the first crashes too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Treatment {
    /// Its prefixes count as withdrawn (RFC 7606 'treat-as-withdraw'), where they can be read safely; else as
    /// [`Treatment::EndSession`].
    Withdraw,
    /// It is not looked at, and the session ends with a NOTIFICATION.
    EndSession,
}

/// An interface and its addresses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interface {
    /// The kernel's index.
    pub index: IfIndex,
    /// Its name.
    pub name: String,
    /// Whether it is up and has a carrier.
    pub up: bool,
    /// Its addresses with their prefix lengths, host bits kept.
    pub addresses: Vec<IpNet>,
}

/// A route that somebody else has in the kernel. Prefix, protocol and metric name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KernelRoute {
    /// Where to.
    pub net: IpNet,
    /// Who put it there (`rtm_protocol`).
    pub protocol: u8,
    /// Its metric.
    pub metric: u32,
    /// Where it leads; nowhere any more where empty.
    pub ways: Vec<Way>,
}

/// What an operator commands. Configuration is not a command, and what only reads does not enter the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// `clear bgp …`.
    Clear {
        /// Which neighbors.
        whom: Whom,
        /// How.
        how: Clear,
        /// In which family; `None` for all. Only for the soft forms.
        family: Option<Family>,
    },
    /// `clear bgp X message-stats`: counters to zero.
    ClearCounters(Whom),
    /// `clear route-map counters [NAME]`: how often a route map was asked, or all were, to zero.
    ClearMapCounts(Option<String>),
    /// An orderly stop of the router: every session is ended.
    Stop,
}

/// Which neighbors a command is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whom {
    /// `*`.
    All,
    /// One.
    Neighbor(NeighborName),
    /// A peer by its address, dynamic ones too.
    Address(IpAddr),
    /// All of this AS.
    As(Asn),
    /// All members of this peer group.
    Group(String),
    /// All of another AS.
    External,
}

/// What `clear` does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clear {
    /// Ends the session; it starts anew.
    Hard,
    /// `soft in`: the neighbor's routes are asked for again, or evaluated again where they were kept.
    SoftIn,
    /// `soft out`: the routes are sent to the neighbor again.
    SoftOut,
    /// `soft`: both.
    Soft,
}
