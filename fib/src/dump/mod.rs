//! What the kernel has of ours: next-hop objects all at once, since they are few, and routes in pieces.
//!
//! A route is ours if protocol, table, metric and the range of its next-hop object's id agree. The kernel is asked
//! for our protocol and table alone, so a million routes of others cost nothing. A dump has a socket of its own: the
//! answers to the writer's messages do not come between its pieces.
//!
//! A dump is no picture of one moment: what is written while it runs may be in it or not. Who compares leaves that
//! out.

mod objects;
mod routes;

use std::io;

pub use objects::Objects;
pub use routes::{Chunk, RouteDump, RouteSeen, Via};

use crate::netlink::abi;
use crate::netlink::outgoing::Outgoing;
use crate::netlink::parse::{self, Message, messages};
use crate::netlink::socket::{RouteSocket, is_overrun};

/// How often a dump is begun again that others' changes made inconsistent.
const ATTEMPTS: usize = 8;

/// Why it is not known what the kernel has.
#[derive(Debug, thiserror::Error)]
pub enum DumpError {
    /// The socket.
    #[error("the netlink socket failed: {0}")]
    Socket(#[source] io::Error),
    /// The kernel's answer came too late or had no room.
    #[error("the kernel's answer was lost ({0}); ask again")]
    Lost(#[source] io::Error),
    /// The kernel refused.
    #[error("the kernel refuses to list its {what}: {source}")]
    Refused {
        /// Routes or next-hop objects.
        what: &'static str,
        /// What it said.
        source: io::Error,
    },
    /// Others changed the objects again and again.
    #[error("the kernel's next-hop objects changed while they were read, {ATTEMPTS} times in a row")]
    Restless,
}

/// How a dump goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Course {
    More,
    /// All was said.
    Over,
    /// All was said, but the kernel changed meanwhile.
    Interrupted,
}

/// One answer of several datagrams.
#[derive(Debug)]
struct Dump {
    socket: RouteSocket,
    sequence: u32,
    what: &'static str,
    interrupted: bool,
}

impl Dump {
    /// Asks with the message that `request` writes.
    fn ask(
        socket: RouteSocket,
        what: &'static str,
        request: impl FnOnce(&mut Outgoing),
    ) -> Result<Dump, DumpError> {
        let mut out = Outgoing::default();
        let sequence = out.next_sequence();
        request(&mut out);
        socket.send(out.octets()).map_err(DumpError::Socket)?;
        Ok(Dump { socket, sequence, what, interrupted: false })
    }

    /// Gives the next datagram's messages to `take`.
    fn read(&mut self, mut take: impl FnMut(&Message<'_>)) -> Result<Course, DumpError> {
        let Dump { socket, sequence, what, interrupted } = self;
        let octets = socket.receive().map_err(|error| match error.kind() {
            _ if is_overrun(&error) => DumpError::Lost(error),
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => DumpError::Lost(error),
            _ => DumpError::Socket(error),
        })?;
        for message in messages(octets).filter(|message| message.sequence == *sequence) {
            *interrupted |= message.flags & abi::NLM_F_DUMP_INTR != 0;
            match message.kind {
                // The end says with an errno whether it is one: that of a table that does not exist is none.
                abi::NLMSG_ERROR | abi::NLMSG_DONE => {
                    let errno = parse::answer(&message).map_or(0, |answer| answer.errno);
                    let complete = if *interrupted { Course::Interrupted } else { Course::Over };
                    return ended(errno, what, complete);
                }
                _ => take(&message),
            }
        }
        Ok(Course::More)
    }
}

/// What the end of a dump means.
fn ended(errno: i32, what: &'static str, complete: Course) -> Result<Course, DumpError> {
    match errno {
        // No such table: it has no routes.
        0 | abi::errno::ENOENT | abi::errno::ESRCH => Ok(complete),
        errno => Err(DumpError::Refused { what, source: io::Error::from_raw_os_error(errno) }),
    }
}
