//! What neighbors have been through: takeovers that their sessions survived, and messages that killed a process.

use std::collections::BTreeMap;

use bgp_engine::config::NeighborName;
use bgp_engine::engine::Engine;
use bgp_engine::session::State;
use bgp_engine::value::{ConnId, Digest};
use serde::{Deserialize, Serialize};

/// A neighbor's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Survival {
    /// How many times an established session of it went on under another primary.
    pub takeovers: u64,
    /// How many of its messages were got over because they had killed a process.
    pub poison: u64,
}

/// Every neighbor's that has any.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Survivals {
    /// By the neighbor's name as it is written.
    by_name: BTreeMap<String, Survival>,
}

impl Survivals {
    /// A neighbor's.
    #[must_use]
    pub fn of(&self, name: &NeighborName) -> Survival {
        self.by_name.get(&name.to_string()).copied().unwrap_or_default()
    }

    /// How many messages of all neighbors were got over.
    #[must_use]
    pub fn poison(&self) -> u64 {
        self.by_name.values().map(|survival| survival.poison).sum()
    }

    /// Another process is the primary from here on.
    pub(super) fn taken_over(&mut self, engine: &Engine) {
        for peer in engine.peers().filter(|peer| peer.session.state() == State::Established) {
            self.by_name.entry(peer.name.to_string()).or_default().takeovers += 1;
        }
    }

    /// A message on this connection is got over.
    pub(super) fn poisoned(&mut self, engine: &Engine, conn: ConnId) {
        let on_it = |peer: &&bgp_engine::engine::Peer| peer.session.connections().any(|other| other == conn);
        if let Some(peer) = engine.peers().find(on_it) {
            self.by_name.entry(peer.name.to_string()).or_default().poison += 1;
        }
    }

    /// Forgets neighbors that there are no more.
    pub(super) fn keep_known(&mut self, engine: &Engine) {
        if !self.by_name.is_empty() {
            let known: Vec<String> = engine.peers().map(|peer| peer.name.to_string()).collect();
            self.by_name.retain(|name, _| known.contains(name));
        }
    }

    pub(super) fn digest(&self) -> u64 {
        let mut digest = Digest::default();
        for survival in self.by_name.values() {
            digest.add(survival.takeovers);
            digest.add(survival.poison);
        }
        digest.value()
    }
}
