//! The listening sockets: where they are, which keys they want, and what happens when descriptors run out.

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use ipnet::IpNet;

use super::poll::{Interest, Poll, Token};
use super::{option, socket};
use crate::core::input::{ListenerId, Time};
use crate::core::kernel::Accepted;

/// How many connections of one listener are accepted before the others' octets have their turn.
const ACCEPTS_A_TURN: usize = 32;
/// How long no connection is accepted after the descriptors ran out.
const PAUSE_US: u64 = 1_000_000;

#[derive(Debug)]
struct Listener {
    address: SocketAddr,
    socket: OwnedFd,
    token: Option<Token>,
}

/// All listening sockets, in the order in which the program opened them.
#[derive(Debug, Default)]
pub struct Listeners {
    listeners: Vec<Listener>,
    paused_until: Option<Time>,
}

impl Listeners {
    /// Opens one more.
    ///
    /// # Errors
    /// The kernel's.
    pub fn open(&mut self, address: SocketAddr) -> io::Result<ListenerId> {
        self.hold(socket::listen(address)?)
    }

    /// Takes one more that another process opened.
    ///
    /// # Errors
    /// Where it is no listening socket.
    pub fn hold(&mut self, socket: OwnedFd) -> io::Result<ListenerId> {
        if !rustix::net::sockopt::socket_acceptconn(&socket)? {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let address = socket::local(&socket)?;
        let id = u32::try_from(self.listeners.len()).map_err(|_| io::ErrorKind::OutOfMemory)?;
        self.listeners.push(Listener { address, socket, token: None });
        Ok(ListenerId(id))
    }

    /// Watches every one of them; the tokens are `token` of their names.
    ///
    /// # Errors
    /// The kernel's.
    pub fn register(&mut self, poll: &Poll, token: impl Fn(ListenerId) -> Token) -> io::Result<()> {
        for (listener, id) in self.listeners.iter_mut().zip(0..) {
            if listener.token.is_none() {
                let token = token(ListenerId(id));
                poll.add(&listener.socket, token, Interest::IN)?;
                listener.token = Some(token);
            }
        }
        Ok(())
    }

    /// Watches them no more.
    pub fn deregister(&mut self, poll: &Poll) {
        for listener in &mut self.listeners {
            if listener.token.take().is_some() {
                poll.remove(&listener.socket);
            }
        }
        self.paused_until = None;
    }

    /// Each with where it really is: with the port that the kernel chose where 0 was asked for.
    pub fn iter(&self) -> impl Iterator<Item = (ListenerId, SocketAddr, BorrowedFd<'_>)> {
        let ids = (0..).map(ListenerId);
        ids.zip(&self.listeners).map(|(id, listener)| (id, listener.address, listener.socket.as_fd()))
    }

    /// Accepts what waits on one listener, a bounded number.
    pub fn accept(&mut self, poll: &Poll, id: ListenerId, now: Time) -> Vec<(OwnedFd, Accepted)> {
        let mut accepted = Vec::new();
        let Some(listener) = self.listeners.get(id.0 as usize) else { return accepted };
        while accepted.len() < ACCEPTS_A_TURN {
            let next = socket::accept(&listener.socket).and_then(|(socket, remote)| {
                let accepted = Accepted {
                    socket: socket::cookie(&socket)?,
                    listener: id,
                    local: socket::local(&socket)?,
                    remote,
                };
                Ok((socket, accepted))
            });
            match next {
                Ok(next) => accepted.push(next),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if is_shortage(&error) => {
                    tracing::error!(
                        "no connection is accepted for {} s: {error}; raise the limit of open files (ulimit -n)",
                        PAUSE_US / 1_000_000
                    );
                    self.paused_until = Some(Time(now.0 + PAUSE_US));
                    self.watch(poll, Interest::empty());
                    break;
                }
                // One connection was gone before it was taken; the next may be well.
                Err(error) => {
                    tracing::debug!("a connection was gone before it was accepted: {error}");
                    break;
                }
            }
        }
        accepted
    }

    /// Sets or removes a key on every listener of the address's family.
    ///
    /// # Errors
    /// The kernel's.
    pub fn set_key(&self, from: IpNet, key: Option<&str>) -> io::Result<()> {
        let same_family = |listener: &&Listener| listener.address.is_ipv4() == matches!(from, IpNet::V4(_));
        for listener in self.listeners.iter().filter(same_family) {
            let set = option::set_md5_key(listener.socket.as_fd(), from, key.map(str::as_bytes));
            match set {
                // Nothing to remove is what was wanted.
                Err(error) if key.is_none() && error.kind() == io::ErrorKind::NotFound => {}
                other => other?,
            }
        }
        Ok(())
    }

    /// When accepting goes on after a shortage.
    #[must_use]
    pub fn deadline(&self) -> Option<Time> {
        self.paused_until
    }

    /// Goes on with accepting if the pause is over by `now`.
    pub fn resume(&mut self, poll: &Poll, now: Time) {
        if self.paused_until.is_some_and(|until| until <= now) {
            self.paused_until = None;
            self.watch(poll, Interest::IN);
        }
    }

    fn watch(&self, poll: &Poll, interest: Interest) {
        for listener in &self.listeners {
            let Some(token) = listener.token else { continue };
            if let Err(error) = poll.change(&listener.socket, token, interest) {
                tracing::error!("cannot watch the listener on {}: {error}", listener.address);
            }
        }
    }
}

pub(crate) fn is_shortage(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE | libc::ENOBUFS | libc::ENOMEM))
}
