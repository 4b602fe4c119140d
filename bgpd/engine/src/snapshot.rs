//! The engine's state as a whole: save, restore, digest.
//!
//! [`Engine`] is `Serialize` and `Deserialize`. What it writes is meant for a format with named fields (MessagePack
//! with maps), so that a later version can read what an earlier one has saved: a field that comes later gets a
//! `#[serde(default)]` then, and a field that is not known is passed over. The big arrays are columns of octets,
//! see [`octets`](crate::value::octets).
//!
//! An engine that was restored does from then on what the one that was saved does, octet for octet: whatever
//! shapes later output is kept as it is, down to the order in which free places are used again. What follows from
//! the rest (indexes, the policy) is made anew. Nothing of a snapshot is believed: whatever the octets are,
//! restoring ends in an error or in an engine that can take any input.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::engine::{Engine, SavedEngine};
use crate::session::State;
use crate::value::Digest;

impl Serialize for Engine {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.saved().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Engine {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let saved = SavedEngine::deserialize(deserializer)?;
        Engine::restored(saved).map_err(D::Error::custom)
    }
}

impl Engine {
    /// A digest of the whole state: the paths and the order in which the tables changed, the octets sent on each
    /// connection, and where every session stands.
    ///
    /// Engines with the same seed that took the same inputs have the same digest, in whatever process.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let mut digest = Digest::default();
        digest.add(self.rib().v4.table.digest().value());
        digest.add(self.rib().v6.table.digest().value());
        for peer in self.peers() {
            let statistics = peer.session.statistics();
            digest.add(u64::from(peer.id.0) << 8 | state_number(peer.session.state()));
            digest.add(statistics.sent.total());
            digest.add(statistics.received.total());
            digest.add(peer.session.deadline().map_or(0, |deadline| deadline.as_micros()));
        }
        for (conn, _, sent) in self.connections() {
            digest.add(conn.0);
            digest.add(sent.value());
        }
        digest
    }
}

const fn state_number(state: State) -> u64 {
    state as u64
}
