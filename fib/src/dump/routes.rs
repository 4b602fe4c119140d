//! Our routes in the kernel, in pieces.

use ipnet::IpNet;

use crate::change::{GroupId, Hop};
use crate::dump::{Course, Dump, DumpError};
use crate::netlink::abi;
use crate::netlink::outgoing;
use crate::netlink::parse::Message;
use crate::netlink::route;
use crate::netlink::socket::RouteSocket;
use crate::settings::{Kernel, Object, Settings};

/// A route of ours in the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RouteSeen {
    /// Its destination.
    pub net: IpNet,
    /// Where it leads.
    pub via: Via,
}

/// Where a route in the kernel leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// Through this group's object.
    Group(GroupId),
    /// Over so many of the chunk's hops, from this one on.
    Hops(u32, u32),
    /// Nowhere.
    Blackhole,
}

/// A piece of a dump.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chunk {
    /// Routes, each once in a dump that nothing changed.
    pub routes: Vec<RouteSeen>,
    /// What [`Via::Hops`] means.
    pub hops: Vec<Hop>,
}

impl Chunk {
    /// Takes a route if it is ours.
    fn take(&mut self, message: &Message<'_>, settings: &Settings, kernel: Kernel, family: u8) {
        if message.kind != abi::RTM_NEWROUTE {
            return;
        }
        let Some(route) = route::parse(message).filter(|route| route.has_marks(settings)) else { return };
        // A kernel that does not know a family tells of all others when it is asked for it.
        if outgoing::family(route.net.addr()) != family {
            return;
        }
        let via = match (kernel, route.object) {
            (Kernel::Objects, object) => match object.and_then(|id| settings.object(id)) {
                Some(Object::Group(group)) => Via::Group(group),
                // Our protocol, table and metric, but none of our groups: somebody else's, FRR's perhaps.
                Some(Object::Hop(_)) | None => return,
            },
            (Kernel::Multipath, Some(_)) => return,
            (Kernel::Multipath, None) if route.blackhole => Via::Blackhole,
            (Kernel::Multipath, None) => {
                let first = self.hops.len();
                route.hops(&mut self.hops);
                let place = |n| u32::try_from(n).unwrap_or(u32::MAX);
                Via::Hops(place(first), place(self.hops.len() - first))
            }
        };
        self.routes.push(RouteSeen { net: route.net, via });
    }

    /// The hops of one of this chunk's routes.
    #[must_use]
    pub fn hops_of(&self, first: u32, count: u32) -> &[Hop] {
        let (first, count) = (first as usize, count as usize);
        first.checked_add(count).and_then(|end| self.hops.get(first..end)).unwrap_or_default()
    }
}

/// A dump under way: IPv4, then IPv6.
#[derive(Debug)]
pub struct RouteDump {
    settings: Settings,
    kernel: Kernel,
    /// Of which family, and what is said of it; `None` at the end.
    current: Option<(u8, Dump)>,
    interrupted: bool,
}

impl RouteDump {
    /// Begins. The caller's thread waits for the kernel, here and in [`RouteDump::chunk`].
    ///
    /// # Errors
    /// Where there is no socket.
    pub fn begin(settings: Settings, kernel: Kernel) -> Result<RouteDump, DumpError> {
        let current = Some((abi::AF_INET, ask(&settings, abi::AF_INET)?));
        Ok(RouteDump { settings, kernel, current, interrupted: false })
    }

    /// The next routes, `enough` or a few hundred more; `None` after the last.
    ///
    /// # Errors
    /// Where the dump cannot go on: it must be begun again.
    pub fn chunk(&mut self, enough: usize) -> Result<Option<Chunk>, DumpError> {
        let mut chunk = Chunk::default();
        while chunk.routes.len() < enough {
            let RouteDump { settings, kernel, current, .. } = self;
            let Some((family, dump)) = current else { break };
            match dump.read(|message| chunk.take(message, settings, *kernel, *family)) {
                Ok(Course::More) => continue,
                Ok(Course::Over) => {}
                Ok(Course::Interrupted) => self.interrupted = true,
                // A kernel without IPv6 has no routes of it.
                Err(DumpError::Refused { source, .. }) if without_family(&source) => {}
                Err(error) => return Err(error),
            }
            self.current = match *family {
                abi::AF_INET => Some((abi::AF_INET6, ask(&self.settings, abi::AF_INET6)?)),
                _ => None,
            };
        }
        Ok((!chunk.routes.is_empty()).then_some(chunk))
    }

    /// Whether the kernel's tables changed so that routes may be missing in what it told.
    #[must_use]
    pub fn interrupted(&self) -> bool {
        self.interrupted
    }
}

fn ask(settings: &Settings, family: u8) -> Result<Dump, DumpError> {
    let socket = RouteSocket::open().map_err(DumpError::Socket)?;
    Dump::ask(socket, "routes", |out| route::emit_dump(out, settings, family))
}

fn without_family(error: &std::io::Error) -> bool {
    matches!(error.raw_os_error(), Some(abi::errno::EAFNOSUPPORT | abi::errno::EOPNOTSUPP))
}
