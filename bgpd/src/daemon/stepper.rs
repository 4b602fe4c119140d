//! Where inputs meet the machine and effects leave it: the one place that does both.
//!
//! Every input passes [`Stepper::take`], one after another, on one thread: it is given the time, the machine is
//! stepped, and what it wants is carried out at once and in order. An effect whose outcome is known at once
//! (a connection that cannot even be begun) becomes an input of its own, which waits its turn. Nothing else in
//! the daemon decides anything about the protocol.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;

use bgp_engine::effect::{Close, Effect, Effects};
use bgp_engine::input::Input;
use bgp_engine::value::{ConnId, Instant};
use fib::watch::{Change, Link};

use super::advertiser::Advertiser;
use super::connections::Connections;
use super::listen::Listeners;
use super::machine::Machine;
use super::poll::{Poll, Token};
use super::{clock, log, socket};

/// All that effects act upon.
pub struct Outside {
    /// Readiness.
    pub poll: Poll,
    /// Connections to peers.
    pub connections: Connections,
    /// Where peers connect to.
    pub listeners: Listeners,
    /// Router advertisements, and the token of their socket.
    pub advertiser: (Advertiser, Token),
}

/// The machine and what is around it.
pub struct Stepper<M> {
    machine: M,
    effects: Effects,
    /// What effects act upon.
    pub outside: Outside,
    /// When the machine wants to be stepped, and whether it has work left; from the last step.
    wants: (Option<Instant>, Work),
    owed: VecDeque<Input<'static>>,
    /// How many connections were accepted; each is numbered by it. The machine's own numbers begin far above.
    accepted: u64,
    unsent: Vec<ConnId>,
}

/// Whether there is work that needs no further event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// There is.
    Left,
    /// There is none.
    Done,
}

impl<M: Machine> Stepper<M> {
    /// A machine that has taken no input.
    pub fn new(machine: M, outside: Outside) -> Self {
        Stepper {
            machine,
            effects: Effects::default(),
            outside,
            wants: (None, Work::Done),
            owed: VecDeque::new(),
            accepted: 0,
            unsent: Vec::new(),
        }
    }

    /// The machine, to read from.
    pub fn machine(&self) -> &M {
        &self.machine
    }

    /// Takes one input.
    pub fn take(&mut self, input: Input<'_>) {
        let now = clock::now();
        self.effects.list.clear();
        self.effects.deadline = None;
        self.effects.more = false;
        self.machine.step(now, input, &mut self.effects);
        let work = if self.effects.more { Work::Left } else { Work::Done };
        self.wants = (self.effects.deadline, work);
        let mut list = std::mem::take(&mut self.effects.list);
        for effect in list.drain(..) {
            self.carry_out(effect, now);
        }
        self.effects.list = list;
    }

    /// Takes the inputs that effects have brought about.
    pub fn take_owed(&mut self) {
        for _ in 0..self.owed.len() {
            if let Some(input) = self.owed.pop_front() {
                self.take(input);
            }
        }
    }

    /// Takes time alone, if the machine wants that by now.
    pub fn take_clock(&mut self) {
        let (deadline, work) = self.wants;
        if work == Work::Left || deadline.is_some_and(|deadline| deadline <= clock::now()) {
            self.take(Input::Clock);
        }
    }

    /// Offers to the kernel what waits to be sent, one call for each connection, and tells the machine what
    /// was taken.
    pub fn flush(&mut self) {
        let mut unsent = std::mem::take(&mut self.unsent);
        self.outside.connections.take_unsent(&mut unsent);
        for conn in unsent.drain(..) {
            self.flush_one(conn);
        }
        self.unsent = unsent;
    }

    /// The same for one connection.
    pub fn flush_one(&mut self, conn: ConnId) {
        let octets = self.outside.connections.flush(&self.outside.poll, conn);
        if octets > 0 {
            self.take(Input::Drained { conn, octets });
        }
    }

