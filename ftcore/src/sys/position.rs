//! How far a connection's streams have come, exactly, as the kernel counts them, whoever read and wrote.
//!
//! The kernel counts sequence numbers, and SYN and FIN have one each:
//!
//! - received in order = octets, and 1 for the peer's FIN; what of it nobody has read is asked with SIOCINQ,
//!   which leaves the FIN out;
//! - acknowledged = octets, and 1 for our SYN where we opened the connection (an accepted one begins to count
//!   behind it), and 1 for our FIN; what is written and not acknowledged is asked with SIOCOUTQ, which has the
//!   FIN in it.
//!
//! Which of the FINs there was is told by the TCP state. Urgent octets are in their place (SO_OOBINLINE).

use std::io;
use std::mem::{size_of, zeroed};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use super::socket;
use crate::core::kernel::{Phase, Positions};

/// How often the numbers are read until two readings agree. Each takes microseconds, and nobody reads or writes
/// then; so they agree as soon as the peer's window is full, at the latest.
const READINGS: usize = 100_000;

/// States of linux/tcp.h.
mod state {
    pub const SYN_SENT: u8 = 2;
    pub const SYN_RECV: u8 = 3;
    pub const FIN_WAIT1: u8 = 4;
    pub const FIN_WAIT2: u8 = 5;
    pub const TIME_WAIT: u8 = 6;
    pub const CLOSE: u8 = 7;
    pub const CLOSE_WAIT: u8 = 8;
    pub const LAST_ACK: u8 = 9;
    pub const LISTEN: u8 = 10;
    pub const CLOSING: u8 = 11;
}

/// Where a socket is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The peer opened the connection.
    Accepted,
    /// This program opens the connection: its SYN has a number in the stream.
    Opened,
    /// It is of datagrams.
    Datagram,
}

/// How a connection stands.
///
/// # Errors
/// The kernel's; `NotConnected` for a socket that is of no connection.
pub fn standing(socket: BorrowedFd<'_>) -> io::Result<Phase> {
    phase(socket, told(socket)?.tcpi_state)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Counters {
    state: u8,
    received: u64,
    acknowledged: u64,
    unread: u32,
    unacknowledged: u32,
}

/// A connection's positions.
///
/// # Errors
/// The kernel's; `NotConnected` for a socket that is of no connection, `TimedOut` where the numbers never stood
/// still.
pub fn positions(socket: BorrowedFd<'_>, origin: Origin) -> io::Result<Positions> {
    let mut before = counters(socket)?;
    for _ in 0..READINGS {
        let after = counters(socket)?;
        if before == after {
            let phase = phase(socket, after.state)?;
            return Ok(of(after, phase, origin));
        }
        before = after;
    }
    Err(io::ErrorKind::TimedOut.into())
}

fn of(counters: Counters, phase: Phase, origin: Origin) -> Positions {
    let Counters { state, received, acknowledged, unread, unacknowledged } = counters;
    let peer_ended = matches!(state, state::CLOSE_WAIT | state::LAST_ACK | state::CLOSING | state::TIME_WAIT);
    let we_ended = matches!(
        state,
        state::FIN_WAIT1 | state::FIN_WAIT2 | state::CLOSING | state::LAST_ACK | state::TIME_WAIT
    );
    // Before our SYN is acknowledged it is counted nowhere.
    let our_syn = origin == Origin::Opened && !matches!(phase, Phase::Fresh | Phase::Connecting);
    let written = acknowledged + u64::from(unacknowledged);
    Positions {
        phase,
        consumed: received.saturating_sub(u64::from(peer_ended) + u64::from(unread)),
        written: written.saturating_sub(u64::from(our_syn) + u64::from(we_ended)),
    }
}

fn phase(socket: BorrowedFd<'_>, state: u8) -> io::Result<Phase> {
    match state {
        state::SYN_SENT | state::SYN_RECV => Ok(Phase::Connecting),
        state::LISTEN => Err(io::ErrorKind::NotConnected.into()),
        // An attempt gives it a port; one that failed before that is as good as none.
        state::CLOSE => match socket::local(socket)?.port() {
            0 => Ok(Phase::Fresh),
            _ => Ok(Phase::Over),
        },
        _ => Ok(Phase::Open),
    }
}

fn counters(socket: BorrowedFd<'_>) -> io::Result<Counters> {
    let told = told(socket)?;
    Ok(Counters {
        state: told.tcpi_state,
        received: told.tcpi_bytes_received,
        acknowledged: told.tcpi_bytes_acked,
        unread: queue(socket, libc::FIONREAD)?,
        unacknowledged: queue(socket, libc::TIOCOUTQ)?,
    })
}

fn told(socket: BorrowedFd<'_>) -> io::Result<libc::tcp_info> {
    let fd = socket.as_fd().as_raw_fd();
    // SAFETY: a value of zeros is a valid one; the kernel writes at most the given length into it.
    let (told, answer, length) = unsafe {
        let mut told: libc::tcp_info = zeroed();
        let mut length = size_of::<libc::tcp_info>() as libc::socklen_t;
        let place = (&raw mut told).cast();
        let answer = libc::getsockopt(fd, libc::IPPROTO_TCP, libc::TCP_INFO, place, &raw mut length);
        (told, answer, length)
    };
    if answer != 0 {
        return Err(io::Error::last_os_error());
    }
    if (length as usize) < std::mem::offset_of!(libc::tcp_info, tcpi_bytes_received) + size_of::<u64>() {
        // Linux 4.1 and later have it.
        return Err(io::ErrorKind::Unsupported.into());
    }
    Ok(told)
}

fn queue(socket: BorrowedFd<'_>, which: libc::Ioctl) -> io::Result<u32> {
    let mut octets: libc::c_int = 0;
    // SAFETY: the kernel writes one number to where it is wanted.
    let answer = unsafe { libc::ioctl(socket.as_raw_fd(), which, &raw mut octets) };
    if answer != 0 {
        return Err(io::Error::last_os_error());
    }
    // A difference of two sequence numbers.
    Ok(octets.cast_unsigned())
}

#[cfg(test)]
mod tests;
