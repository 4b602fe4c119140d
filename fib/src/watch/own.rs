//! Our own routes in the kernel, watched: somebody else deletes or replaces one of them.
//!
//! The kernel tells whoever listens of every route that changes, and most of these changes are the router's own: a
//! million of them while a table loads. A filter in the kernel lets through only what somebody else did to routes that
//! may be ours, so what comes here is rare and each of it matters. Where even that is too much (the kernel itself
//! removes all IPv6 routes of a link that goes down) messages are lost, and that is said too.
//!
//! Not everything is told: of the IPv4 routes that go with a link the kernel tells nobody. Who needs all compares.

mod filter;

use std::collections::VecDeque;

use ipnet::IpNet;
use netlink_sys::protocols::NETLINK_ROUTE;
use netlink_sys::{AsyncSocket, AsyncSocketExt, SocketAddr, TokioSocket};
use socket2::SockRef;

use super::WatchError;
use crate::netlink::abi;
use crate::netlink::next_hop;
use crate::netlink::parse::{Message, messages};
use crate::netlink::route;
use crate::netlink::socket::{enlarge, is_overrun};
use crate::settings::{Kernel, Object, Settings};

/// Room for what the kernel sends while the router is busy.
const SOCKET_BUFFER: usize = 1 << 20;
/// More than the kernel sends at once.
const DATAGRAM: usize = 1 << 16;

/// What somebody else did to what is ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disturbance {
    /// Our route is gone.
    Deleted(IpNet),
    /// A route with this prefix, our table and our metric was put, perhaps in the place of ours.
    Replaced(IpNet),
    /// A next-hop object of ours was changed or removed, and with it perhaps routes.
    Objects,
    /// Messages were lost: any of these may have happened.
    Overrun,
}

/// A view of what others do to our routes.
pub struct OwnRouteWatch {
    socket: TokioSocket,
    settings: Settings,
    kernel: Kernel,
    waiting: VecDeque<Disturbance>,
    buffer: Vec<u8>,
}

impl OwnRouteWatch {
    /// Begins to watch. What the socket with the port `writer` does ([`Writer::port`](crate::writer::Writer::port)) is left
    /// out. Must be called in a tokio runtime with I/O.
    ///
    /// # Errors
    /// Where the kernel gives no such socket.
    pub fn open(settings: Settings, kernel: Kernel, writer: u32) -> Result<OwnRouteWatch, WatchError> {
        let mut socket = TokioSocket::new(NETLINK_ROUTE).map_err(WatchError::Open)?;
        let inner = socket.socket_mut();
        // The filter comes before the groups, so that nothing passes it by.
        let filter = filter::program(settings.protocol, writer);
        SockRef::from(&*inner).attach_filter(&filter).map_err(WatchError::Open)?;
        enlarge(inner, SOCKET_BUFFER).map_err(WatchError::Open)?;
        inner.bind(&SocketAddr::new(0, 0)).map_err(WatchError::Open)?;
        for group in [abi::RTNLGRP_IPV4_ROUTE, abi::RTNLGRP_IPV6_ROUTE] {
            inner.add_membership(group).map_err(WatchError::Open)?;
        }
        if kernel == Kernel::Objects {
            inner.add_membership(abi::RTNLGRP_NEXTHOP).map_err(WatchError::Open)?;
        }
        let (waiting, buffer) = (VecDeque::new(), Vec::new());
        Ok(OwnRouteWatch { socket, settings, kernel, waiting, buffer })
    }

    /// The next disturbance. Safe to drop at any time: nothing is lost.
    ///
    /// # Errors
    /// Where the socket fails for good.
    pub async fn next(&mut self) -> Result<Disturbance, WatchError> {
        loop {
            if let Some(disturbance) = self.waiting.pop_front() {
                return Ok(disturbance);
            }
            self.buffer.clear();
            self.buffer.reserve(DATAGRAM);
            match self.socket.recv(&mut self.buffer).await {
                Ok(()) => {
                    let OwnRouteWatch { settings, kernel, waiting, buffer, .. } = self;
                    waiting
                        .extend(messages(buffer).filter_map(|message| meaning(&message, settings, *kernel)));
                }
                Err(error) if is_overrun(&error) => return Ok(Disturbance::Overrun),
                Err(error) => return Err(WatchError::Receive(error)),
            }
        }
    }
}

/// What a message that passed the filter means for us.
fn meaning(message: &Message<'_>, settings: &Settings, kernel: Kernel) -> Option<Disturbance> {
    match message.kind {
        abi::RTM_NEWROUTE => {
            let route = route::parse(message)?;
            let place = (route.table, route.metric) == (settings.table, settings.metric);
            place.then_some(Disturbance::Replaced(route.net))
        }
        abi::RTM_DELROUTE => {
            let route = route::parse(message).filter(|route| route.has_marks(settings))?;
            let object = route.object.and_then(|id| settings.object(id));
            let ours = match kernel {
                Kernel::Objects => matches!(object, Some(Object::Group(_))),
                Kernel::Multipath => route.object.is_none(),
            };
            ours.then_some(Disturbance::Deleted(route.net))
        }
        abi::RTM_NEWNEXTHOP | abi::RTM_DELNEXTHOP => {
            let object = next_hop::identity(message)?;
            settings.object(object).map(|_| Disturbance::Objects)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::GroupId;
    use crate::netlink::outgoing::Outgoing;

    fn heard(write: impl FnOnce(&mut Outgoing)) -> Option<Disturbance> {
        let mut out = Outgoing::default();
        write(&mut out);
        let message = messages(out.octets()).next().unwrap();
        meaning(&message, &Settings::default(), Kernel::Objects)
    }

    #[test]
    fn only_what_is_ours_is_a_disturbance() {
        let ours = Settings::default();
        let theirs = Settings { protocol: 4, ..ours };
        let net: IpNet = "198.51.100.0/24".parse().unwrap();
        let group = ours.group_object(GroupId(3)).unwrap();
        let put = |settings: &Settings, id| {
            heard(|out| route::emit(out, 0, settings, net, route::Target::Object(id)))
        };
        let gone = |settings: &Settings, id| heard(|out| route::emit_removal(out, settings, net, id));
        assert_eq!(put(&theirs, 7), Some(Disturbance::Replaced(net)));
        assert_eq!(put(&Settings { metric: 21, ..theirs }, 7), None);
        assert_eq!(put(&Settings { table: 100, ..theirs }, 7), None);
        // A removal as the writer sends it has no type; the kernel's own message about it has.
        assert_eq!(gone(&ours, Some(group)), None);
        let removed = |settings: &Settings, id| {
            let mut out = Outgoing::default();
            route::emit(&mut out, 0, settings, net, route::Target::Object(id));
            let message = messages(out.octets()).next().unwrap();
            meaning(&Message { kind: abi::RTM_DELROUTE, ..message }, &ours, Kernel::Objects)
        };
        assert_eq!(removed(&ours, group), Some(Disturbance::Deleted(net)));
        assert_eq!(removed(&ours, 7), None, "FRR's routes have our protocol and metric too");
        assert_eq!(removed(&theirs, group), None);
        assert_eq!(heard(|out| next_hop::emit_removal(out, group)), Some(Disturbance::Objects));
        assert_eq!(heard(|out| next_hop::emit_removal(out, 7)), None);
    }
}