    /// Takes a connection that was accepted.
    pub fn accept(&mut self, socket: OwnedFd, remote: SocketAddr) {
        self.accepted += 1;
        let conn = ConnId(self.accepted);
        match self.outside.connections.accepted(&self.outside.poll, conn, socket) {
            Ok(ends) => self.take(Input::Accepted(ends)),
            Err(error) => tracing::debug!("a connection from {remote} was gone before it was taken: {error}"),
        }
    }

    /// Takes a change of a link.
    pub fn take_link(&mut self, change: Change) {
        let (advertiser, _) = &mut self.outside.advertiser;
        match change {
            Change::Link(link) => {
                advertiser.link(&link, clock::now());
                self.take(Input::Interface(interface(link)));
            }
            Change::Gone(index) => {
                advertiser.link_gone(index);
                self.take(Input::InterfaceGone(bgp_engine::value::IfIndex(index)));
            }
        }
    }

    /// Takes what routers on unnumbered links say.
    pub fn hear(&mut self) {
        self.outside.advertiser.0.hear(clock::now(), &mut self.owed);
    }

    /// Does what is due outside of the machine.
    pub fn keep_house(&mut self) {
        let now = clock::now();
        let Outside { poll, connections, listeners, advertiser } = &mut self.outside;
        connections.end_overdue(poll, now);
        listeners.resume(poll, now);
        advertiser.0.speak(now);
    }

    /// When something must be done at the latest.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let Outside { connections, listeners, advertiser, .. } = &self.outside;
        let due = [self.wants.0, connections.deadline(), listeners.deadline(), advertiser.0.deadline()];
        due.into_iter().flatten().min()
    }

    /// Whether there is work that no event will announce.
    #[must_use]
    pub fn work(&self) -> Work {
        if self.wants.1 == Work::Left || !self.owed.is_empty() || self.outside.connections.has_unsent() {
            Work::Left
        } else {
            Work::Done
        }
    }

    fn carry_out(&mut self, effect: Effect, now: Instant) {
        let Outside { poll, connections, listeners, advertiser } = &mut self.outside;
        match effect {
            Effect::Connect { conn, remote, interface, local, options } => {
                let begun = connections.connect(poll, conn, (remote, interface), local, &options);
                if let Err(errno) = begun {
                    self.owed.push_back(Input::ConnectFailed { conn, errno });
                }
            }
            Effect::Options { conn, options } => {
                if let Err(error) = connections.set_options(conn, &options) {
                    // A connection without its key or its TTL's guard must not be: better none.
                    let peer = connections.remote(conn).map(|peer| peer.to_string()).unwrap_or_default();
                    tracing::error!(
                        "the connection from {peer} was ended: its options cannot be set: {error}"
                    );
                    connections.close(poll, conn, Close::Abort, now);
                    self.owed.push_back(Input::Closed { conn, errno: socket::errno(&error) });
                }
            }
            Effect::Send { conn, octets } => connections.send(conn, octets),
            Effect::Close { conn, how } => connections.close(poll, conn, how, now),
            Effect::ListenKey { from, interface: _, key } => {
                if let Err(error) = listeners.set_key(from, key.as_deref()) {
                    tracing::error!("cannot set the TCP MD5 key for {from}: {error}");
                }
            }
            Effect::RouterAdvertisements { interface, wanted } => {
                let (advertiser, token) = advertiser;
                if let Err(error) = advertiser.set(poll, *token, interface.clone(), wanted, now) {
                    tracing::error!(
                        "interface {interface}: no router advertisements: {error}; \
                         unnumbered neighbors need CAP_NET_RAW"
                    );
                }
            }
            Effect::Notice(notice) => log::notice(&notice),
        }
    }
}

fn interface(link: Link) -> bgp_engine::input::Interface {
    bgp_engine::input::Interface {
        index: bgp_engine::value::IfIndex(link.index),
        name: link.name,
        up: link.up,
        addresses: link.addresses,
    }
}
