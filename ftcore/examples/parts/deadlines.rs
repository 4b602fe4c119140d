//! When something is due.

use std::collections::{BTreeMap, BTreeSet};

use ftcore::core::input::{ConnId, Time};
use serde::{Deserialize, Serialize};

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
