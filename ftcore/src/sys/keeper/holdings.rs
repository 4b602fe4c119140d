//! What the keeper holds a duplicate of, so that nothing ends with the processes that use it.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use super::kept::Kept;
use crate::core::input::{Cookie, ListenerId};
use crate::core::memory::{Memory, Word};
use crate::core::standby::TwinState;
use crate::sys::bell::Bell;
use crate::sys::link::{Link, Parcel};
use crate::sys::memory::{MapError, SharedLog, Side};
use crate::sys::message::{From, Item, Message};
use crate::sys::note::{self, CrashNote};
use crate::sys::position;

/// How long a socket may be on its way to the primary.
const NEWS: Duration = Duration::from_secs(5);

/// A listening socket.
#[derive(Debug)]
pub struct Listener {
    /// Where it listens.
    pub address: SocketAddr,
    /// It.
    pub socket: OwnedFd,
}

/// A connection's or datagram socket.
#[derive(Debug)]
struct Socket {
    socket: OwnedFd,
    from: From,
    since: Instant,
}

/// The log as the keeper has it.
#[derive(Debug)]
struct Log {
    view: SharedLog,
    bell: Bell,
}

/// Everything that is held.
#[derive(Debug, Default)]
pub struct Holdings {
    log: Option<Log>,
    /// The listening sockets by name.
    pub listeners: BTreeMap<ListenerId, Listener>,
    offered: BTreeMap<String, OwnedFd>,
    checkpoint: Option<(u64, OwnedFd)>,
    sockets: BTreeMap<Cookie, Socket>,
}

impl Holdings {
    /// What a program opened before it has any child.
    #[must_use]
    pub fn new(opened: super::Opened) -> Holdings {
        let listeners =
            opened.listeners.into_iter().zip(0..).map(|(listener, id)| (ListenerId(id), listener));
        Holdings {
            listeners: listeners.collect(),
            offered: opened.offered.into_iter().collect(),
            ..Self::default()
        }
    }

    /// Begins a log in this memory.
    ///
    /// # Errors
    /// Where it cannot be mapped, or the kernel has no bell.
    pub fn begin_log(&mut self, file: OwnedFd) -> Result<(), MapError> {
        self.log = Some(Log { view: SharedLog::map(file, Side::Keeper)?, bell: Bell::new()? });
        Ok(())
    }

    /// Goes on with a log and a checkpoint from files.
    ///
    /// # Errors
    /// As [`Holdings::begin_log`].
    pub fn go_on_with(&mut self, kept: Kept) -> Result<(), MapError> {
        self.begin_log(kept.log)?;
        self.checkpoint = kept.checkpoint;
        Ok(())
    }

    /// The log's memory.
    #[must_use]
    pub fn log(&self) -> Option<&SharedLog> {
        self.log.as_ref().map(|log| &log.view)
    }

    /// Whether there is a log.
    #[must_use]
    pub fn has_log(&self) -> bool {
        self.log.is_some()
    }

    /// How many connections' and datagram sockets there are.
    #[must_use]
    pub fn socket_count(&self) -> usize {
        self.sockets.len()
    }

    /// Says in the log's memory that the keeper lives.
    pub fn tick(&mut self) {
        if let Some(log) = &mut self.log {
            let ticks = log.view.load(Word::KeeperTick);
            log.view.store(Word::KeeperTick, ticks.wrapping_add(1));
        }
    }

    /// Says in the log's memory that there is no twin, so that nobody waits for it.
    pub fn twin_is_gone(&mut self) {
        if let Some(log) = &mut self.log {
            log.view.store(Word::TwinState, TwinState::Absent as u64);
        }
    }

    /// What a primary that died wrote about its end.
    #[must_use]
    pub fn note_of(&self, pid: u32) -> Option<CrashNote> {
        let region = self.log.as_ref()?.view.note_region().ok()?;
        note::read(&region).filter(|note| note.pid == pid)
    }

    /// Takes a socket that was accepted.
    pub fn accepted(&mut self, cookie: Cookie, listener: ListenerId, socket: OwnedFd) {
        self.sockets.insert(cookie, Socket { socket, from: From::Listener(listener), since: Instant::now() });
    }

    /// Accepted connections of which nobody has read or written an octet: perhaps nobody serves them.
    pub fn untouched(&self) -> impl Iterator<Item = (Cookie, From, BorrowedFd<'_>)> {
        self.sockets.iter().filter_map(|(cookie, held)| {
            let From::Listener(_) = held.from else { return None };
            let socket = held.socket.as_fd();
            let at = position::positions(socket, held.from.origin()).ok()?;
            (at.consumed == 0 && at.written == 0).then_some((*cookie, held.from, socket))
        })
    }

