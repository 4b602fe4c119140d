//! The control socket: operators' requests come in as lines, answers go out bit by bit.
//!
//! An answer is made in slices between the engine's steps, and no slice is made while the client has not taken
//! what was made before: a slow reader costs one buffer, and the engine nothing. What a request means is the
//! [`Console`]'s business; here are only lines, octets and turns.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

use ftcore::sys::poll::{Interest, Token};
use rustix::event::epoll::{self, EventData};

use ftcore::core::kernel::Readiness;
use ftcore::core::primary::Work;

/// No slice is made while so much waits for the client.
const WAITING_OCTETS: usize = 64 * 1024;
/// A request is a line of at most this; what comes behind it may wait in the same buffer.
const REQUEST_OCTETS: usize = 2 * crate::shell::protocol::MAX_REQUEST;
/// How many clients there may be.
const CLIENTS: usize = 64;
const MODE: u32 = 0o660;

/// Understands requests.
pub trait Console<M> {
    /// Takes a request: a line without its end. Its input, if it has one, is stepped before its answer is made.
    fn ask(&mut self, machine: &M, request: &[u8], peer: Peer) -> Reply<M>;
}

/// Who is at the other end, as the kernel says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Peer {
    /// The user's number.
    pub uid: Option<u32>,
    /// The process; 0 where it is none that this machine sees.
    pub pid: u32,
}

impl Peer {
    fn of(stream: &UnixStream) -> Peer {
        // It fails for no connected socket of this kind; who is not known is nobody.
        let Ok(found) = rustix::net::sockopt::socket_peercred(stream) else { return Peer::default() };
        let pid = u32::try_from(found.pid.as_raw_pid()).unwrap_or_default();
        Peer { uid: Some(found.uid.as_raw()), pid }
    }
}

/// What comes of a request.
pub struct Reply<M> {
    /// What it puts into the log, as the octets of the machine's own input.
    pub input: Option<Vec<u8>>,
    /// What the client gets.
    pub answer: Box<dyn Answer<M>>,
}

/// An answer in the making.
pub trait Answer<M> {
    /// Puts the next slice at the end of `to`: some KiB, and never more than a step of the engine may take.
    fn go_on(&mut self, machine: &M, to: &mut Vec<u8>) -> Making;

    /// Whether an answer that waits can be gone on with though no event of the loop has said so.
    fn has_news(&self) -> bool {
        false
    }
}

/// How far an answer has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Making {
    /// There is more, which can be made at once.
    More,
    /// There is more, when something has happened that is an event of the loop.
    Waits,
    /// All is made.
    Whole,
}

/// A machine that takes what is in a reply.
pub trait Steps<M> {
    /// The machine, to read from.
    fn machine(&self) -> &M;

    /// Steps it with an input of its own.
    fn take_own(&mut self, octets: &[u8]);
}

struct Client<M> {
    stream: UnixStream,
    peer: Peer,
    received: Vec<u8>,
    answer: Option<Box<dyn Answer<M>>>,
    /// The answer cannot be gone on with for now.
    waits: bool,
    to_send: Vec<u8>,
    watched: Interest,
    /// The client will ask nothing more.
    asked_all: bool,
}

/// The control socket and its clients.
pub struct Control<M> {
    /// The loop's epoll instance, by a descriptor of this one's own.
    epoll: OwnedFd,
    listener: UnixListener,
    first: Token,
    clients: BTreeMap<u64, Client<M>>,
    next: u64,
}

/// A socket that listens at `path`, in the place of what was there.
///
/// # Errors
/// The kernel's.
pub fn listen(path: &Path) -> io::Result<OwnedFd> {
    // Under another name until the mode is right, so that nobody sees it otherwise.
    let early = path.with_extension("new");
    match std::fs::remove_file(&early) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&early)?;
    std::fs::set_permissions(&early, std::fs::Permissions::from_mode(MODE))?;
    std::fs::rename(&early, path)?;
    Ok(listener.into())
}

impl<M> Control<M> {
    /// Answers whoever comes to `listener`, which is ready by `epoll` under tokens from `first` on.
    ///
    /// # Errors
    /// The kernel's.
    pub fn new(epoll: OwnedFd, listener: OwnedFd, first: Token) -> io::Result<Self> {
        let listener = UnixListener::from(listener);
        listener.set_nonblocking(true)?;
        epoll::add(&epoll, &listener, EventData::new_u64(first.0), Interest::IN)?;
        Ok(Control { epoll, listener, first, clients: BTreeMap::new(), next: first.0 + 1 })
    }

    /// Whether a readiness is about this socket or a client.
    #[must_use]
    pub fn owns(&self, token: Token) -> bool {
        (self.first.0..self.next).contains(&token.0)
    }

