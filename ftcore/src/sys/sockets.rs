//! The sockets that this process holds, by the kernel's name for them, and what the core asks of them.
//!
//! A primary watches them in its own epoll instance; a process that follows only holds them. Every socket that
//! is made here is shared with the other processes before anything is done with it, so that none is ever held
//! by one process alone.

use std::collections::HashMap;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use ipnet::IpNet;
use rustix::net::{RecvFlags, SendAncillaryBuffer, SendFlags};
use rustix::time::{ClockId, clock_gettime};

use super::listen::Listeners;
use super::poll::{Interest, Poll, Token};
use super::position::{self, Origin};
use super::socket;
use crate::core::effect::{Connect, SocketOptions};
use crate::core::input::{Cookie, ListenerId, Time};
use crate::core::kernel::{Accepted, Kernel, Phase, Positions, Readiness};

/// The most pieces that one call gives to the kernel (IOV_MAX).
const PIECES: usize = 1024;

/// What tells the other processes of this program about sockets.
pub trait Sharer {
    /// Sees to it that they hold this one, or will without this process's doing.
    ///
    /// # Errors
    /// Where that is not certain; the socket is not used then.
    fn share(&mut self, cookie: Cookie, origin: Origin, socket: BorrowedFd<'_>) -> io::Result<()>;

    /// They need this one no more.
    fn forget(&mut self, cookie: Cookie);
}

/// For a process that has no others to tell.
#[derive(Clone, Copy, Debug, Default)]
pub struct NotShared;

impl Sharer for NotShared {
    fn share(&mut self, _: Cookie, _: Origin, _: BorrowedFd<'_>) -> io::Result<()> {
        Ok(())
    }

    fn forget(&mut self, _: Cookie) {}
}

/// What a readiness is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// A socket.
    Socket(Cookie),
    /// A listening socket.
    Listener(ListenerId),
    /// A descriptor of the program's own, as the program numbered it; below 2^62.
    Own(u64),
}

const LISTENER: u64 = 1 << 63;
const OWN: u64 = 1 << 62;

impl Source {
    /// How the poll knows it. The kernel counts cookies from 1 on, so the upper bits are free.
    #[must_use]
    pub fn token(self) -> Token {
        match self {
            Source::Socket(cookie) => Token(cookie.0),
            Source::Listener(id) => Token(LISTENER | u64::from(id.0)),
            Source::Own(number) => Token(OWN | number),
        }
    }

    fn of(token: Token) -> Self {
        if token.0 & LISTENER != 0 {
            // Made by `token` from so many bits.
            Source::Listener(ListenerId(token.0 as u32))
        } else if token.0 & OWN != 0 {
            Source::Own(token.0 & !OWN)
        } else {
            Source::Socket(Cookie(token.0))
        }
    }
}

/// Whether a socket's octets are to be told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// They are.
    On,
    /// Not now.
    Off,
}

#[derive(Debug)]
struct Held {
    socket: OwnedFd,
    origin: Origin,
    reading: Reading,
    /// Whether an attempt to connect is under way.
    connecting: bool,
    /// Whether the kernel is asked to say when there is room to send.
    room_asked: bool,
    /// Whether a send found no room, and room was not told since.
    blocked: bool,
    /// What it is watched for, where it is.
    watched: Option<Interest>,
}

impl Held {
    fn new(socket: OwnedFd, origin: Origin) -> Self {
        let reading = Reading::On;
        Held { socket, origin, reading, connecting: false, room_asked: false, blocked: false, watched: None }
    }

    fn wanted(&self) -> Interest {
        let read = match self.reading {
            _ if self.connecting => return Interest::OUT,
            Reading::On => Interest::IN,
            // A failure cannot be masked; so it is told once, not for ever.
            Reading::Off => Interest::ET,
        };
        if self.room_asked { read | Interest::OUT } else { read }
    }

    /// Has the poll know what is wanted now, if it watches the socket.
    fn tell(&mut self, poll: &Poll, cookie: Cookie) -> io::Result<()> {
        let wanted = self.wanted();
        if self.watched.is_some_and(|watched| watched != wanted) {
            poll.change(&self.socket, Source::Socket(cookie).token(), wanted)?;
            self.watched = Some(wanted);
        }
        Ok(())
    }

