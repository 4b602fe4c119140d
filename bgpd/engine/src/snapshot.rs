//! The engine's state as a whole: for now its digest.

use crate::engine::Engine;
use crate::session::State;
use crate::value::Digest;

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
