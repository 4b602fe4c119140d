//! Links and their addresses, as the kernel has them, and every change of them.
//!
//! [`Watch::open`] gives the links that exist now; after that [`Watch::next`] gives changes, one at a time,
//! without end. The picture is always whole: where the kernel had to drop messages (ENOBUFS), everything is
//! read again and the difference is what comes out. Only the messages that a router needs are asked for.
//! Here lives the socket; what the messages mean is in `links`, which is pure.

mod links;
pub mod own;
mod routes;

use std::collections::VecDeque;
use std::io;

use futures_util::TryStreamExt;
use netlink_packet_core::{NetlinkMessage, NetlinkPayload};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::link::{LinkAttribute, LinkExtentMask};
use netlink_sys::protocols::NETLINK_ROUTE;
use netlink_sys::{AsyncSocket, AsyncSocketExt, SocketAddr, TokioSocket};

use links::Links;
pub use links::{Change, Link};
pub use routes::{OtherRoute, RouteChange, RouteWatch, RouteWay};

/// Multicast groups as `bind` takes them: links, IPv4 addresses, IPv6 addresses (RTMGRP_* of rtnetlink(7)).
const GROUPS: u32 = 0x1 | 0x10 | 0x100;
/// Room for what the kernel sends while the router is busy; a burst beyond it costs a new dump, nothing else.
const SOCKET_BUFFER: usize = 1 << 20;
const ENOBUFS: i32 = 105;

/// Why the kernel's links cannot be seen.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// No netlink socket.
    #[error(
        "cannot open a netlink socket: {0}; the router needs NETLINK_ROUTE to see its interfaces \
         (a seccomp filter or RestrictAddressFamilies= without AF_NETLINK forbids it)"
    )]
    Open(#[source] io::Error),
    /// The dump was refused.
    #[error("the kernel refused to list its {what}: {source}; the router needs this to see its interfaces")]
    Dump {
        /// Links or addresses.
        what: &'static str,
        /// What the kernel or the library said.
        source: rtnetlink::Error,
    },
    /// The dump of routes was refused.
    #[error("the kernel refused to list its routes: {0}; the router needs this to find its next hops")]
    DumpRoutes(#[source] io::Error),
    /// The socket failed later.
    #[error("the netlink socket failed: {0}; interfaces cannot be followed any more, restart the router")]
    Receive(#[source] io::Error),
}

/// A view of the kernel's links that stays true.
pub struct Watch {
    events: TokioSocket,
    handle: rtnetlink::Handle,
    requests: tokio::task::JoinHandle<()>,
    links: Links,
    waiting: VecDeque<Change>,
    buffer: Vec<u8>,
}

impl Watch {
    /// Opens the sockets and reads all links. The first [`Change`]s that [`Watch::next`] gives are these
    /// links; [`Watch::waiting`] says how many. Must be called in a tokio runtime with I/O.
    ///
    /// # Errors
    /// Where the kernel gives no netlink socket or refuses the dump.
    pub async fn open() -> Result<Watch, WatchError> {
        // The subscription comes before the dump, so that no change falls between them.
        let mut events = TokioSocket::new(NETLINK_ROUTE).map_err(WatchError::Open)?;
        events.socket_mut().bind(&SocketAddr::new(0, GROUPS)).map_err(WatchError::Open)?;
        events.socket_mut().set_rx_buf_sz(SOCKET_BUFFER).map_err(WatchError::Open)?;
        let (connection, handle, _unasked) = rtnetlink::new_connection().map_err(WatchError::Open)?;
        let requests = tokio::spawn(connection);
        let mut watch = Watch {
            events,
            handle,
            requests,
            links: Links::default(),
            waiting: VecDeque::new(),
            buffer: Vec::new(),
        };
        watch.read_all().await?;
        Ok(watch)
    }

    /// How many changes [`Watch::next`] gives without waiting.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// The next change. Safe to drop at any time: nothing is lost.
    ///
    /// # Errors
    /// Where the socket fails for good.
    pub async fn next(&mut self) -> Result<Change, WatchError> {
        loop {
            if let Some(change) = self.waiting.pop_front() {
                return Ok(change);
            }
            if !self.links.trusted() {
                self.read_all().await?;
                continue;
            }
            self.buffer.clear();
            self.buffer.reserve(1 << 16);
            match self.events.recv(&mut self.buffer).await {
                Ok(()) => self.take_datagram(),
                Err(error) if error.raw_os_error() == Some(ENOBUFS) => self.links.forget_trust(),
                Err(error) => return Err(WatchError::Receive(error)),
            }
        }
    }

    fn take_datagram(&mut self) {
        let mut rest = self.buffer.as_slice();
        while let Ok(message) = NetlinkMessage::<RouteNetlinkMessage>::deserialize(rest) {
            let length = usize::try_from(message.header.length).unwrap_or(rest.len()).max(16);
            match message.payload {
                NetlinkPayload::InnerMessage(inner) => self.waiting.extend(self.links.apply(&inner)),
                NetlinkPayload::Overrun(_) => self.links.forget_trust(),
                _ => {}
            }
            // Messages are aligned to four octets (NLMSG_ALIGN).
            rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
        }
    }

    /// Reads everything and lets the difference wait.
    async fn read_all(&mut self) -> Result<(), WatchError> {
        let failed = |what| move |source| WatchError::Dump { what, source };
        let mut fresh = Links::default();
        // No statistics: they are most of a link's message.
        let mut request = self.handle.link().get();
        request.message_mut().attributes.push(LinkAttribute::ExtMask(vec![LinkExtentMask::SkipStats]));
        let mut links = request.execute();
        while let Some(link) = links.try_next().await.map_err(failed("links"))? {
            fresh.note(&RouteNetlinkMessage::NewLink(link));
        }
        let mut addresses = self.handle.address().get().execute();
        while let Some(address) = addresses.try_next().await.map_err(failed("addresses"))? {
            fresh.note(&RouteNetlinkMessage::NewAddress(address));
        }
        self.waiting.extend(self.links.replace(fresh));
        Ok(())
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.requests.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_loopback_interface_is_among_the_first() {
        let mut watch = Watch::open().await.unwrap();
        let mut names = Vec::new();
        for _ in 0..watch.waiting() {
            if let Change::Link(link) = watch.next().await.unwrap() {
                names.push(link.name);
            }
        }
        assert!(names.iter().any(|name| name == "lo"), "{names:?}");
    }
}
