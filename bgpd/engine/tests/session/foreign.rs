//! Other people's ways of choosing between two connections, as small models: what a session meets outside.

use std::collections::BTreeMap;

use bgp_engine::effect::Close;
use bgp_engine::session::{Action, Event, State};
use bgp_engine::value::{ConnId, Duration, Instant, RouterId};
use bgp_engine::wire::notification::Notification;
use bgp_engine::wire::open::OpenMessage;

use super::network::Random;

/// How a router chooses between two connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// RFC 4271 §6.8 to the letter: an OPEN is held against connections in OpenConfirm.
    Letter,
    /// An OPEN is held against connections in OpenSent too, as FRR does.
    Early,
    /// Whatever stands first stays, a further connection is closed at once.
    FirstComes,
}

/// A router of another make, without timers but for its attempts to connect.
pub(crate) struct Foreign {
    way: Way,
    open: OpenMessage,
    conns: BTreeMap<ConnId, Conn>,
    connecting: bool,
    retry: Option<Instant>,
    random: Random,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Opener {
    This,
    Peer,
}

#[derive(Clone, Copy)]
struct Conn {
    opener: Opener,
    state: State,
}

impl Foreign {
    pub(crate) fn new(way: Way, open: OpenMessage, seed: u64) -> Foreign {
        Foreign { way, open, conns: BTreeMap::new(), connecting: false, retry: None, random: Random(seed) }
    }

    pub(crate) fn state(&self) -> State {
        let connecting = if self.connecting { State::Connect } else { State::Idle };
        self.conns.values().map(|conn| conn.state).max().unwrap_or_default().max(connecting)
    }

    pub(crate) fn connection(&self) -> Option<ConnId> {
        self.conns.iter().find(|(_, conn)| conn.state == State::Established).map(|(name, _)| *name)
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.retry
    }

    pub(crate) fn step(&mut self, event: Event<'_>, now: Instant, out: &mut Vec<Action>) {
        match event {
            Event::Start => self.connect(out),
            Event::Accepted(conn) => self.stands(conn, Opener::Peer, out),
            Event::Connected(conn) => {
                self.connecting = false;
                self.stands(conn, Opener::This, out);
            }
            Event::ConnectFailed(_) => self.connecting = false,
            Event::Open(conn, open) => self.take_open(conn, (open.router_id, open.my_as), out),
            Event::Keepalive(conn) => {
                if let Some(conn) = self.conns.get_mut(&conn) {
                    conn.state = State::Established;
                }
            }
            Event::Closed(conn) => drop(self.conns.remove(&conn)),
            Event::Notification(conn, _) | Event::Malformed(conn, _) => {
                if self.conns.remove(&conn).is_some() {
                    out.push(Action::Close(conn, Close::Orderly));
                }
            }
            Event::Clock => {
                if self.retry.take_if(|at| *at <= now).is_some() && self.conns.is_empty() && !self.connecting
                {
                    self.connect(out);
                }
            }
            Event::Stop(_)
            | Event::Update(_)
            | Event::RouteRefresh(_)
            | Event::EndOfRib(..)
            | Event::Progress { .. } => {}
        }
        if self.conns.is_empty() && !self.connecting && self.retry.is_none() {
            self.retry = Some(now + Duration::from_micros(500_000 + self.random.below(5_000_000)));
        }
    }

    fn connect(&mut self, out: &mut Vec<Action>) {
        self.connecting = true;
        out.push(Action::Connect);
    }

    fn stands(&mut self, conn: ConnId, opener: Opener, out: &mut Vec<Action>) {
        if self.way == Way::FirstComes && !self.conns.is_empty() {
            out.push(Action::Close(conn, Close::Orderly));
            return;
        }
        self.conns.insert(conn, Conn { opener, state: State::OpenSent });
        let mut octets = Vec::new();
        self.open.emit(&mut octets);
        out.push(Action::Send(conn, octets));
    }

    fn take_open(&mut self, name: ConnId, peer: (RouterId, u16), out: &mut Vec<Action>) {
        let Some(conn) = self.conns.get(&name).copied() else { return };
        let least = if self.way == Way::Early { State::OpenSent } else { State::OpenConfirm };
        let rival = self.conns.iter().find(|(other, rival)| **other != name && rival.state >= least);
        if let Some((rival, state)) = rival.map(|(rival, conn)| (*rival, conn.state)) {
            let own_stays = (self.open.router_id, self.open.my_as) > peer;
            let this_stays = state != State::Established && (conn.opener == Opener::This) == own_stays;
            let loser = if this_stays { rival } else { name };
            self.conns.remove(&loser);
            let mut octets = Vec::new();
            Notification::cease(7).emit(&mut octets);
            out.extend([Action::Send(loser, octets), Action::Close(loser, Close::Orderly)]);
            if !this_stays {
                return;
            }
        }
        self.conns.insert(name, Conn { state: State::OpenConfirm, ..conn });
        let mut octets = Vec::new();
        bgp_engine::wire::emit_keepalive(&mut octets);
        out.push(Action::Send(name, octets));
    }
}
