//! TCP sockets of a program that must outlive its process: opening, options, addresses, and the two ways to
//! end one.
//!
//! No library type that shuts a connection down when it is dropped ever holds one: a connection is an
//! `OwnedFd`, closing it puts nothing on the wire while another process holds it too, and it ends by
//! [`end`] or [`abort`] alone.

use std::io;
use std::net::{IpAddr, SocketAddr, SocketAddrV6};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use ipnet::IpNet;
use rustix::io::Errno;
use rustix::net::{Shutdown, SocketFlags};
use socket2::{Domain, Protocol, SockRef, Socket, Type};

use super::option;
use crate::core::effect::{Connect, SocketOptions};
use crate::core::input::Cookie;

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
    option::set_ttl(socket.as_fd(), address.ip(), Some(LISTEN_TTL))?;
    option::set_network_control(socket.as_fd(), address.ip())?;
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

/// A socket for a connection, with its options, bound where it shall be; not connected yet.
///
/// # Errors
/// The kernel's, of any of the steps.
pub fn open(wanted: &Connect) -> io::Result<OwnedFd> {
    let socket = Socket::new(Domain::for_address(wanted.remote), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    tune(socket.as_fd(), wanted.remote.ip())?;
    apply(socket.as_fd(), wanted.remote.ip(), &wanted.options)?;
    if let Some(local) = wanted.local {
        option::set_bind_address_no_port(socket.as_fd())?;
        socket.bind(&with_scope_of(wanted.remote, local).into())?;
    }
    Ok(socket.into())
}

/// Begins to connect; the socket is writable when the outcome is there.
///
/// # Errors
/// The kernel's.
pub fn connect(socket: impl AsFd, remote: SocketAddr) -> io::Result<()> {
    match rustix::net::connect(socket, &remote) {
        Ok(()) | Err(Errno::INPROGRESS) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// A datagram socket, bound.
///
/// # Errors
/// The kernel's.
pub fn open_datagram(local: SocketAddr) -> io::Result<OwnedFd> {
    let socket = Socket::new(Domain::for_address(local), Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    if local.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.bind(&local.into())?;
    Ok(socket.into())
}

/// Sets a connection's options.
///
/// # Errors
/// The kernel's.
pub fn apply(socket: BorrowedFd<'_>, peer: IpAddr, options: &SocketOptions) -> io::Result<()> {
    if let Some(interface) = &options.interface {
        SockRef::from(&socket).bind_device(Some(interface.as_bytes()))?;
    }
    option::set_ttl(socket, peer, options.ttl)?;
    if let Some(least) = options.min_ttl {
        option::set_min_ttl(socket, peer, least)?;
    }
    if let Some(key) = &options.key {
        option::set_md5_key(socket, IpNet::from(peer), Some(key.as_bytes()))?;
    }
    Ok(())
}

/// The ends of a connection that stands: its own and the peer's.
///
/// # Errors
/// Where the connection is gone already.
pub fn ends(socket: impl AsFd) -> io::Result<(SocketAddr, SocketAddr)> {
    let peer = rustix::net::getpeername(&socket)?.ok_or(io::ErrorKind::NotConnected)?;
    let remote = SocketAddr::try_from(peer).map_err(io::Error::from)?;
    Ok((local(socket)?, remote))
}

/// A socket's own address.
///
/// # Errors
/// The kernel's.
pub fn local(socket: impl AsFd) -> io::Result<SocketAddr> {
    SocketAddr::try_from(rustix::net::getsockname(socket)?).map_err(io::Error::from)
}

/// The kernel's name for a socket, the same in every process that holds it.
///
/// # Errors
/// Where it is no socket.
pub fn cookie(socket: impl AsFd) -> io::Result<Cookie> {
    Ok(Cookie(rustix::net::sockopt::socket_cookie(socket)?))
}

/// Why a connection attempt failed, if it did.
///
/// # Errors
/// The reason.
pub fn outcome(socket: impl AsFd) -> io::Result<()> {
    Ok(rustix::net::sockopt::socket_error(socket)??)
}

/// Says that nothing more will be sent: a FIN after what waits.
pub fn end(socket: impl AsFd) {
    // A connection that is gone already needs no end.
    let _ = rustix::net::shutdown(socket, Shutdown::Write);
}

/// Ends a connection at once with an RST, whoever else holds its descriptor.
pub fn abort(socket: impl AsFd) {
    // A connection that is gone already needs no end.
    let _ = rustix::net::connect_unspec(socket);
}

/// What every connection of a peer has: no delay, control's precedence, and urgent octets in their place in the
/// stream.
fn tune(socket: BorrowedFd<'_>, peer: IpAddr) -> io::Result<()> {
    option::set_network_control(socket, peer)?;
    let socket = SockRef::from(&socket);
    socket.set_tcp_nodelay(true)?;
    socket.set_out_of_band_inline(true)
}

/// The address to connect from; a link-local one is of the peer's link.
fn with_scope_of(remote: SocketAddr, local: IpAddr) -> SocketAddr {
    match (local, remote) {
        (IpAddr::V6(v6), SocketAddr::V6(remote)) if v6.is_unicast_link_local() => {
            SocketAddrV6::new(v6, 0, 0, remote.scope_id()).into()
        }
        _ => SocketAddr::new(local, 0),
    }
}
