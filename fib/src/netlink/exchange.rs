//! Messages out, answers in: many messages a system call, one acknowledgement for all of them.
//!
//! The kernel works off a datagram's messages one after the other and goes on past one that it refuses. It tells of
//! every refusal, asked or not, and of success only where it is asked: so the last message of a datagram asks, and
//! its answer, which comes last, ends the waiting. Who is refused is found by the sequence number. A datagram has no more
//! messages than the receive buffer has room for answers; if it has none all the same, the kernel says so once
//! (ENOBUFS), and then nothing is known of the datagram.

use std::io;

use super::abi;
use super::outgoing::Outgoing;
use super::parse::{self, messages};
use super::socket::{RouteSocket, is_overrun};

/// What goes out in one datagram, in octets: a batch of IPv6 routes. From some 16 messages on more save nothing, see the
/// benchmark; beyond the socket's send buffer, 208 KiB by default, the kernel takes none.
const DATAGRAM: usize = 96 * 1024;

/// What messages are called of whose refusal nobody wants to hear.
pub(crate) const NOBODY: u32 = u32::MAX;

/// Why it is not known what the kernel has done.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// Answers were lost.
    #[error("the kernel's answers were lost ({0}); what it has must be read again")]
    Lost(#[source] io::Error),
    /// The socket failed.
    #[error("the netlink socket failed: {0}")]
    Socket(#[source] io::Error),
}

/// A message that the kernel refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    /// What the sender called it.
    pub(crate) token: u32,
    pub(crate) errno: i32,
    /// What the kernel says of it.
    pub(crate) words: String,
}

/// Messages that are under way.
#[derive(Debug)]
pub(crate) struct Exchange {
    socket: RouteSocket,
    pub(crate) out: Outgoing,
    /// The sequence number of the first message that is not sent.
    first: u32,
    tokens: Vec<u32>,
    /// The most messages of a datagram.
    most: usize,
    refused: Vec<Refused>,
}

impl Exchange {
    pub(crate) fn open() -> io::Result<Exchange> {
        let socket = RouteSocket::open()?;
        let most = socket.room_for_answers()?;
        Ok(Exchange {
            socket,
            most,
            out: Outgoing::default(),
            first: 0,
            tokens: Vec::new(),
            refused: Vec::new(),
        })
    }

    pub(crate) fn port(&self) -> u32 {
        self.socket.port()
    }

    /// Says what the messages in `out` that have no token yet are called, and sends all if they are many.
    pub(crate) fn queued(&mut self, token: u32) -> Result<(), ExchangeError> {
        let written = self.out.next_sequence().wrapping_sub(self.first);
        self.tokens.resize(usize::try_from(written).unwrap_or(usize::MAX), token);
        if self.out.octets().len() >= DATAGRAM || self.tokens.len() >= self.most {
            self.flush()?;
        }
        Ok(())
    }

    /// Sends what is left and gives what the kernel refused since the last time, in the order in which it was sent.
    pub(crate) fn finish(&mut self) -> Result<Vec<Refused>, ExchangeError> {
        self.flush()?;
        Ok(std::mem::take(&mut self.refused))
    }

    fn flush(&mut self) -> Result<(), ExchangeError> {
        if self.tokens.is_empty() {
            return Ok(());
        }
        self.out.want_acknowledgement();
        let sent = self.socket.send(self.out.octets()).map_err(ExchangeError::Socket);
        let answered = sent.and_then(|()| self.hear());
        self.out.clear();
        self.tokens.clear();
        self.first = self.out.next_sequence();
        if answered.is_err() {
            self.refused.clear();
        }
        answered
    }

    /// Reads answers until the last message's.
    fn hear(&mut self) -> Result<(), ExchangeError> {
        loop {
            let octets = self.socket.receive().map_err(|error| match error.kind() {
                _ if is_overrun(&error) => ExchangeError::Lost(error),
                io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => ExchangeError::Lost(error),
                _ => ExchangeError::Socket(error),
            })?;
            for message in messages(octets).filter(|message| message.kind == abi::NLMSG_ERROR) {
                // An answer that comes after its exchange was given up has a number from before.
                let number = usize::try_from(message.sequence.wrapping_sub(self.first)).unwrap_or(usize::MAX);
                let (Some(&token), Some(answer)) = (self.tokens.get(number), parse::answer(&message)) else {
                    continue;
                };
                if answer.errno != 0 && token != NOBODY {
                    let words = answer.words.unwrap_or_default().to_owned();
                    self.refused.push(Refused { token, errno: answer.errno, words });
                }
                if number + 1 == self.tokens.len() {
                    return Ok(());
                }
            }
        }
    }
}
