//! The kernel's routes that are not ours, and every change of them.
//!
//! [`RouteWatch::open`] takes what is known already (after a takeover: from the log); [`RouteWatch::next`] gives what is
//! different from that, and after it every change, without end. The picture is always whole: where the kernel drops
//! messages or takes routes away without a word, everything is read again and the difference is what comes out.
//!
//! A router's own table may have a million routes in it, and they are no news here. The socket has a filter that keeps
//! their notifications out (`filter`), and of a dump their octets are passed over (`message`). The messages'
//! meaning is in `picture`, which is pure.

mod filter;
mod message;
mod picture;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use netlink_packet_core::{NLM_F_DUMP, NLM_F_REQUEST, NetlinkMessage};
use netlink_packet_route::route::{RouteAttribute, RouteMessage};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use netlink_sys::protocols::NETLINK_ROUTE;
use netlink_sys::{AsyncSocket, AsyncSocketExt, SocketAddr, TokioSocket};
use socket2::SockRef;
use tokio::time::Instant;

use super::WatchError;
use crate::netlink::abi::{NLM_F_DUMP_INTR, NLMSG_DONE, NLMSG_ERROR, errno};
use crate::netlink::parse;
use crate::netlink::socket::{enlarge, is_overrun};
use crate::settings::Settings;
use picture::Picture;
pub use picture::{OtherRoute, RouteChange, RouteWay};

/// Multicast groups as `bind` takes them: links, IPv4 addresses, IPv4 routes, IPv6 routes, next-hop objects.
const GROUPS: u32 = 0x1 | 0x10 | 0x40 | 0x400 | 0x8000_0000;
/// Room for what the kernel tells while the router is busy; a burst beyond it costs a new dump, nothing else.
const SOCKET_BUFFER: usize = 4 << 20;
/// Larger than anything that the kernel sends at once.
const DATAGRAM: usize = 1 << 16;
/// How many changes are given at once.
const MOST_CHANGES: usize = 1024;
/// How long after a dump the next one may begin: links that flap must not have everything read each time.
const PAUSE: Duration = Duration::from_millis(100);

const NLMSG_OVERRUN: u16 = 4;
/// What a dump without anything in it says: a table that was never used is not there, nor is IPv6 on every kernel.
const NOTHING_THERE: [i32; 4] = [0, errno::ENOENT, errno::EOPNOTSUPP, errno::EAFNOSUPPORT];
const TABLE_MAIN: u32 = 254;

/// A view of the kernel's routes that stays true.
pub struct RouteWatch {
    ours: Settings,
    events: TokioSocket,
    picture: Picture,
    reading: Option<Reading>,
    /// When everything may be read again.
    rested: Instant,
    waiting: VecDeque<RouteChange>,
    buffer: Vec<u8>,
}

/// A dump under way.
struct Reading {
    fresh: Picture,
    /// The dumps to come: family and table.
    left: Vec<(AddressFamily, u32)>,
    socket: Option<TokioSocket>,
}

impl RouteWatch {
    /// Opens the socket; the dump begins with the first [`RouteWatch::next`]. Must be called in a tokio runtime with I/O
    /// and time.
    ///
    /// # Errors
    /// Where the kernel gives no netlink socket.
    pub fn open(
        ours: Settings,
        known: impl IntoIterator<Item = OtherRoute>,
    ) -> Result<RouteWatch, WatchError> {
        let mut events = TokioSocket::new(NETLINK_ROUTE).map_err(WatchError::Open)?;
        // The filter comes before the subscription, and the subscription before the dump, so that no change falls between.
        SockRef::from(events.socket_ref())
            .attach_filter(&filter::program(&ours))
            .map_err(WatchError::Open)?;
        enlarge(&events.socket_ref(), SOCKET_BUFFER).map_err(WatchError::Open)?;
        events.socket_mut().bind(&SocketAddr::new(0, GROUPS)).map_err(WatchError::Open)?;
        Ok(RouteWatch {
            ours,
            events,
            picture: Picture::of(known),
            reading: None,
            rested: Instant::now(),
            waiting: VecDeque::new(),
            buffer: Vec::new(),
        })
    }

    /// How our own routes are known here.
    #[must_use]
    pub fn ours(&self) -> &Settings {
        &self.ours
    }

    /// The next changes, at least one and at most 1,024. Safe to drop at any time: nothing is lost, and a dump goes on
    /// where it was.
    ///
    /// # Errors
    /// Where the socket fails for good.
    pub async fn next(&mut self) -> Result<Vec<RouteChange>, WatchError> {
        loop {
            if !self.waiting.is_empty() {
                let count = self.waiting.len().min(MOST_CHANGES);
                return Ok(self.waiting.drain(..count).collect());
            }
            if self.reading.is_some() {
                self.read_some().await?;
                // The others in this thread have their turn between two datagrams.
                tokio::task::yield_now().await;
                continue;
            }
            if self.picture.is_doubtful() && Instant::now() >= self.rested {
                self.reading = Some(Reading::new(&self.ours));
                continue;
            }
            let rested = self.rested;
            tokio::select! {
                heard = self.hear() => heard?,
                () = tokio::time::sleep_until(rested), if self.picture.is_doubtful() => {}
            }
        }
    }

