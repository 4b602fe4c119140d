//! A netlink socket for one thread that may wait: requests and their answers.

use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

use netlink_sys::protocols::NETLINK_ROUTE;
use netlink_sys::{Socket, SocketAddr};
use socket2::SockRef;

use super::abi::errno;

/// Larger than anything that the kernel sends at once (32 KiB).
const DATAGRAM: usize = 64 * 1024;
/// Room for answers, if the machine gives so much.
const RECEIVE_BUFFER: usize = 4 << 20;
/// What one of the kernel's errors takes of it, words included: 768 octets were measured.
const ANSWER: usize = 1024;
/// The kernel works a request off while it is sent, so an answer that has not come by then never comes.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// The whole length of a datagram is wanted, even where it did not fit.
const MSG_TRUNC: i32 = 0x20;

/// A socket that talks to the kernel, which gave it a port of its own.
#[derive(Debug)]
pub(crate) struct RouteSocket {
    socket: Socket,
    port: u32,
    received: Vec<u8>,
}

impl RouteSocket {
    pub(crate) fn open() -> io::Result<RouteSocket> {
        let mut socket = Socket::new(NETLINK_ROUTE)?;
        let port = socket.bind_auto()?.port_number();
        socket.connect(&SocketAddr::new(0, 0))?;
        enlarge(&socket, RECEIVE_BUFFER)?;
        SockRef::from(&socket).set_read_timeout(Some(ANSWER_WITHIN))?;
        // Older kernels have none of these three, and can be talked to without.
        let _ = socket.set_cap_ack(true);
        let _ = socket.set_ext_ack(true);
        let _ = socket.set_netlink_get_strict_chk(true);
        Ok(RouteSocket { socket, port, received: Vec::new() })
    }

    /// Who sends, to the kernel and to whoever watches what it tells.
    pub(crate) fn port(&self) -> u32 {
        self.port
    }

    /// How many errors have room before they are read.
    pub(crate) fn room_for_answers(&self) -> io::Result<usize> {
        Ok(self.socket.get_rx_buf_sz()? / ANSWER)
    }

    /// Sends messages, all in one. The kernel has acted on them when this returns.
    pub(crate) fn send(&self, octets: &[u8]) -> io::Result<()> {
        loop {
            match self.socket.send(octets, 0) {
                Ok(_) => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// The next datagram.
    ///
    /// # Errors
    /// ENOBUFS where the kernel had no room for an answer, WouldBlock where there is none.
    pub(crate) fn receive(&mut self) -> io::Result<&[u8]> {
        self.received.clear();
        self.received.reserve(DATAGRAM);
        loop {
            match self.socket.recv(&mut self.received, MSG_TRUNC) {
                Ok(length) if length > self.received.len() => {
                    return Err(io::Error::from_raw_os_error(errno::ENOBUFS));
                }
                Ok(_) => return Ok(&self.received),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// Makes room for what comes in, beyond the machine's limit where the process may.
pub(crate) fn enlarge(socket: &impl AsFd, octets: usize) -> io::Result<()> {
    if rustix::net::sockopt::set_socket_recv_buffer_size_force(socket, octets).is_err() {
        rustix::net::sockopt::set_socket_recv_buffer_size(socket, octets)?;
    }
    Ok(())
}

/// Whether messages were lost because nobody read them in time.
pub(crate) fn is_overrun(error: &io::Error) -> bool {
    error.raw_os_error() == Some(errno::ENOBUFS)
}