    fn watch(&mut self, poll: &Poll, cookie: Cookie) -> io::Result<()> {
        if self.watched.is_some() {
            return self.tell(poll, cookie);
        }
        if self.origin != Origin::Datagram {
            match position::standing(self.socket.as_fd())? {
                // Ready for nothing, but it looks as if it were: `connect` will watch it.
                Phase::Fresh => return Ok(()),
                phase => self.connecting = phase == Phase::Connecting,
            }
        }
        let wanted = self.wanted();
        poll.add(&self.socket, Source::Socket(cookie).token(), wanted)?;
        self.watched = Some(wanted);
        Ok(())
    }

    fn unwatch(&mut self, poll: &Poll) {
        if self.watched.take().is_some() {
            poll.remove(&self.socket);
        }
    }
}

/// The sockets.
pub struct Sockets {
    held: HashMap<Cookie, Held>,
    poll: Poll,
    /// The listening sockets. A primary registers them only to accept in the keeper's place.
    pub listeners: Listeners,
    sharer: Box<dyn Sharer>,
}

impl Sockets {
    /// None yet.
    ///
    /// # Errors
    /// The kernel's, where it has no epoll instance left.
    pub fn new(sharer: Box<dyn Sharer>) -> io::Result<Self> {
        let listeners = Listeners::default();
        Ok(Sockets { held: HashMap::new(), poll: Poll::new()?, listeners, sharer })
    }

    /// Replaces the one that tells the others.
    pub fn share_by(&mut self, sharer: Box<dyn Sharer>) {
        self.sharer = sharer;
    }

    /// Holds a socket, without watching it. One that is held already stays as it is.
    ///
    /// # Errors
    /// Where it is no socket, or cannot be made one that does not block.
    pub fn hold(&mut self, socket: OwnedFd, origin: Origin) -> io::Result<Cookie> {
        let cookie = socket::cookie(&socket)?;
        rustix::io::ioctl_fionbio(&socket, true)?;
        self.held.entry(cookie).or_insert_with(|| Held::new(socket, origin));
        Ok(cookie)
    }

    /// Holds a socket and watches it, as the primary does.
    ///
    /// # Errors
    /// As [`Sockets::hold`], and where it cannot be watched.
    pub fn adopt(&mut self, socket: OwnedFd, origin: Origin) -> io::Result<Cookie> {
        let cookie = self.hold(socket, origin)?;
        self.watch(cookie)?;
        Ok(cookie)
    }

    /// Watches all that are held.
    ///
    /// # Errors
    /// The kernel's.
    pub fn register_all(&mut self) -> io::Result<()> {
        self.held.iter_mut().try_for_each(|(cookie, held)| held.watch(&self.poll, *cookie))
    }

    /// Watches nothing more, and goes on holding everything.
    pub fn deregister_all(&mut self) {
        for held in self.held.values_mut() {
            held.unwatch(&self.poll);
        }
        self.listeners.deregister(&self.poll);
    }

    /// Watches the listening sockets as well.
    ///
    /// # Errors
    /// The kernel's.
    pub fn register_listeners(&mut self) -> io::Result<()> {
        self.listeners.register(&self.poll, |id| Source::Listener(id).token())
    }

    /// Watches the listening sockets no more.
    pub fn deregister_listeners(&mut self) {
        self.listeners.deregister(&self.poll);
    }

    /// The poll, for the program's own descriptors; their tokens are those of [`Source::Own`].
    #[must_use]
    pub fn poll(&self) -> &Poll {
        &self.poll
    }

    /// Accepts on one listening socket, a bounded number, in the keeper's place: the others are told of each
    /// before it is held here.
    pub fn accept(&mut self, listener: ListenerId) -> Vec<Accepted> {
        let now = self.now();
        let fresh = self.listeners.accept(&self.poll, listener, now);
        let mut accepted = Vec::new();
        for (socket, connection) in fresh {
            match self.share(socket, Origin::Accepted) {
                Ok(_) => accepted.push(connection),
                Err(error) => {
                    tracing::error!("a connection from {} is dropped: {error}", connection.remote);
                }
            }
        }
        accepted
    }

    /// Goes on with accepting when a shortage's pause is over.
    pub fn resume_listeners(&mut self) {
        let now = self.now();
        self.listeners.resume(&self.poll, now);
    }

