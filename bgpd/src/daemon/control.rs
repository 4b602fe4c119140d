//! The control socket: operators' requests come in as lines, answers go out bit by bit.
//!
//! An answer is made in slices between the engine's steps, and no slice is made while the client has not taken
//! what was made before: a slow reader costs one buffer, and the engine nothing. What a request means is the
//! [`Console`]'s business; here are only lines, octets and turns.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use bgp_engine::input::Input;

use super::machine::Machine;
use super::poll::{Interest, Poll, Token};
use super::stepper::{Stepper, Work};

/// No slice is made while so much waits for the client.
const WAITING_OCTETS: usize = 64 * 1024;
/// A request is a line of at most this; what comes behind it may wait in the same buffer.
const REQUEST_OCTETS: usize = 2 * crate::shell::protocol::MAX_REQUEST;
/// How many clients there may be.
const CLIENTS: usize = 64;
const MODE: u32 = 0o660;

/// Understands requests.
pub trait Console<M> {
    /// Takes a request: a line without its end. What it changes is in the reply's inputs, which are stepped
    /// before its answer is made.
    fn ask(&mut self, machine: &M, request: &[u8]) -> Reply<M>;

    /// Reads the configuration file again.
    ///
    /// # Errors
    /// What is wrong with it, one line each; then nothing changes.
    fn reload(&mut self) -> Result<Option<Input<'static>>, Vec<String>>;
}

/// What comes of a request.
pub struct Reply<M> {
    /// To be stepped, in order.
    pub inputs: Vec<Input<'static>>,
    /// What the client gets.
    pub answer: Box<dyn Answer<M>>,
}

/// An answer in the making.
pub trait Answer<M> {
    /// Puts the next slice at the end of `to`: some KiB, and never more than a step of the engine may take.
    fn go_on(&mut self, machine: &M, to: &mut Vec<u8>) -> Work;
}

struct Client<M> {
    stream: UnixStream,
    received: Vec<u8>,
    answer: Option<Box<dyn Answer<M>>>,
    to_send: Vec<u8>,
    watched: Interest,
    /// The client will ask nothing more.
    asked_all: bool,
}

/// The control socket and its clients.
pub struct Control<M> {
    listener: UnixListener,
    path: PathBuf,
    first: Token,
    clients: BTreeMap<u64, Client<M>>,
    next: u64,
}

impl<M: Machine> Control<M> {
    /// Listens at `path`, in the place of what was there. Tokens from `first` on are its own.
    ///
    /// # Errors
    /// The kernel's.
    pub fn open(poll: &Poll, path: &Path, first: Token) -> io::Result<Self> {
        // Under another name until the mode is right, so that nobody sees it otherwise.
        let early = path.with_extension("new");
        match std::fs::remove_file(&early) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(&early)?;
        std::fs::set_permissions(&early, std::fs::Permissions::from_mode(MODE))?;
        listener.set_nonblocking(true)?;
        poll.add(&listener, first, Interest::IN)?;
        std::fs::rename(&early, path)?;
        let next = first.0 + 1;
        Ok(Control { listener, path: path.to_owned(), first, clients: BTreeMap::new(), next })
    }

    /// Whether a readiness is about this socket or a client. Nothing else has tokens above.
    #[must_use]
    pub fn owns(&self, token: Token) -> bool {
        token >= self.first
    }

    /// Takes a readiness.
    pub fn ready(&mut self, poll: &Poll, token: Token, interest: Interest) {
        if token == self.first {
            self.accept(poll);
            return;
        }
        let Some(client) = self.clients.get_mut(&token.0) else { return };
        let gone = interest.intersects(Interest::ERR | Interest::HUP);
        if gone || (interest.contains(Interest::IN) && client.read().is_err()) {
            self.remove(poll, token.0);
        }
    }

    /// Makes and sends a slice of each answer that its client is ready for, and takes new requests.
    pub fn go_on(&mut self, stepper: &mut Stepper<M>, console: &mut impl Console<M>) {
        let mut done = Vec::new();
        for (number, client) in &mut self.clients {
            let went = client.go_on(stepper, console);
            let poll = &stepper.outside.poll;
            if went.and_then(|()| client.watch(poll, Token(*number))).is_err() || client.is_over() {
                done.push(*number);
            }
        }
        for number in done {
            self.remove(&stepper.outside.poll, number);
        }
    }

    /// Whether a slice can be made at once.
    #[must_use]
    pub fn work(&self) -> Work {
        let ready = self.clients.values().any(|client| client.to_send.is_empty() && client.has_work());
        if ready { Work::Left } else { Work::Done }
    }

    /// Takes the socket's name away.
    pub fn close(&self) {
        // Where it is gone already, somebody else took it away.
        let _ = std::fs::remove_file(&self.path);
    }

    fn accept(&mut self, poll: &Poll) {
        let Ok((stream, _)) = self.listener.accept() else { return };
        if self.clients.len() >= CLIENTS {
            tracing::warn!("a client of the control socket was turned away: there are {CLIENTS} already");
            return;
        }
        let watched = Interest::IN;
        let ready = stream.set_nonblocking(true);
        if ready.and_then(|()| poll.add(&stream, Token(self.next), watched)).is_err() {
            return;
        }
        let (received, to_send) = (Vec::new(), Vec::new());
        let client = Client { stream, received, answer: None, to_send, watched, asked_all: false };
        self.clients.insert(self.next, client);
        self.next += 1;
    }

    fn remove(&mut self, poll: &Poll, number: u64) {
        if let Some(client) = self.clients.remove(&number) {
            poll.remove(&client.stream);
        }
    }
}

impl<M: Machine> Client<M> {
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

    fn go_on(&mut self, stepper: &mut Stepper<M>, console: &mut impl Console<M>) -> io::Result<()> {
        if self.answer.is_none()
            && self.to_send.is_empty()
            && let Some(end) = self.received.iter().position(|octet| *octet == b'\n')
        {
            let reply = console.ask(stepper.machine(), &self.received[..end]);
            self.received.drain(..=end);
            for input in reply.inputs {
                stepper.take(input);
            }
            self.answer = Some(reply.answer);
        }
        if let Some(answer) = &mut self.answer
            && self.to_send.len() < WAITING_OCTETS
            && answer.go_on(stepper.machine(), &mut self.to_send) == Work::Done
        {
            self.answer = None;
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
    fn watch(&mut self, poll: &Poll, token: Token) -> io::Result<()> {
        let mut wanted = Interest::empty();
        if !self.to_send.is_empty() {
            wanted |= Interest::OUT;
        }
        if self.answer.is_none() && !self.asked_all {
            wanted |= Interest::IN;
        }
        if wanted != self.watched {
            poll.change(&self.stream, token, wanted)?;
            self.watched = wanted;
        }
        Ok(())
    }

    fn has_work(&self) -> bool {
        self.answer.is_some() || self.received.contains(&b'\n')
    }

    fn is_over(&self) -> bool {
        self.asked_all && !self.has_work() && self.to_send.is_empty()
    }
}
