//! The primary's links to keeper and twin, and what goes over them while the core has the word.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::rc::Rc;

use crate::core::input::{Cookie, ListenerId};
use crate::sys::link::Link;
use crate::sys::message::{From, Item, ToKeeper, ToPartner};
use crate::sys::position::Origin;
use crate::sys::sockets::{Sharer, Sockets};

use super::join::Partner;

/// The links. One that fails is dropped: who was behind it is dead, or comes anew.
#[derive(Debug, Default)]
pub struct Wires {
    /// To the keeper.
    pub keeper: Option<Link>,
    /// To the twin.
    pub twin: Option<Partner>,
    /// Where this process accepts just now, in the keeper's place.
    pub accepting: Option<ListenerId>,
    /// Where sockets that were accepted came to.
    pub listeners: HashMap<Cookie, ListenerId>,
}

impl Wires {
    /// Tells the keeper, if there is one.
    pub fn tell_keeper(&mut self, message: &ToKeeper, descriptors: &[BorrowedFd<'_>]) {
        let failed = self.keeper.as_mut().and_then(|link| link.send(message, descriptors).err());
        if let Some(error) = failed {
            tracing::debug!("the keeper cannot be told: {error}");
            self.keeper = None;
        }
    }

    /// Tells the twin, if there is one.
    pub fn tell_twin(&mut self, message: &ToPartner, descriptors: &[BorrowedFd<'_>]) {
        let failed = self.twin.as_mut().and_then(|twin| twin.link.send(message, descriptors).err());
        if let Some(error) = failed {
            tracing::debug!("the twin cannot be told: {error}");
            self.twin = None;
        }
    }

    /// Sends what waits.
    pub fn flush(&mut self) {
        if self.keeper.as_mut().is_some_and(|link| link.flush().is_err()) {
            self.keeper = None;
        }
        if self.twin.as_mut().is_some_and(|twin| twin.link.flush().is_err()) {
            self.twin = None;
        }
    }

    /// Whether something waits for room.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.keeper.as_ref().is_some_and(|link| link.waiting() > 0)
            || self.twin.as_ref().is_some_and(|twin| twin.link.waiting() > 0)
    }

    /// What a socket is to those who are given it.
    #[must_use]
    pub fn item(&self, cookie: Cookie, origin: Origin) -> Item {
        Item::Socket { cookie, from: from(&self.listeners, cookie, origin) }
    }

    /// Gives the keeper every socket.
    pub fn give_keeper_all(&mut self, sockets: &Sockets) {
        for (cookie, origin, socket) in sockets.iter() {
            self.tell_keeper(&ToKeeper::Item(self.item(cookie, origin)), &[socket]);
        }
    }

    /// Gives the twin every socket.
    pub fn give_twin_all(&mut self, sockets: &Sockets) {
        for (cookie, origin, socket) in sockets.iter() {
            self.tell_twin(&ToPartner::Item(self.item(cookie, origin)), &[socket]);
        }
    }
}

/// Where a socket is from, for others.
#[must_use]
pub fn from(listeners: &HashMap<Cookie, ListenerId>, cookie: Cookie, origin: Origin) -> From {
    match origin {
        Origin::Accepted => From::Listener(listeners.get(&cookie).copied().unwrap_or_default()),
        Origin::Opened => From::Opened,
        Origin::Datagram => From::Datagram,
    }
}

/// The links as the sockets' owner knows them.
#[derive(Debug)]
pub struct ByWire(pub Rc<RefCell<Wires>>);

impl Sharer for ByWire {
    fn share(&mut self, cookie: Cookie, origin: Origin, socket: BorrowedFd<'_>) -> io::Result<()> {
        let mut wires = self.0.borrow_mut();
        if let Some(listener) = wires.accepting {
            wires.listeners.insert(cookie, listener);
        }
        let item = wires.item(cookie, origin);
        // What was sent is theirs even if they are asleep, and if this process dies now.
        wires.tell_twin(&ToPartner::Item(item.clone()), &[socket.as_fd()]);
        wires.tell_keeper(&ToKeeper::Item(item), &[socket.as_fd()]);
        Ok(())
    }

    fn forget(&mut self, cookie: Cookie) {
        // The twin comes to it by itself.
        let mut wires = self.0.borrow_mut();
        wires.listeners.remove(&cookie);
        wires.tell_keeper(&ToKeeper::Forget(cookie), &[]);
    }
}