    /// Takes a readiness.
    pub fn ready(&mut self, token: Token, readiness: Readiness) {
        if token == self.first {
            self.accept();
            return;
        }
        let Some(client) = self.clients.get_mut(&token.0) else { return };
        if readiness.over || (readiness.read && client.read().is_err()) {
            self.remove(token.0);
        }
    }

    /// Makes and sends a slice of each answer that its client is ready for, and takes new requests.
    pub fn go_on(&mut self, stepper: &mut impl Steps<M>, console: &mut impl Console<M>) {
        let mut done = Vec::new();
        for (number, client) in &mut self.clients {
            let went = client.go_on(stepper, console);
            if went.and_then(|()| client.watch(&self.epoll, Token(*number))).is_err() || client.is_over() {
                done.push(*number);
            }
        }
        for number in done {
            self.remove(number);
        }
    }

    /// Whether a slice can be made at once.
    #[must_use]
    pub fn work(&self) -> Work {
        let ready = |client: &Client<M>| {
            client.to_send.is_empty() && client.has_work() && (!client.waits || client.has_news())
        };
        let ready = self.clients.values().any(ready);
        if ready { Work::Left } else { Work::Done }
    }

    /// Whether anybody is there.
    #[must_use]
    pub fn has_clients(&self) -> bool {
        !self.clients.is_empty()
    }

    fn watch(&self, stream: &UnixStream, interest: Interest) -> io::Result<()> {
        Ok(epoll::add(&self.epoll, stream, EventData::new_u64(self.next), interest)?)
    }

    fn accept(&mut self) {
        let Ok((stream, _)) = self.listener.accept() else { return };
        if self.clients.len() >= CLIENTS {
            tracing::warn!("a client of the control socket was turned away: there are {CLIENTS} already");
            return;
        }
        let watched = Interest::IN;
        let ready = stream.set_nonblocking(true);
        if ready.and_then(|()| self.watch(&stream, watched)).is_err() {
            return;
        }
        let (received, to_send) = (Vec::new(), Vec::new());
        let peer = Peer::of(&stream);
        let client =
            Client { stream, peer, received, answer: None, waits: false, to_send, watched, asked_all: false };
        self.clients.insert(self.next, client);
        self.next += 1;
    }

    fn remove(&mut self, number: u64) {
        if let Some(client) = self.clients.remove(&number) {
            // It fails only for what is not registered, and that is what is wanted.
            let _ = epoll::delete(&self.epoll, &client.stream);
        }
    }
}

impl<M> Client<M> {
    fn read(&mut self) -> io::Result<()> {
        let mut buffer = [0; 4096];
        match self.stream.read(&mut buffer) {
            Ok(0) => self.asked_all = true,
            Ok(count) => self.received.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        if self.received.len() > REQUEST_OCTETS { Err(io::ErrorKind::InvalidData.into()) } else { Ok(()) }
    }

    fn go_on(&mut self, stepper: &mut impl Steps<M>, console: &mut impl Console<M>) -> io::Result<()> {
        if self.answer.is_none()
            && self.to_send.is_empty()
            && let Some(end) = self.received.iter().position(|octet| *octet == b'\n')
        {
            let reply = console.ask(stepper.machine(), &self.received[..end], self.peer);
            self.received.drain(..=end);
            if let Some(octets) = reply.input {
                stepper.take_own(&octets);
            }
            self.answer = Some(reply.answer);
        }
        if let Some(answer) = &mut self.answer
            && self.to_send.len() < WAITING_OCTETS
        {
            let making = answer.go_on(stepper.machine(), &mut self.to_send);
            self.waits = making == Making::Waits;
            if making == Making::Whole {
                self.answer = None;
            }
        }
        self.send()
    }

    fn send(&mut self) -> io::Result<()> {
        if self.to_send.is_empty() {
            return Ok(());
        }
        match self.stream.write(&self.to_send) {
            Ok(count) => {
                self.to_send.drain(..count);
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        if self.to_send.is_empty() && self.to_send.capacity() > WAITING_OCTETS {
            self.to_send = Vec::new();
        }
        Ok(())
    }

    /// Asks for readiness to write where something waits, and to read where a request may come.
    fn watch(&mut self, epoll: &OwnedFd, token: Token) -> io::Result<()> {
        let mut wanted = Interest::empty();
        if !self.to_send.is_empty() {
            wanted |= Interest::OUT;
        }
        if self.answer.is_none() && !self.asked_all {
            wanted |= Interest::IN;
        }
        if wanted != self.watched {
            epoll::modify(epoll, &self.stream, EventData::new_u64(token.0), wanted)?;
            self.watched = wanted;
        }
        Ok(())
    }

    fn has_work(&self) -> bool {
        self.answer.is_some() || self.received.contains(&b'\n')
    }

    fn has_news(&self) -> bool {
        self.answer.as_ref().is_some_and(|answer| answer.has_news())
    }

    fn is_over(&self) -> bool {
        self.asked_all && !self.has_work() && self.to_send.is_empty()
    }
}
