//! What the kernel is asked, behind a trait: the real one is in `sys`, the simulator has its own.

use std::io;
use std::io::IoSlice;
use std::net::SocketAddr;

use super::effect::{Connect, SocketOptions};
use super::input::{Cookie, ListenerId, Time};

/// The sockets that this process holds, and the clock. Nothing here decides; nothing here blocks.
///
/// A process that follows holds the same sockets as the primary and calls nothing here but [`Kernel::forget`]
/// and, while it takes over, [`Kernel::positions`].
pub trait Kernel {
    /// The present moment.
    fn now(&self) -> Time;

    /// Reads what is there, at most `into` full. `WouldBlock` where nothing is; 0 where the peer has ended its
    /// stream.
    ///
    /// # Errors
    /// The kernel's.
    fn receive(&mut self, socket: Cookie, into: &mut [u8]) -> io::Result<usize>;

    /// The same for a datagram.
    ///
    /// # Errors
    /// The kernel's.
    fn receive_datagram(&mut self, socket: Cookie, into: &mut [u8]) -> io::Result<(usize, SocketAddr)>;

    /// Offers octets. `WouldBlock` where none are taken: readiness to take them is then told.
    ///
    /// # Errors
    /// The kernel's.
    fn send(&mut self, socket: Cookie, octets: &[IoSlice<'_>]) -> io::Result<usize>;

    /// The same for a datagram.
    ///
    /// # Errors
    /// The kernel's.
    fn send_datagram(&mut self, socket: Cookie, to: SocketAddr, octets: &[u8]) -> io::Result<()>;

    /// Makes a socket for this connection with its options, and sees to it that every process of this program
    /// that should hold it does. It is not connected yet: [`Kernel::connect`] does that, once the log says
    /// which socket it is.
    ///
    /// # Errors
    /// The kernel's.
    fn open(&mut self, connect: &Connect) -> io::Result<Cookie>;

    /// The same for a datagram socket; it is ready then.
    ///
    /// # Errors
    /// The kernel's.
    fn open_datagram(&mut self, local: SocketAddr) -> io::Result<Cookie>;

    /// Begins to connect. The outcome is told as readiness, and asked by [`Kernel::outcome`].
    ///
    /// # Errors
    /// The kernel's.
    fn connect(&mut self, socket: Cookie, connect: &Connect) -> io::Result<()>;

    /// Whether an attempt has succeeded: then the connection's own end and the peer's. `WouldBlock` while it
    /// is under way.
    ///
    /// # Errors
    /// The reason of a failure.
    fn outcome(&mut self, socket: Cookie) -> io::Result<(SocketAddr, SocketAddr)>;

    /// Has this process told from now on when the socket is ready. A registration lives as long as the open file
    /// does, so [`Kernel::forget`] ends it. Harmless when done before.
    ///
    /// # Errors
    /// The kernel's, or where this process does not hold the socket.
    fn watch(&mut self, socket: Cookie) -> io::Result<()>;

    /// Tells no more that there is something to read at a socket, nor that its stream is over; the rest goes on to
    /// be told.
    fn pause(&mut self, socket: Cookie);

    /// Tells it again. Harmless where it is told.
    fn resume(&mut self, socket: Cookie);

    /// Sets options.
    ///
    /// # Errors
    /// The kernel's.
    fn set_options(&mut self, socket: Cookie, options: &SocketOptions) -> io::Result<()>;

    /// Sets or removes a key on every listening socket of the address's family.
    ///
    /// # Errors
    /// The kernel's.
    fn set_listen_key(&mut self, from: ipnet::IpNet, key: Option<&str>) -> io::Result<()>;

    /// Sends a FIN after what the kernel has taken. Harmless when done before.
    fn end(&mut self, socket: Cookie);

    /// Sends an RST. Harmless when done before.
    fn abort(&mut self, socket: Cookie);

    /// This process, and with it every other one, needs the socket no more. Puts nothing on the wire.
    fn forget(&mut self, socket: Cookie);

    /// All sockets of connections and datagrams that this process holds.
    fn held(&self) -> Vec<Cookie>;

    /// How far the connection's two streams have come.
    ///
    /// # Errors
    /// Where this process does not hold the socket, or it is of no connection.
    fn positions(&mut self, socket: Cookie) -> io::Result<Positions>;
}

/// A connection as the kernel sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Positions {
    /// How it stands.
    pub phase: Phase,
    /// Octets that a process has read, since the connection began.
    pub consumed: u64,
    /// Octets that the kernel has taken to send, since the connection began.
    pub written: u64,
}

/// What a socket is ready for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Readiness {
    /// Octets, a datagram or the stream's end can be read.
    pub read: bool,
    /// Octets are taken again, or an attempt to connect has its outcome.
    pub write: bool,
    /// Both directions are over, or an error is to be asked for.
    pub over: bool,
}

/// A connection that was accepted, before the log knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The socket.
    pub socket: Cookie,
    /// Where it came to.
    pub listener: ListenerId,
    /// This program's end.
    pub local: SocketAddr,
    /// The peer's end.
    pub remote: SocketAddr,
}

/// How a connection stands in the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// No attempt was made.
    Fresh,
    /// An attempt is under way.
    Connecting,
    /// Both directions, or one, are open.
    Open,
    /// It is over, or failed.
    Over,
}
