//! The listening sockets: where they are, which keys they want, and what happens when descriptors run out.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use bgp_engine::value::Instant;
use ipnet::IpNet;

use super::poll::{Interest, Poll, Token};
use super::{socket, sys};

/// BGP's port (RFC 4271 §8.2.1).
pub const BGP_PORT: u16 = 179;
/// How many connections of one listener are accepted before the others' octets have their turn.
const ACCEPTS_A_TURN: usize = 32;
/// How long no connection is accepted after the descriptors ran out.
const PAUSE: Duration = Duration::from_secs(1);

/// Why the router cannot listen.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {source}{}", advice(source))]
pub struct ListenError {
    /// Where.
    pub address: SocketAddr,
    /// Why.
    pub source: io::Error,
}

fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => "; another program has this port, stop it or choose one with --listen",
        io::ErrorKind::PermissionDenied => {
            "; a port below 1024 needs CAP_NET_BIND_SERVICE, or choose one with --listen"
        }
        _ => "",
    }
}

struct Listener {
    address: SocketAddr,
    socket: OwnedFd,
}

/// All listening sockets.
pub struct Listeners {
    listeners: Vec<Listener>,
    first: Token,
    paused_until: Option<Instant>,
}

impl Listeners {
    /// Listens on each of `addresses`, or where there are none on port 179 of all addresses; then a family
    /// that the system does not have is left out. The sockets have the tokens from `first` on.
    ///
    /// # Errors
    /// Where one of them cannot be listened on.
    pub fn open(poll: &Poll, addresses: &[SocketAddr], first: Token) -> Result<Self, ListenError> {
        let everywhere = [
            SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), BGP_PORT),
            SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), BGP_PORT),
        ];
        let wanted = if addresses.is_empty() { &everywhere } else { addresses };
        let mut listeners = Vec::new();
        for address in wanted.iter().copied() {
            let token = Token(first.0 + listeners.len() as u64);
            let opened = socket::listen(address).and_then(|socket| {
                poll.add(&socket, token, Interest::IN)?;
                Ok(socket)
            });
            match opened {
                Ok(socket) => listeners.push(Listener { address, socket }),
                Err(error) if addresses.is_empty() && error.raw_os_error() == Some(libc::EAFNOSUPPORT) => {
                    tracing::warn!("not listening on {address}: {error}");
                }
                Err(source) => return Err(ListenError { address, source }),
            }
        }
        Ok(Listeners { listeners, first, paused_until: None })
    }

    /// Where each listener really is: with the port that the kernel chose where 0 was asked for.
    pub fn addresses(&self) -> impl Iterator<Item = SocketAddr> {
        self.listeners.iter().map(|listener| {
            let real = rustix::net::getsockname(&listener.socket).ok();
            real.and_then(|real| SocketAddr::try_from(real).ok()).unwrap_or(listener.address)
        })
    }

    /// Whether a readiness is about one of these.
    #[must_use]
    pub fn owns(&self, token: Token) -> bool {
        (self.first.0..self.first.0 + self.listeners.len() as u64).contains(&token.0)
    }

    /// Accepts what waits on one listener, a bounded number.
    pub fn accept(&mut self, poll: &Poll, token: Token, now: Instant) -> Vec<(OwnedFd, SocketAddr)> {
        let mut accepted = Vec::new();
        let Some(listener) = self.listeners.get((token.0 - self.first.0) as usize) else { return accepted };
        while accepted.len() < ACCEPTS_A_TURN {
            match socket::accept(&listener.socket) {
                Ok(connection) => accepted.push(connection),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if is_shortage(&error) => {
                    tracing::error!(
                        "no connection is accepted for {} s: {error}; raise the limit of open files (ulimit -n)",
                        PAUSE.as_secs()
                    );
                    self.pause(poll, now);
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
            let set = sys::set_md5_key(listener.socket.as_fd(), from, key.map(str::as_bytes));
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
    pub fn deadline(&self) -> Option<Instant> {
        self.paused_until
    }

    /// Goes on with accepting if the pause is over by `now`.
    pub fn resume(&mut self, poll: &Poll, now: Instant) {
        if self.paused_until.is_some_and(|until| until <= now) {
            self.paused_until = None;
            self.watch(poll, Interest::IN);
        }
    }

    /// Listens no more.
    pub fn close(&mut self, poll: &Poll) {
        for listener in self.listeners.drain(..) {
            poll.remove(&listener.socket);
        }
        self.paused_until = None;
    }

    fn pause(&mut self, poll: &Poll, now: Instant) {
        self.paused_until = Some(now + PAUSE);
        self.watch(poll, Interest::empty());
    }

    fn watch(&self, poll: &Poll, interest: Interest) {
        for (listener, token) in self.listeners.iter().zip(self.first.0..) {
            if let Err(error) = poll.change(&listener.socket, Token(token), interest) {
                tracing::error!("cannot watch the listener on {}: {error}", listener.address);
            }
        }
    }
}

fn is_shortage(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE | libc::ENOBUFS | libc::ENOMEM))
}

/// Reads `ADDR[:PORT]` as `--listen` takes it: `192.0.2.1`, `192.0.2.1:1179`, `2001:db8::1`,
/// `[2001:db8::1]:1179`.
///
/// # Errors
/// A text that says what was expected.
pub fn parse_listen(text: &str) -> Result<SocketAddr, String> {
    if let Ok(address) = text.parse::<SocketAddr>() {
        return Ok(address);
    }
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    bare.parse::<IpAddr>()
        .map(|address| SocketAddr::new(address, BGP_PORT))
        .map_err(|_| "expected ADDR or ADDR:PORT, an IPv6 address with a port in brackets".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listen_takes_addresses_with_and_without_port() {
        let parsed = |text| parse_listen(text).unwrap().to_string();
        assert_eq!(parsed("192.0.2.1"), "192.0.2.1:179");
        assert_eq!(parsed("192.0.2.1:1179"), "192.0.2.1:1179");
        assert_eq!(parsed("2001:db8::1"), "[2001:db8::1]:179");
        assert_eq!(parsed("[2001:db8::1]"), "[2001:db8::1]:179");
        assert_eq!(parsed("[2001:db8::1]:1179"), "[2001:db8::1]:1179");
        assert!(parse_listen("localhost").is_err());
        assert!(parse_listen("192.0.2.1:99999").is_err());
    }
}
