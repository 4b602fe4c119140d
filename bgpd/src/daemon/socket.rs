//! TCP sockets as BGP wants them: opening, options, addresses, and the two ways to end one.
//!
//! No library type that shuts a connection down when it is dropped ever holds one: a connection is an
//! `OwnedFd`, and ends by [`end_orderly`] or [`abort`] alone.

use std::io;
use std::net::{IpAddr, SocketAddr, SocketAddrV6};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use bgp_engine::effect::SocketOptions;
use bgp_engine::input::Connection;
use bgp_engine::value::{ConnId, IfIndex};
use ipnet::IpNet;
use rustix::io::Errno;
use rustix::net::{Shutdown, SocketFlags};
use socket2::{Domain, Protocol, SockRef, Socket, Type};

use super::sys;

/// How many connections may wait to be accepted.
const BACKLOG: i32 = 1024;
/// What SYN-ACKs are sent with: a neighbor that wants 255 (RFC 5082) drops them otherwise, and which neighbor
/// it is is not known before.
const LISTEN_TTL: u8 = 255;

/// A socket that listens on `address`.
///
/// # Errors
/// The kernel's.
pub fn listen(address: SocketAddr) -> io::Result<OwnedFd> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    socket.set_reuse_address(true)?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    sys::set_ttl(socket.as_fd(), address.ip(), Some(LISTEN_TTL))?;
    sys::set_network_control(socket.as_fd(), address.ip())?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// The next connection that waits on a listening socket.
///
/// # Errors
/// The kernel's; `WouldBlock` where none waits.
pub fn accept(listener: impl AsFd) -> io::Result<(OwnedFd, SocketAddr)> {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let (socket, from) = rustix::net::acceptfrom_with(listener, flags)?;
    let from = from.ok_or(io::ErrorKind::NotConnected)?;
    let remote = SocketAddr::try_from(from).map_err(io::Error::from)?;
    tune(socket.as_fd(), remote.ip())?;
    Ok((socket, remote))
}

/// Begins to connect; the socket is writable when the outcome is there.
///
/// # Errors
/// The kernel's, of any of the steps.
pub fn connect(
    remote: SocketAddr,
    interface: IfIndex,
    local: Option<IpAddr>,
    options: &SocketOptions,
) -> io::Result<OwnedFd> {
    let remote = with_scope(remote, interface);
    let socket = Socket::new(Domain::for_address(remote), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    tune(socket.as_fd(), remote.ip())?;
    apply(socket.as_fd(), remote.ip(), options)?;
    if let Some(local) = local {
        sys::set_bind_address_no_port(socket.as_fd())?;
        socket.bind(&with_scope(SocketAddr::new(local, 0), interface).into())?;
    }
    match rustix::net::connect(&socket, &remote) {
        Ok(()) | Err(Errno::INPROGRESS) => Ok(socket.into()),
        Err(error) => Err(error.into()),
    }
}

/// Sets a connection's options.
///
/// # Errors
/// The kernel's.
pub fn apply(socket: BorrowedFd<'_>, peer: IpAddr, options: &SocketOptions) -> io::Result<()> {
    if let Some(interface) = &options.interface {
        SockRef::from(&socket).bind_device(Some(interface.as_bytes()))?;
    }
    sys::set_ttl(socket, peer, options.ttl)?;
    if let Some(least) = options.min_ttl {
        sys::set_min_ttl(socket, peer, least)?;
    }
    if let Some(key) = &options.key {
        sys::set_md5_key(socket, IpNet::from(peer), Some(key.as_bytes()))?;
    }
    Ok(())
}

/// The ends of a connection that stands.
///
/// # Errors
/// Where the connection is gone already.
pub fn ends(socket: impl AsFd, conn: ConnId) -> io::Result<Connection> {
    let peer = rustix::net::getpeername(&socket)?.ok_or(io::ErrorKind::NotConnected)?;
    let remote = SocketAddr::try_from(peer).map_err(io::Error::from)?;
    let local = SocketAddr::try_from(rustix::net::getsockname(&socket)?).map_err(io::Error::from)?;
    let interface = match remote {
        SocketAddr::V6(v6) => IfIndex(v6.scope_id()),
        SocketAddr::V4(_) => IfIndex(0),
    };
    Ok(Connection { conn, local, remote, interface })
}

/// Why a connection attempt failed, if it did.
///
/// # Errors
/// The reason.
pub fn outcome(socket: impl AsFd) -> io::Result<()> {
    Ok(rustix::net::sockopt::socket_error(socket)??)
}

/// Says that nothing more will be sent: a FIN after what waits.
pub fn end_orderly(socket: impl AsFd) {
    // A connection that is gone already needs no end.
    let _ = rustix::net::shutdown(socket, Shutdown::Write);
}

/// Ends a connection at once with an RST, whoever else holds its descriptor.
pub fn abort(socket: impl AsFd) {
    // A connection that is gone already needs no end.
    let _ = rustix::net::connect_unspec(socket);
}

/// The kernel's number for an error; EIO where a library made it up.
#[must_use]
pub fn errno(error: &io::Error) -> i32 {
    error.raw_os_error().unwrap_or(libc::EIO)
}

/// What every connection of a peer has: no delay, control's precedence, and urgent octets in their place in the
/// stream.
fn tune(socket: BorrowedFd<'_>, peer: IpAddr) -> io::Result<()> {
    sys::set_network_control(socket, peer)?;
    let socket = SockRef::from(&socket);
    socket.set_tcp_nodelay(true)?;
    socket.set_out_of_band_inline(true)
}

fn with_scope(address: SocketAddr, interface: IfIndex) -> SocketAddr {
    match address {
        SocketAddr::V6(v6) if v6.ip().is_unicast_link_local() && v6.scope_id() == 0 => {
            SocketAddrV6::new(*v6.ip(), v6.port(), 0, interface.0).into()
        }
        other => other,
    }
}
