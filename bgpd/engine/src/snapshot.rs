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

use crate::engine::{Engine, Peer, SavedEngine};
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
    /// A digest of the whole state: the paths and the order in which the tables changed, how far each peer has been
    /// told, the octets sent on each connection, and where every session stands. It takes some time for each peer
    /// and none for a route.
    ///
    /// Engines with the same seed that took the same inputs have the same digest, in whatever process.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let mut digest = Digest::default();
        self.rib().facts.attrs.digest(&mut digest);
        self.rib().v4.digest(&mut digest);
        self.rib().v6.digest(&mut digest);
        self.rib().facts.groups.digest(&mut digest);
        self.rib().fib.digest(&mut digest);
        for peer in self.peers() {
            digest_peer(peer, &mut digest);
        }
        for (conn, outstanding, sent) in self.connections() {
            digest.add(conn.0);
            digest.add(outstanding);
            digest.add(sent.value());
        }
        self.digest_rest(&mut digest);
        digest
    }
}

impl Engine {
    /// The part of the digest that takes no time for a peer either: the paths and the order in which the tables
    /// changed, and what there is but once.
    #[must_use]
    pub fn glance(&self) -> Digest {
        let mut digest = Digest::default();
        self.rib().facts.attrs.digest(&mut digest);
        digest.add(self.rib().v4.table.digest().value());
        digest.add(self.rib().v6.table.digest().value());
        self.digest_itself(&mut digest);
        digest
    }
}

fn digest_peer(peer: &Peer, digest: &mut Digest) {
    let statistics = peer.session.statistics();
    digest.add(u64::from(peer.id.0) << 8 | peer.session.state() as u64);
    digest.add(statistics.sent.total());
    digest.add(statistics.received.total());
    digest.add(statistics.established << 32 ^ statistics.dropped);
    digest.add(peer.session.deadline().map_or(0, |deadline| deadline.as_micros()));
    for state in &peer.families.0 {
        let flags = [
            state.import.is_some(),
            state.advertising,
            state.warned,
            state.end_of_rib_received,
            state.default_due,
            state.default_sent,
            state.refreshing,
            state.end_of_rib_sent,
        ];
        digest.add(flags.into_iter().fold(0, |all, flag| all << 1 | u64::from(flag)));
        digest.add(state.next_advertisement.map_or(0, |at| at.as_micros()));
        digest.add(state.refused.policy ^ state.refused.withdrawn << 32);
    }
}