    /// A socket.
    #[must_use]
    pub fn socket(&self, cookie: Cookie) -> Option<BorrowedFd<'_>> {
        self.sockets.get(&cookie).map(|socket| socket.socket.as_fd())
    }

    /// Lets go of a socket. Where this is the last who holds it, the connection ends.
    pub fn forget(&mut self, cookie: Cookie) {
        self.sockets.remove(&cookie);
    }

    /// Lets go of the sockets that the primary does not hold, but for those that it may not have heard of yet.
    pub fn retain(&mut self, held: &[Cookie]) {
        let held: BTreeSet<_> = held.iter().collect();
        self.sockets.retain(|cookie, socket| held.contains(cookie) || socket.since.elapsed() < NEWS);
    }

    /// Lets go of every connection, of the log and of its checkpoint.
    pub fn abandon(&mut self) {
        self.sockets.clear();
        self.log = None;
        self.checkpoint = None;
    }

    /// Takes what a child gives. What is there already stays as it is, but for an older checkpoint.
    ///
    /// # Errors
    /// Where it is not what it is said to be.
    pub fn take<M>(&mut self, item: Item, mut parcel: Parcel<M>) -> Result<(), MapError> {
        let missing = || io::Error::from(io::ErrorKind::InvalidData);
        let first = parcel.first().ok_or_else(missing)?;
        match item {
            Item::Log if self.log.is_none() => {
                let bell = Bell::from_descriptor(parcel.first().ok_or_else(missing)?);
                self.log = Some(Log { view: SharedLog::map(first, Side::Keeper)?, bell });
            }
            Item::Log => {}
            Item::Listener { id, address } => {
                self.listeners.entry(id).or_insert(Listener { address, socket: first });
            }
            Item::Offered { name } => {
                self.offered.entry(name).or_insert(first);
            }
            Item::Checkpoint { position } => {
                if self.checkpoint.as_ref().is_none_or(|(held, _)| *held < position) {
                    self.checkpoint = Some((position, first));
                }
                self.say_checkpoint();
            }
            Item::Socket { cookie, from } => {
                let fresh = Socket { socket: first, from, since: Instant::now() };
                self.sockets.entry(cookie).or_insert(fresh);
            }
        }
        Ok(())
    }

    /// The log is in another memory from now on.
    ///
    /// # Errors
    /// Where it is not what it is said to be.
    pub fn move_log<M>(&mut self, mut parcel: Parcel<M>) -> Result<(), MapError> {
        let missing = || io::Error::from(io::ErrorKind::InvalidData);
        let file = parcel.first().ok_or_else(missing)?;
        let bell = Bell::from_descriptor(parcel.first().ok_or_else(missing)?);
        self.log = Some(Log { view: SharedLog::map(file, Side::Keeper)?, bell });
        self.say_checkpoint();
        Ok(())
    }

    /// Gives all of it to a child, each wrapped as a message.
    ///
    /// # Errors
    /// Where the child is gone.
    pub fn give_all<M: Message>(&self, link: &mut Link, wrap: impl Fn(Item) -> M) -> io::Result<()> {
        if let Some(log) = &self.log {
            link.send(&wrap(Item::Log), &[log.view.file(), log.bell.as_fd()])?;
        }
        for (id, listener) in &self.listeners {
            let item = Item::Listener { id: *id, address: listener.address };
            link.send(&wrap(item), &[listener.socket.as_fd()])?;
        }
        for (name, descriptor) in &self.offered {
            link.send(&wrap(Item::Offered { name: name.clone() }), &[descriptor.as_fd()])?;
        }
        for (cookie, socket) in &self.sockets {
            let item = Item::Socket { cookie: *cookie, from: socket.from };
            link.send(&wrap(item), &[socket.socket.as_fd()])?;
        }
        if let Some((position, file)) = &self.checkpoint {
            link.send(&wrap(Item::Checkpoint { position: *position }), &[file.as_fd()])?;
        }
        Ok(())
    }

    /// Tells the others up to where the log is needed no more.
    fn say_checkpoint(&mut self) {
        if let (Some(log), Some((position, _))) = (&mut self.log, &self.checkpoint) {
            log.view.store(Word::Checkpoint, *position);
        }
    }
}
