//! What keeper, primary and twin say to each other, over their links.
//!
//! Every message is one packet. Those that bring descriptors say so here; a packet with another number of them
//! is refused. A version may add messages and fields, and never gives an old one another meaning: during an
//! upgrade two versions talk to each other.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::core::input::{Cookie, ListenerId};
use crate::core::record::Cause;
use crate::core::role::{Blame, ChildId, Follow, Order, Settings, Standing, Tell};
use crate::sys::position::Origin;
use crate::sys::process::Exit;

/// What a message is, to the link.
pub trait Message: Serialize + for<'a> Deserialize<'a> {
    /// How many descriptors come with it.
    fn descriptors(&self) -> usize;
}

/// Something that several processes hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Item {
    /// The log's memory, and the bell.
    Log,
    /// A listening socket.
    Listener {
        /// Its name.
        id: ListenerId,
        /// Where it listens.
        address: SocketAddr,
    },
    /// Something that the program opened before it had any child.
    Offered {
        /// The program's name for it.
        name: String,
    },
    /// A checkpoint: a file from its beginning.
    Checkpoint {
        /// The end of what of the log it holds.
        position: u64,
    },
    /// A connection's or datagram socket.
    Socket {
        /// Its name.
        cookie: Cookie,
        /// Where it is from.
        from: From,
    },
}

/// Where a socket is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum From {
    /// It was accepted here.
    Listener(ListenerId),
    /// The program opened the connection.
    Opened,
    /// The program opened it for datagrams.
    Datagram,
}

impl From {
    /// What that is for its count of octets.
    #[must_use]
    pub fn origin(self) -> Origin {
        match self {
            From::Listener(_) => Origin::Accepted,
            From::Opened => Origin::Opened,
            From::Datagram => Origin::Datagram,
        }
    }
}

impl Item {
    fn descriptors(&self) -> usize {
        match self {
            Item::Log => 2,
            Item::Listener { .. } | Item::Offered { .. } | Item::Checkpoint { .. } | Item::Socket { .. } => 1,
        }
    }
}

/// The keeper to a child.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToChild {
    /// The first message.
    Join {
        /// Its name.
        child: ChildId,
        /// What is configured.
        settings: Settings,
        /// How it shall follow.
        follow: Follow,
    },
    /// Hold this.
    Item(Item),
    /// Whom to follow: its pidfd, and the link to it.
    Primary {
        /// Its process.
        pid: u32,
    },
    /// All that there is was given; what comes from here on is news.
    Joined,
    /// To the primary: it has a twin; the link to it.
    Twin {
        /// Its process.
        pid: u32,
    },
    /// To the primary: its twin is no more.
    TwinEnded {
        /// Its process.
        pid: u32,
    },
    /// How the primary ended, where the keeper knows.
    PrimaryEnded {
        /// The signal that ended it, or its status.
        exit: Option<Ended>,
    },
    /// Do this.
    Tell(Tell),
    /// To the primary: read the configuration again.
    Reload,
    /// To the primary: what became of an order.
    Answer(u64, Result<(), String>),
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ended {
    /// By itself, with this status.
    Status(i32),
    /// By this signal.
    Signal(i32),
}

impl std::convert::From<Exit> for Ended {
    fn from(exit: Exit) -> Ended {
        match exit {
            Exit::Status(status) => Ended::Status(status),
            Exit::Signal(signal) => Ended::Signal(signal),
        }
    }
}

impl Message for ToChild {
    fn descriptors(&self) -> usize {
        match self {
            ToChild::Item(item) => item.descriptors(),
            ToChild::Primary { .. } => 2,
            ToChild::Twin { .. } => 1,
            ToChild::Join { .. }
            | ToChild::Joined
            | ToChild::TwinEnded { .. }
            | ToChild::PrimaryEnded { .. }
            | ToChild::Tell(_)
            | ToChild::Reload
            | ToChild::Answer(..) => 0,
        }
    }
}

/// A child to its keeper.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToKeeper {
    /// The first message of a child that lost its keeper. Items follow.
    Hello {
        /// What is configured.
        settings: Settings,
    },
    /// All that the child holds was given.
    Uploaded(Place),
    /// Hold this.
    Item(Item),
    /// Hold this socket no more.
    Forget(Cookie),
    /// These are all sockets that the primary holds: others that it has long had the time to hear of are of no
    /// use.
    Holds(Vec<Cookie>),
    /// How far this standby is.
    Stands(Standing),
    /// This child is primary.
    Leads {
        /// In this epoch.
        epoch: u32,
        /// What the one before has died of.
        blame: Blame,
    },
    /// This standby found no state that it can begin with.
    Unrestorable(String),
    /// The primary goes on without its twin, which is too slow.
    Suspended,
    /// The primary does not hand over.
    Refused(String),
    /// The primary wants the log to be in another memory.
    MoveLog,
    /// The primary has put it there: the memory and the bell. Nothing is written to the old one any more.
    LogMoved,
    /// It stays where it is.
    LogStays,
    /// The primary ends on purpose, and all shall.
    Finished(u8),
    /// The primary's operator wants this.
    Ordered(u64, Order),
    /// This is configured from now on.
    Settings(Settings),
    /// The program serves.
    Ready,
    /// How things stand, in a line.
    Status(String),
}

/// What a child is that lost its keeper.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Place {
    /// It is primary.
    Primary {
        /// Its twin's process.
        twin: Option<u32>,
    },
    /// It is a standby.
    Standby(Standing),
}

impl Message for ToKeeper {
    fn descriptors(&self) -> usize {
        match self {
            ToKeeper::Item(item) => item.descriptors(),
            ToKeeper::LogMoved => Item::Log.descriptors(),
            ToKeeper::Hello { .. }
            | ToKeeper::Uploaded(_)
            | ToKeeper::Forget(_)
            | ToKeeper::Holds(_)
            | ToKeeper::Stands(_)
            | ToKeeper::Leads { .. }
            | ToKeeper::Unrestorable(_)
            | ToKeeper::Suspended
            | ToKeeper::Refused(_)
            | ToKeeper::MoveLog
            | ToKeeper::LogStays
            | ToKeeper::Finished(_)
            | ToKeeper::Ordered(..)
            | ToKeeper::Settings(_)
            | ToKeeper::Ready
            | ToKeeper::Status(_) => 0,
        }
    }
}

/// Primary and twin to each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToPartner {
    /// The twin's first message.
    Hello {
        /// The program's version.
        version: String,
    },
    /// Hold this.
    Item(Item),
    /// To the twin: the primary is about to hand over, for this reason.
    Handing(Cause),
    /// To the twin: be the state of this checkpoint, and say whether you are.
    HandOver {
        /// The end of the log, which is what it holds.
        position: u64,
    },
    /// The twin's answer to that.
    HandedOver(Result<(), String>),
}

impl Message for ToPartner {
    fn descriptors(&self) -> usize {
        match self {
            ToPartner::Item(item) => item.descriptors(),
            ToPartner::HandOver { .. } => 1,
            ToPartner::Hello { .. } | ToPartner::Handing(_) | ToPartner::HandedOver(_) => 0,
        }
    }
}
