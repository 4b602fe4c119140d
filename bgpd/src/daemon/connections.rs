//! The table of TCP connections: what the engine's `Connect`, `Options`, `Send` and `Close` come to, and what
//! the kernel's readiness comes to as inputs.
//!
//! A connection is in the table from the effect or accept that made it until its descriptor is closed. After
//! the engine's `Close` it may stay for a while to send what waits (and nothing of it is an input any more).
//! No decision is made here but one: how long such an end may take.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use bgp_engine::effect::{Close, SocketOptions};
use bgp_engine::input::{Connection, Input};
use bgp_engine::value::{ConnId, IfIndex, Instant};
use bytes::Bytes;

use super::poll::{Interest, Poll, Token};
use super::queue::SendQueue;
use super::socket;

/// How long an orderly end may take before it becomes an abort.
const END_WITHIN: Duration = Duration::from_secs(5);
/// How many orderly ends may be under way; beyond it the oldest becomes an abort, so that strangers who are
/// refused cannot use up the descriptors.
const ENDS_AT_ONCE: usize = 512;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Connecting,
    Open,
    /// Closed by the engine; what waits is being sent.
    Ending,
    /// All is sent, and so is our FIN; the peer's is awaited, lest the kernel sends an RST into our last words.
    Ended,
}

struct Entry {
    socket: OwnedFd,
    remote: IpAddr,
    phase: Phase,
    queue: SendQueue,
    /// Whether the kernel was asked to say when it takes octets again.
    blocked: bool,
    /// Whether the connection is in `unsent`.
    listed: bool,
    /// A write's error, kept for when the reading ends too.
    broken: Option<i32>,
}

/// What a connection's readiness came to.
#[derive(Debug)]
pub enum Outcome {
    /// Nothing that the engine is told.
    Nothing,
    /// So many octets were put into the buffer.
    Received(usize),
    /// This is the input.
    Input(Input<'static>),
}

/// The table.
#[derive(Default)]
pub struct Connections {
    entries: HashMap<ConnId, Entry>,
    /// Which have something that was not yet offered to the kernel.
    unsent: Vec<ConnId>,
    ends: VecDeque<(Instant, ConnId)>,
}

impl Connections {
    /// Carries out `Effect::Connect`.
    ///
    /// # Errors
    /// The kernel's number, where the attempt failed at once.
    pub fn connect(
        &mut self,
        poll: &Poll,
        conn: ConnId,
        to: (SocketAddr, IfIndex),
        local: Option<IpAddr>,
        options: &SocketOptions,
    ) -> Result<(), i32> {
        let attempt = socket::connect(to.0, to.1, local, options).and_then(|socket| {
            poll.add(&socket, Token(conn.0), Interest::OUT)?;
            Ok(socket)
        });
        let socket = attempt.map_err(|error| socket::errno(&error))?;
        self.insert(conn, socket, to.0.ip(), Phase::Connecting);
        Ok(())
    }

    /// Takes a connection that was accepted.
    ///
    /// # Errors
    /// The kernel's, where it is gone already or cannot be watched.
    pub fn accepted(&mut self, poll: &Poll, conn: ConnId, socket: OwnedFd) -> io::Result<Connection> {
        let ends = socket::ends(&socket, conn)?;
        poll.add(&socket, Token(conn.0), Interest::IN)?;
        self.insert(conn, socket, ends.remote.ip(), Phase::Open);
        Ok(ends)
    }

    /// Carries out `Effect::Options`.
    ///
    /// # Errors
    /// The kernel's.
    pub fn set_options(&mut self, conn: ConnId, options: &SocketOptions) -> io::Result<()> {
        match self.entries.get(&conn) {
            Some(entry) => socket::apply(entry.socket.as_fd(), entry.remote, options),
            None => Ok(()),
        }
    }

    /// The peer's address.
    #[must_use]
    pub fn remote(&self, conn: ConnId) -> Option<IpAddr> {
        self.entries.get(&conn).map(|entry| entry.remote)
    }

    /// Carries out `Effect::Send`: the octets wait for the next [`Connections::flush`].
    pub fn send(&mut self, conn: ConnId, octets: Bytes) {
        let Some(entry) = self.entries.get_mut(&conn) else { return };
        if entry.broken.is_some() || entry.phase != Phase::Open {
            return;
        }
        entry.queue.push(octets);
        if !entry.listed && !entry.blocked {
            entry.listed = true;
            self.unsent.push(conn);
        }
    }

    /// Carries out `Effect::Close`.
    pub fn close(&mut self, poll: &Poll, conn: ConnId, how: Close, now: Instant) {
        let Some(entry) = self.entries.get_mut(&conn) else { return };
        let can_wait = how == Close::Orderly && entry.phase == Phase::Open && entry.broken.is_none();
        if !can_wait {
            self.remove(poll, conn, how);
            return;
        }
        entry.phase = Phase::Ending;
        if entry.queue.is_empty() {
            socket::end_orderly(&entry.socket);
            entry.phase = Phase::Ended;
        }
        self.ends.push_back((now + END_WITHIN, conn));
        if self.ends.len() > ENDS_AT_ONCE {
            self.end_oldest(poll);
        }
    }

    /// Makes aborts of the orderly ends that took too long by `now`.
    pub fn end_overdue(&mut self, poll: &Poll, now: Instant) {
        while self.ends.front().is_some_and(|(due, _)| *due <= now) {
            self.end_oldest(poll);
        }
    }

    /// When [`Connections::end_overdue`] has something to do.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.ends.front().map(|(due, _)| *due)
    }

