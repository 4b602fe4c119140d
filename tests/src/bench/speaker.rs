//! One BGP session of the harness: the handshake, what waits to be sent, what was received and not yet cut.
//!
//! A speaker dials (the router under test is passive), offers its hold time, and keeps it: KEEPALIVEs go out in thirds
//! of it whenever no UPDATE does. It never checks the router's keepalives against the hold time, but writes down the
//! longest silence, so that a router that is late shows up as a number and not as a broken run.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use socket2::{Domain, Socket, Type};

use super::encode::{self, HEADER, Identity, kind};

/// The most that one read takes, so that no session waits long behind another.
const READ_SIZE: usize = 64 * 1024;
/// The most that one write offers.
const WRITE_SIZE: usize = 256 * 1024;

/// Why a session ended.
#[derive(Debug, thiserror::Error)]
pub enum SpeakerError {
    /// The router said why.
    #[error("{peer}: the router sent NOTIFICATION {code}/{subcode}")]
    Notification {
        /// The harness' address.
        peer: IpAddr,
        /// RFC 4271 §4.5.
        code: u8,
        /// RFC 4271 §4.5.
        subcode: u8,
    },
    /// The router did not say why.
    #[error("{peer}: the router closed the connection")]
    Closed {
        /// The harness' address.
        peer: IpAddr,
    },
    /// The bytes are no BGP message.
    #[error("{peer}: no BGP message: length {length}, type {kind}")]
    Garbage {
        /// The harness' address.
        peer: IpAddr,
        /// The header's length.
        length: usize,
        /// The header's type.
        kind: u8,
    },
    /// The socket failed.
    #[error("{peer}: {error}")]
    Socket {
        /// The harness' address.
        peer: IpAddr,
        /// What the kernel said.
        error: std::io::Error,
    },
    /// No session before the deadline.
    #[error("{peer}: no session with the router in time, last: {last}")]
    NotEstablished {
        /// The harness' address.
        peer: IpAddr,
        /// How the last attempt ended.
        last: String,
    },
}

/// What a session does with the UPDATEs that it receives.
pub trait Sink {
    /// The body of an UPDATE, and when its last octet had been read.
    fn update(&mut self, body: &[u8], at: Instant);
}

/// An established session.
#[derive(Debug)]
pub struct Session<S> {
    pub(super) stream: TcpStream,
    identity: Identity,
    inbox: Vec<u8>,
    outbox: VecDeque<(Arc<Vec<u8>>, usize)>,
    /// What receives the UPDATEs.
    pub sink: S,
    heard: Instant,
    longest_silence: Duration,
    spoken: Instant,
    closed: bool,
    /// Whether octets from the router stay in the socket.
    pub(super) deaf: bool,
}