    /// Takes what the kernel tells next.
    async fn hear(&mut self) -> Result<(), WatchError> {
        self.buffer.clear();
        self.buffer.reserve(DATAGRAM);
        match self.events.recv(&mut self.buffer).await {
            Ok(()) => {}
            Err(error) if is_overrun(&error) => {
                self.picture.doubt();
                return Ok(());
            }
            Err(error) => return Err(WatchError::Receive(error)),
        }
        for raw in message::messages(&self.buffer) {
            if raw.kind == NLMSG_OVERRUN {
                self.picture.doubt();
            }
            if let Some(event) = message::event(&raw, &self.ours) {
                self.waiting.extend(self.picture.apply(event));
            }
        }
        Ok(())
    }

    /// Goes on with the dump.
    async fn read_some(&mut self) -> Result<(), WatchError> {
        let Some(reading) = &mut self.reading else { return Ok(()) };
        match reading.go_on(&self.ours, &mut self.buffer).await {
            Ok(Progress::More) => {}
            Ok(Progress::Done) => {
                if let Some(reading) = self.reading.take() {
                    self.waiting.extend(self.picture.replace(reading.fresh));
                }
                self.rested = Instant::now() + PAUSE;
            }
            // The tables changed while they were read.
            Ok(Progress::Again) => self.reading = Some(Reading::new(&self.ours)),
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

/// How far a dump is.
enum Progress {
    More,
    Done,
    Again,
}

impl Reading {
    fn new(ours: &Settings) -> Reading {
        let mut left = Vec::new();
        for family in [AddressFamily::Inet6, AddressFamily::Inet] {
            left.extend((ours.table != TABLE_MAIN).then_some((family, ours.table)));
            left.push((family, TABLE_MAIN));
        }
        Reading { fresh: Picture::default(), left, socket: None }
    }

    /// Takes one datagram of the dumps.
    async fn go_on(&mut self, ours: &Settings, buffer: &mut Vec<u8>) -> Result<Progress, WatchError> {
        let socket = match &mut self.socket {
            Some(socket) => socket,
            // Nothing is waited for between here and the question: who drops this future has lost no table.
            None => {
                let Some((family, table)) = self.left.pop() else { return Ok(Progress::Done) };
                self.socket.insert(ask(family, table).map_err(WatchError::Open)?)
            }
        };
        buffer.clear();
        buffer.reserve(DATAGRAM);
        socket.recv(buffer).await.map_err(WatchError::Receive)?;
        for raw in message::messages(buffer) {
            if raw.flags & NLM_F_DUMP_INTR != 0 {
                return Ok(Progress::Again);
            }
            match raw.kind {
                NLMSG_DONE | NLMSG_ERROR => {
                    self.socket = None;
                    return match end(raw.octets) {
                        errno if NOTHING_THERE.contains(&errno) => Ok(Progress::More),
                        errno => Err(WatchError::DumpRoutes(io::Error::from_raw_os_error(errno))),
                    };
                }
                _ => {
                    if let Some(told) = message::route(&raw, ours) {
                        self.fresh.note(told);
                    }
                }
            }
        }
        Ok(Progress::More)
    }
}

/// Asks for the routes of a table. A question is short: it never waits for room.
fn ask(family: AddressFamily, table: u32) -> io::Result<TokioSocket> {
    let mut socket = TokioSocket::new(NETLINK_ROUTE)?;
    socket.socket_mut().bind(&SocketAddr::new(0, 0))?;
    // Only then the kernel looks at the table that is asked for; an older one gives all, and the reader chooses.
    let _ = socket.socket_mut().set_netlink_get_strict_chk(true);
    let mut route = RouteMessage::default();
    route.header.address_family = family;
    match u8::try_from(table) {
        Ok(table) => route.header.table = table,
        Err(_) => route.attributes.push(RouteAttribute::Table(table)),
    }
    let mut message = NetlinkMessage::from(RouteNetlinkMessage::GetRoute(route));
    message.header.flags = NLM_F_REQUEST | NLM_F_DUMP;
    message.finalize();
    let mut octets = vec![0; message.buffer_len()];
    message.serialize(&mut octets);
    socket.socket_mut().send(&octets, 0)?;
    Ok(socket)
}

/// The errno of the end of a dump.
fn end(octets: &[u8]) -> i32 {
    parse::u32_at(octets, 16).map_or(0, u32::cast_signed).saturating_neg()
}