    /// Whether octets wait that were not yet offered to the kernel.
    #[must_use]
    pub fn has_unsent(&self) -> bool {
        !self.unsent.is_empty()
    }

    /// Moves the list of those connections into `list`.
    pub fn take_unsent(&mut self, list: &mut Vec<ConnId>) {
        list.append(&mut self.unsent);
    }

    /// How many connections there are, those included that are being ended.
    #[must_use]
    pub fn count(&self) -> usize {
        self.entries.len()
    }

    /// How many octets wait on all connections.
    #[must_use]
    pub fn queued_octets(&self) -> u64 {
        self.entries.values().map(|entry| entry.queue.octets()).sum()
    }

    /// Offers a connection's octets to the kernel, one call's worth. The answer is how many it took of a
    /// connection that the engine knows.
    pub fn flush(&mut self, poll: &Poll, conn: ConnId) -> u64 {
        let Some(entry) = self.entries.get_mut(&conn) else { return 0 };
        entry.listed = false;
        if entry.queue.is_empty() || entry.broken.is_some() {
            return 0;
        }
        let taken = match entry.queue.send(&entry.socket) {
            Ok(taken) => taken,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                if !entry.blocked {
                    entry.blocked = true;
                    let _ = poll.change(&entry.socket, Token(conn.0), Interest::IN | Interest::OUT);
                }
                return 0;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => 0,
            Err(error) => {
                // What the peer sent before may still be read: the reading says when it is over.
                entry.broken = Some(socket::errno(&error));
                entry.queue = SendQueue::default();
                return 0;
            }
        };
        if !entry.queue.is_empty() {
            if !entry.blocked {
                entry.listed = true;
                self.unsent.push(conn);
            }
        } else {
            if entry.blocked {
                entry.blocked = false;
                let _ = poll.change(&entry.socket, Token(conn.0), Interest::IN);
            }
            if entry.phase == Phase::Ending {
                socket::end_orderly(&entry.socket);
                entry.phase = Phase::Ended;
            }
        }
        if entry.phase == Phase::Open { taken } else { 0 }
    }

    /// Whether this connection's readiness includes that the kernel takes octets again.
    #[must_use]
    pub fn wants_flush(&self, conn: ConnId, interest: Interest) -> bool {
        interest.contains(Interest::OUT) && self.entries.get(&conn).is_some_and(|entry| entry.blocked)
    }

    /// Takes what is ready to be read on a connection, at most `buffer` full.
    pub fn read(&mut self, poll: &Poll, conn: ConnId, interest: Interest, buffer: &mut [u8]) -> Outcome {
        let Some(entry) = self.entries.get_mut(&conn) else { return Outcome::Nothing };
        if entry.phase == Phase::Connecting {
            return self.connected(poll, conn);
        }
        let over = Interest::IN | Interest::ERR | Interest::HUP;
        if !interest.intersects(over) {
            return Outcome::Nothing;
        }
        let errno = match rustix::net::recv(&entry.socket, buffer, rustix::net::RecvFlags::empty()) {
            Ok((0, _)) => entry.broken.unwrap_or(0),
            Ok((count, _)) if entry.phase == Phase::Open => return Outcome::Received(count),
            Ok(_) | Err(rustix::io::Errno::INTR) => return Outcome::Nothing,
            Err(rustix::io::Errno::AGAIN) => match socket::outcome(&entry.socket) {
                Err(error) => socket::errno(&error),
                Ok(()) if interest.contains(Interest::HUP) => entry.broken.unwrap_or(0),
                Ok(()) => return Outcome::Nothing,
            },
            Err(error) => error.raw_os_error(),
        };
        let known = entry.phase == Phase::Open;
        self.remove(poll, conn, Close::Orderly);
        if known { Outcome::Input(Input::Closed { conn, errno }) } else { Outcome::Nothing }
    }

    fn connected(&mut self, poll: &Poll, conn: ConnId) -> Outcome {
        let Some(entry) = self.entries.get_mut(&conn) else { return Outcome::Nothing };
        let attempt = socket::outcome(&entry.socket).and_then(|()| {
            let ends = socket::ends(&entry.socket, conn)?;
            poll.change(&entry.socket, Token(conn.0), Interest::IN)?;
            Ok(ends)
        });
        match attempt {
            Ok(ends) => {
                entry.phase = Phase::Open;
                Outcome::Input(Input::Connected(ends))
            }
            Err(error) => {
                self.remove(poll, conn, Close::Orderly);
                Outcome::Input(Input::ConnectFailed { conn, errno: socket::errno(&error) })
            }
        }
    }

    fn insert(&mut self, conn: ConnId, socket: OwnedFd, remote: IpAddr, phase: Phase) {
        let queue = SendQueue::default();
        let entry = Entry { socket, remote, phase, queue, blocked: false, listed: false, broken: None };
        let old = self.entries.insert(conn, entry);
        assert!(old.is_none(), "the connection number {conn:?} was given twice");
    }

    fn remove(&mut self, poll: &Poll, conn: ConnId, how: Close) {
        if let Some(entry) = self.entries.remove(&conn) {
            poll.remove(&entry.socket);
            if how == Close::Abort {
                socket::abort(&entry.socket);
            }
            if !matches!(entry.phase, Phase::Connecting | Phase::Open) {
                self.ends.retain(|(_, ending)| *ending != conn);
            }
        }
    }

    fn end_oldest(&mut self, poll: &Poll) {
        if let Some((_, conn)) = self.ends.pop_front() {
            self.remove(poll, conn, Close::Abort);
        }
    }
}
