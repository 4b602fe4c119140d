//! How a child begins: it is given everything that the program holds, and knows nothing before.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::event::{PollFd, PollFlags};

use crate::core::input::{Cookie, ListenerId};
use crate::core::role::{Follow, Settings};
use crate::sys::bell::Bell;
use crate::sys::channel::Channel;
use crate::sys::keeper::child::CHILD;
use crate::sys::link::{Link, Parcel};
use crate::sys::memory::{SharedLog, Side};
use crate::sys::message::{From, Item, Message, ToChild, ToKeeper};
use crate::sys::process::Pidfd;
use crate::sys::sockets::{NotShared, Sockets};

/// The other one of primary and twin.
#[derive(Debug)]
pub struct Partner {
    /// Its process.
    pub pid: u32,
    /// The way to it.
    pub link: Link,
}

/// What a child holds.
pub struct Held {
    /// What is configured.
    pub settings: Settings,
    /// How it is to follow.
    pub follow: Follow,
    /// The log's memory.
    pub log: SharedLog,
    /// What wakes the twin.
    pub bell: Bell,
    /// Every socket.
    pub sockets: Sockets,
    /// Where those that were accepted came to.
    pub listeners: HashMap<Cookie, ListenerId>,
    /// What the program opened before it had any child, by its own names.
    pub offered: BTreeMap<String, OwnedFd>,
    /// The newest checkpoint, and the end of what of the log it holds.
    pub checkpoint: Option<(u64, OwnedFd)>,
    /// The keeper; none while there is none.
    pub keeper: Option<Link>,
    /// The primary that is followed, until it is watched.
    pub primary: Option<(Partner, Pidfd)>,
    /// The same, from then on; none when it says nothing more.
    pub partner: Option<Partner>,
}

/// The channel to the keeper that started this process, where one did. To be asked once.
///
/// # Errors
/// The kernel's.
pub fn inherited() -> io::Result<Option<Channel>> {
    if std::env::var_os(CHILD).is_none() {
        return Ok(None);
    }
    let channel = io::stdin().as_fd().try_clone_to_owned()?;
    let null = std::fs::File::open("/dev/null")?;
    rustix::stdio::dup2_stdin(&null)?;
    Channel::from_descriptor(channel).map(Some)
}

/// Receives everything.
///
/// # Errors
/// Where the keeper is gone before that, or something cannot be held.
pub fn join(channel: Channel) -> io::Result<Held> {
    let mut keeper = Link::new(channel);
    let first = next(&mut keeper)?;
    let ToChild::Join { settings, follow, .. } = first.message else { return Err(unexpected()) };
    let Parcel { message: ToChild::Item(Item::Log), mut descriptors } = next(&mut keeper)? else {
        return Err(unexpected());
    };
    let (bell, log) = (descriptors.pop().ok_or_else(unexpected)?, descriptors.pop().ok_or_else(unexpected)?);
    let mut held = Held {
        settings,
        follow,
        log: SharedLog::map(log, Side::Twin).map_err(io::Error::other)?,
        bell: Bell::from_descriptor(bell),
        sockets: Sockets::new(Box::new(NotShared))?,
        listeners: HashMap::new(),
        offered: BTreeMap::new(),
        checkpoint: None,
        keeper: None,
        primary: None,
        partner: None,
    };
    loop {
        let mut parcel: Parcel<ToChild> = next(&mut keeper)?;
        match parcel.message {
            ToChild::Item(ref item) => {
                let item = item.clone();
                held.take(item, parcel.first().ok_or_else(unexpected)?)?;
            }
            ToChild::Primary { pid } => {
                let pidfd = Pidfd::from_descriptor(parcel.first().ok_or_else(unexpected)?);
                let channel = Channel::from_descriptor(parcel.first().ok_or_else(unexpected)?);
                held.primary = Some((Partner { pid, link: Link::new(channel?) }, pidfd));
            }
            ToChild::Joined => break,
            _ => return Err(unexpected()),
        }
    }
    held.keeper = Some(keeper);
    Ok(held)
}

impl Held {
    /// Holds one more thing.
    ///
    /// # Errors
    /// Where it is not what it is said to be.
    pub fn take(&mut self, item: Item, descriptor: OwnedFd) -> io::Result<()> {
        match item {
            // There is one log in a child's life.
            Item::Log => {}
            Item::Listener { .. } => {
                self.sockets.listeners.hold(descriptor)?;
            }
            Item::Offered { name } => {
                self.offered.insert(name, descriptor);
            }
            Item::Checkpoint { position } => self.checkpoint = Some((position, descriptor)),
            Item::Socket { cookie, from } => {
                self.sockets.hold(descriptor, from.origin())?;
                if let From::Listener(listener) = from {
                    self.listeners.insert(cookie, listener);
                }
            }
        }
        Ok(())
    }
}

impl Held {
    /// Gives a new keeper everything.
    pub fn upload(&mut self) {
        let Some(mut link) = self.keeper.take() else { return };
        match self.give_all(&mut link) {
            Ok(()) => self.keeper = Some(link),
            Err(error) => tracing::debug!("the new keeper cannot be told: {error}"),
        }
    }

    fn give_all(&self, link: &mut Link) -> io::Result<()> {
        link.send(&ToKeeper::Item(Item::Log), &[self.log.file(), self.bell.as_fd()])?;
        for (id, address, listener) in self.sockets.listeners.iter() {
            link.send(&ToKeeper::Item(Item::Listener { id, address }), &[listener])?;
        }
        for (name, descriptor) in &self.offered {
            link.send(&ToKeeper::Item(Item::Offered { name: name.clone() }), &[descriptor.as_fd()])?;
        }
        for (cookie, origin, socket) in self.sockets.iter() {
            let from = super::wires::from(&self.listeners, cookie, origin);
            link.send(&ToKeeper::Item(Item::Socket { cookie, from }), &[socket])?;
        }
        if let Some((position, file)) = &self.checkpoint {
            let item = Item::Checkpoint { position: *position };
            link.send(&ToKeeper::Item(item), &[file.as_fd()])?;
        }
        Ok(())
    }
}

/// The next message, waited for.
fn next<M: Message>(link: &mut Link) -> io::Result<Parcel<M>> {
    loop {
        if let Some(parcel) = link.receive().map_err(io::Error::other)? {
            return Ok(parcel);
        }
        let mut polled = [PollFd::new(&*link, PollFlags::IN)];
        match rustix::event::poll(&mut polled, None) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

fn unexpected() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the keeper speaks of something else than was expected")
}