    /// Asks the kernel what is ready, and waits at most so long for it; for ever where `None`. How many there
    /// are.
    ///
    /// # Errors
    /// The kernel's.
    pub fn collect(&mut self, at_most: Option<Duration>) -> io::Result<usize> {
        let count = self.poll.collect(at_most)?;
        for n in 0..count {
            let Some((token, interest)) = self.poll.ready(n) else { break };
            if let (Source::Socket(cookie), true) = (Source::of(token), interest.contains(Interest::OUT)) {
                self.takes_more(cookie);
            }
        }
        Ok(count)
    }

    /// A socket takes octets: whoever waited for that hears it, and when nobody did, it is not asked any more.
    fn takes_more(&mut self, cookie: Cookie) {
        let Some(held) = self.held.get_mut(&cookie) else { return };
        if !held.blocked && held.room_asked {
            held.room_asked = false;
            // Where it fails the socket is told of once too often.
            let _ = held.tell(&self.poll, cookie);
        }
        held.blocked = false;
    }

    /// The `n`th of what was ready at the last asking, and for what.
    #[must_use]
    pub fn ready(&self, n: usize) -> Option<(Source, Readiness)> {
        self.poll.ready(n).map(|(token, interest)| (Source::of(token), readiness(interest)))
    }

    /// Has nothing told any more of octets that can be read from a socket, or does so again: so that those of
    /// a connection that is held back by the machine do not keep the loop awake.
    ///
    /// # Errors
    /// The kernel's, or where this process does not hold the socket.
    pub fn set_reading(&mut self, socket: Cookie, reading: Reading) -> io::Result<()> {
        let held = self.held.get_mut(&socket).ok_or(io::ErrorKind::NotFound)?;
        held.reading = reading;
        held.tell(&self.poll, socket)
    }

    /// All sockets that are held.
    pub fn iter(&self) -> impl Iterator<Item = (Cookie, Origin, BorrowedFd<'_>)> {
        self.held.iter().map(|(cookie, held)| (*cookie, held.origin, held.socket.as_fd()))
    }

    /// How many are held.
    #[must_use]
    pub fn count(&self) -> usize {
        self.held.len()
    }

    /// Drops all that `keep` does not name, in this process alone.
    pub fn retain(&mut self, keep: impl Fn(Cookie) -> bool) {
        let poll = &self.poll;
        self.held.retain(|cookie, held| {
            let stays = keep(*cookie);
            if !stays {
                held.unwatch(poll);
            }
            stays
        });
    }

    fn held(&self, cookie: Cookie) -> io::Result<&Held> {
        self.held.get(&cookie).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn share(&mut self, socket: OwnedFd, origin: Origin) -> io::Result<Cookie> {
        let cookie = socket::cookie(&socket)?;
        self.sharer.share(cookie, origin, socket.as_fd())?;
        self.hold(socket, origin)
    }
}

fn readiness(interest: Interest) -> Readiness {
    Readiness {
        read: interest.intersects(Interest::IN | Interest::RDHUP),
        write: interest.contains(Interest::OUT),
        over: interest.intersects(Interest::ERR | Interest::HUP),
    }
}

/// Does it again when a signal came in between.
fn uninterrupted<T>(mut call: impl FnMut() -> rustix::io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(rustix::io::Errno::INTR) => {}
            other => return Ok(other?),
        }
    }
}

impl Kernel for Sockets {
    fn now(&self) -> Time {
        let time = clock_gettime(ClockId::Monotonic);
        // The monotonic clock begins at zero with the machine.
        let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
        Time(seconds * 1_000_000 + u64::try_from(time.tv_nsec / 1000).unwrap_or_default())
    }

    fn receive(&mut self, socket: Cookie, into: &mut [u8]) -> io::Result<usize> {
        let held = self.held(socket)?;
        uninterrupted(|| rustix::net::recv(&held.socket, &mut *into, RecvFlags::empty()))
            .map(|(count, _)| count)
    }

    fn receive_datagram(&mut self, socket: Cookie, into: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let held = self.held(socket)?;
        let received = uninterrupted(|| rustix::net::recvfrom(&held.socket, &mut *into, RecvFlags::empty()))?;
        let from = received.2.ok_or(io::ErrorKind::InvalidData)?;
        Ok((received.0, SocketAddr::try_from(from).map_err(io::Error::from)?))
    }

