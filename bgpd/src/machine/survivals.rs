//! What neighbors have been through: takeovers that their sessions survived.

use std::collections::BTreeMap;

use bgp_engine::config::NeighborName;
use bgp_engine::engine::Engine;
use bgp_engine::session::State;
use bgp_engine::value::Digest;
use serde::{Deserialize, Serialize};

/// How many times an established session of each neighbor went on under another primary.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Survivals {
    /// By the neighbor's name as it is written.
    by_name: BTreeMap<String, u64>,
}

impl Survivals {
    /// A neighbor's.
    #[must_use]
    pub fn of(&self, name: &NeighborName) -> u64 {
        self.by_name.get(&name.to_string()).copied().unwrap_or_default()
    }

    /// Another process is the primary from here on.
    pub(super) fn taken_over(&mut self, engine: &Engine) {
        for peer in engine.peers().filter(|peer| peer.session.state() == State::Established) {
            *self.by_name.entry(peer.name.to_string()).or_default() += 1;
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
        for takeovers in self.by_name.values() {
            digest.add(*takeovers);
        }
        digest.value()
    }
}