impl<S: Sink> Session<S> {
    /// Dials until a session is established, or until `deadline`.
    pub fn dial(
        identity: Identity,
        router: IpAddr,
        sink: S,
        deadline: Instant,
    ) -> Result<Self, SpeakerError> {
        let peer = identity.address;
        let mut last = String::from("not tried");
        while Instant::now() < deadline {
            match attempt(&identity, router) {
                Ok((stream, inbox)) => {
                    stream.set_nonblocking(true).map_err(|error| SpeakerError::Socket { peer, error })?;
                    let now = Instant::now();
                    return Ok(Self {
                        stream,
                        identity,
                        inbox,
                        outbox: VecDeque::new(),
                        sink,
                        heard: now,
                        longest_silence: Duration::ZERO,
                        spoken: now,
                        closed: false,
                        deaf: false,
                    });
                }
                Err(error) => last = error.to_string(),
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Err(SpeakerError::NotEstablished { peer, last })
    }

    /// Puts whole messages behind what already waits to be sent.
    pub fn queue(&mut self, messages: Arc<Vec<u8>>) {
        self.outbox.push_back((messages, 0));
    }

    /// Whether something waits to be sent.
    pub fn has_output(&self) -> bool {
        !self.outbox.is_empty()
    }

    /// Whether the harness has ended it.
    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }

    /// The longest time without an octet from the router, up to now.
    pub fn longest_silence(&self, now: Instant) -> Duration {
        self.longest_silence.max(now - self.heard)
    }

    /// Says Cease/Administrative Shutdown (RFC 4486) and closes the connection.
    pub(super) fn close(&mut self) {
        let _ = self.stream.write_all(&encode::message(kind::NOTIFICATION, &[6, 2]));
        let _ = self.stream.shutdown(std::net::Shutdown::Both);
        self.outbox.clear();
        self.closed = true;
    }

    /// Starts measuring silence anew.
    pub fn forget_silence(&mut self, now: Instant) {
        self.heard = now;
        self.longest_silence = Duration::ZERO;
    }

    /// Queues a KEEPALIVE if a third of the hold time has gone by without anything sent.
    pub(super) fn keep_alive(&mut self, now: Instant) {
        let third = Duration::from_secs(u64::from(self.identity.hold_time_s)) / 3;
        if self.outbox.is_empty() && now - self.spoken >= third {
            self.queue(Arc::new(encode::message(kind::KEEPALIVE, &[])));
        }
    }

    /// Writes what the socket takes now, at most one portion.
    pub(super) fn write_ready(&mut self) -> Result<(), SpeakerError> {
        let Some((messages, sent)) = self.outbox.front_mut() else { return Ok(()) };
        let end = messages.len().min(*sent + WRITE_SIZE);
        match self.stream.write(&messages[*sent..end]) {
            Ok(written) => {
                *sent += written;
                if *sent == messages.len() {
                    self.outbox.pop_front();
                }
                self.spoken = Instant::now();
                Ok(())
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(()),
            Err(error) => Err(SpeakerError::Socket { peer: self.identity.address, error }),
        }
    }

    /// Reads once and hands on every UPDATE that is complete.
    pub(super) fn read_ready(&mut self) -> Result<(), SpeakerError> {
        let peer = self.identity.address;
        let held = self.inbox.len();
        self.inbox.resize(held + READ_SIZE, 0);
        let read = self.stream.read(&mut self.inbox[held..]);
        let at = Instant::now();
        match read {
            Ok(0) => return Err(SpeakerError::Closed { peer }),
            Ok(count) => self.inbox.truncate(held + count),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.inbox.truncate(held);
                return Ok(());
            }
            Err(error) => return Err(SpeakerError::Socket { peer, error }),
        }
        self.longest_silence = self.longest_silence.max(at - self.heard);
        self.heard = at;
        self.cut(at)
    }

    /// Hands on the messages that are complete and keeps the rest.
    pub(super) fn cut(&mut self, at: Instant) -> Result<(), SpeakerError> {
        let mut start = 0;
        while let Some((kind, length)) = whole_message(&self.inbox[start..], self.identity.address)? {
            let body = &self.inbox[start + HEADER..start + length];
            match kind {
                kind::UPDATE => self.sink.update(body, at),
                // Asked for its routes again (RFC 2918) a speaker has nothing else to say than what it said.
                kind::KEEPALIVE | kind::ROUTE_REFRESH => {}
                _ => return Err(unexpected(self.identity.address, kind, body)),
            }
            start += length;
        }
        self.inbox.drain(..start);
        Ok(())
    }
}

/// The type and length of the message at the start of `bytes`, once it is there as a whole.
fn whole_message(bytes: &[u8], peer: IpAddr) -> Result<Option<(u8, usize)>, SpeakerError> {
    let Some(header) = bytes.first_chunk::<HEADER>() else { return Ok(None) };
    let length = usize::from(u16::from_be_bytes([header[16], header[17]]));
    let kind = header[18];
    if length < HEADER || header[..16] != [0xff; 16] {
        return Err(SpeakerError::Garbage { peer, length, kind });
    }
    Ok((bytes.len() >= length).then_some((kind, length)))
}

/// The error for a message that has no place in an established session.
fn unexpected(peer: IpAddr, kind: u8, body: &[u8]) -> SpeakerError {
    match *body {
        [code, subcode, ..] if kind == kind::NOTIFICATION => {
            SpeakerError::Notification { peer, code, subcode }
        }
        _ => SpeakerError::Garbage { peer, length: body.len() + HEADER, kind },
    }
}

/// One attempt: connect, OPEN, KEEPALIVE. Gives the connection and what was read past the router's KEEPALIVE.
fn attempt(identity: &Identity, router: IpAddr) -> Result<(TcpStream, Vec<u8>), SpeakerError> {
    let peer = identity.address;
    let failed = |error| SpeakerError::Socket { peer, error };
    let mut stream = connect(identity.address, router).map_err(failed)?;
    stream.write_all(&encode::open(identity)).map_err(failed)?;
    let mut inbox = Vec::new();
    let mut answered = false;
    loop {
        while let Some((kind, length)) = whole_message(&inbox, peer)? {
            match kind {
                kind::OPEN if !answered => {
                    stream.write_all(&encode::message(kind::KEEPALIVE, &[])).map_err(failed)?;
                    answered = true;
                }
                kind::KEEPALIVE if answered => {
                    inbox.drain(..length);
                    return Ok((stream, inbox));
                }
                _ => return Err(unexpected(peer, kind, &inbox[HEADER..length])),
            }
            inbox.drain(..length);
        }
        let mut chunk = [0; 4096];
        match stream.read(&mut chunk).map_err(failed)? {
            0 => return Err(SpeakerError::Closed { peer }),
            count => inbox.extend_from_slice(&chunk[..count]),
        }
    }
}

/// A connection from `local` to the router's port 179, with time limits for the handshake.
fn connect(local: IpAddr, router: IpAddr) -> std::io::Result<TcpStream> {
    let limit = Duration::from_secs(5);
    let local = SocketAddr::new(local, 0);
    let socket = Socket::new(Domain::for_address(local), Type::STREAM, None)?;
    socket.bind(&local.into())?;
    socket.connect_timeout(&SocketAddr::new(router, 179).into(), limit)?;
    socket.set_tcp_nodelay(true)?;
    socket.set_read_timeout(Some(limit))?;
    Ok(socket.into())
}
