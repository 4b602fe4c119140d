//! What the machines keep for each connection: how much of it is on its way, and when something is due.

use std::collections::{BTreeMap, BTreeSet};

use bytes::{Bytes, BytesMut};
use ftcore::core::effect::{Effect, Effects};
use ftcore::core::input::{ConnId, Time};
use serde::{Deserialize, Serialize};

/// A connection takes no more octets to send than this before the kernel has taken some.
pub const WINDOW: u64 = 256 * 1024;
/// With so many octets waiting to be worked off, a connection's further ones are left with the peer.
const BACKLOG: usize = 64 * 1024;

/// A connection's octets in both directions.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Stream {
    /// What was received and not worked off.
    pub received: BytesMut,
    undrained: u64,
    held: bool,
}

impl Stream {
    /// Sends.
    pub fn send<E>(&mut self, conn: ConnId, octets: Bytes, effects: &mut Effects<E>) {
        self.undrained += octets.len() as u64;
        effects.list.push(Effect::Send { conn, octets });
    }

    /// The kernel has taken so many.
    pub fn drained(&mut self, octets: u64) {
        self.undrained = self.undrained.saturating_sub(octets);
    }

    /// How many more octets may be sent now.
    pub fn room(&self) -> u64 {
        WINDOW.saturating_sub(self.undrained)
    }

    /// Makes the peer wait while it is far ahead.
    pub fn regulate<E>(&mut self, conn: ConnId, effects: &mut Effects<E>) {
        let hold = self.received.len() > BACKLOG;
        if hold != self.held {
            self.held = hold;
            effects.list.push(if hold { Effect::Hold { conn } } else { Effect::Release { conn } });
        }
    }
}

/// When something is due, one moment a connection.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Deadlines {
    by_time: BTreeSet<(Time, ConnId)>,
    by_conn: BTreeMap<ConnId, Time>,
}

impl Deadlines {
    /// Sets a connection's, or moves it.
    pub fn set(&mut self, conn: ConnId, at: Time) {
        self.clear(conn);
        self.by_conn.insert(conn, at);
        self.by_time.insert((at, conn));
    }

    /// A connection has none any more.
    pub fn clear(&mut self, conn: ConnId) {
        if let Some(at) = self.by_conn.remove(&conn) {
            self.by_time.remove(&(at, conn));
        }
    }

    /// The first.
    pub fn next(&self) -> Option<Time> {
        self.by_time.first().map(|(at, _)| *at)
    }

    /// Takes a connection whose moment has come.
    pub fn expired(&mut self, now: Time) -> Option<ConnId> {
        let (at, conn) = *self.by_time.first()?;
        (at <= now).then(|| self.clear(conn))?;
        Some(conn)
    }
}