    fn send(&mut self, socket: Cookie, octets: &[IoSlice<'_>]) -> io::Result<usize> {
        let held = self.held.get_mut(&socket).ok_or(io::ErrorKind::NotFound)?;
        let octets = &octets[..octets.len().min(PIECES)];
        // NOSIGNAL: a connection that is gone is an error, not a SIGPIPE.
        let taken = uninterrupted(|| {
            let mut control = SendAncillaryBuffer::default();
            rustix::net::sendmsg(&held.socket, octets, &mut control, SendFlags::NOSIGNAL)
        });
        if taken.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock) {
            (held.blocked, held.room_asked) = (true, true);
            held.tell(&self.poll, socket)?;
        }
        taken
    }

    fn send_datagram(&mut self, socket: Cookie, to: SocketAddr, octets: &[u8]) -> io::Result<()> {
        let held = self.held(socket)?;
        uninterrupted(|| rustix::net::sendto(&held.socket, octets, SendFlags::NOSIGNAL, &to)).map(|_| ())
    }

    fn open(&mut self, connect: &Connect) -> io::Result<Cookie> {
        self.share(socket::open(connect)?, Origin::Opened)
    }

    fn open_datagram(&mut self, local: SocketAddr) -> io::Result<Cookie> {
        let cookie = self.share(socket::open_datagram(local)?, Origin::Datagram)?;
        self.watch(cookie)?;
        Ok(cookie)
    }

    fn connect(&mut self, socket: Cookie, connect: &Connect) -> io::Result<()> {
        let held = self.held.get_mut(&socket).ok_or(io::ErrorKind::NotFound)?;
        socket::connect(&held.socket, connect.remote)?;
        held.watch(&self.poll, socket)?;
        // Also where it stands at once: the outcome is there to be asked.
        held.connecting = true;
        held.tell(&self.poll, socket)
    }

    fn outcome(&mut self, socket: Cookie) -> io::Result<(SocketAddr, SocketAddr)> {
        let held = self.held.get_mut(&socket).ok_or(io::ErrorKind::NotFound)?;
        socket::outcome(&held.socket)?;
        if position::standing(held.socket.as_fd())? == Phase::Connecting {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let ends = socket::ends(&held.socket)?;
        held.connecting = false;
        held.tell(&self.poll, socket)?;
        Ok(ends)
    }

    fn watch(&mut self, socket: Cookie) -> io::Result<()> {
        let held = self.held.get_mut(&socket).ok_or(io::ErrorKind::NotFound)?;
        held.watch(&self.poll, socket)
    }

    fn pause(&mut self, socket: Cookie) {
        // It fails only for what is not held, and of that nothing is told.
        let _ = self.set_reading(socket, Reading::Off);
    }

    fn resume(&mut self, socket: Cookie) {
        let _ = self.set_reading(socket, Reading::On);
    }

    fn set_options(&mut self, socket: Cookie, options: &SocketOptions) -> io::Result<()> {
        let descriptor = self.held(socket)?.socket.as_fd();
        let (_, remote) = socket::ends(descriptor)?;
        socket::apply(descriptor, remote.ip(), options)
    }

    fn set_listen_key(&mut self, from: IpNet, key: Option<&str>) -> io::Result<()> {
        self.listeners.set_key(from, key)
    }

    fn end(&mut self, socket: Cookie) {
        if let Ok(held) = self.held(socket) {
            socket::end(&held.socket);
        }
    }

    fn abort(&mut self, socket: Cookie) {
        if let Ok(held) = self.held(socket) {
            socket::abort(&held.socket);
        }
    }

    fn forget(&mut self, socket: Cookie) {
        if let Some(mut held) = self.held.remove(&socket) {
            held.unwatch(&self.poll);
            self.sharer.forget(socket);
        }
    }

    fn held(&self) -> Vec<Cookie> {
        self.held.keys().copied().collect()
    }

    fn positions(&mut self, socket: Cookie) -> io::Result<Positions> {
        let held = self.held(socket)?;
        position::positions(held.socket.as_fd(), held.origin)
    }
}

#[cfg(test)]
mod tests;
