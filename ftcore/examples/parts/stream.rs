//! A connection's octets that are on their way, and how few of them there are.

use bytes::{Bytes, BytesMut};
use ftcore::core::effect::{Effect, Effects};
use ftcore::core::input::ConnId;
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
