//! Route maps as an operator writes them.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::{Action, Match, Set};

/// `route-map NAME`: entries by sequence number, the first whose clauses all match decides, none denies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RouteMap {
    /// By sequence number.
    pub entries: BTreeMap<u32, RouteMapEntry>,
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteMapEntry {
    /// What it says.
    pub action: Action,
    /// `description`.
    #[serde(default)]
    pub description: Option<String>,
    /// All must match.
    #[serde(default)]
    pub matches: Vec<Match>,
    /// What is done to a route that is permitted, in this order: in FRR too it is the order in which they were
    /// written, and it matters.
    #[serde(default)]
    pub sets: Vec<Set>,
    /// `call NAME`: this map is asked after the set clauses, and if it denies the route is denied.
    #[serde(default)]
    pub call: Option<String>,
    /// Where to go on after a match.
    #[serde(default)]
    pub then: Then,
}

/// What follows an entry that matched and permits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Then {
    /// The route is permitted.
    #[default]
    Stop,
    /// `on-match next`: the next entry is asked.
    Next,
    /// `on-match goto N`, `continue N`: the first entry from this number on is asked.
    Goto(u32),
}

impl RouteMapEntry {
    /// An entry with nothing in it.
    #[must_use]
    pub const fn new(action: Action) -> Self {
        RouteMapEntry {
            action,
            description: None,
            matches: Vec::new(),
            sets: Vec::new(),
            call: None,
            then: Then::Stop,
        }
    }

    /// Adds a clause; of a kind there is one, and the new one takes the last place, as in FRR.
    pub fn add_match(&mut self, clause: Match) {
        if !self.matches.contains(&clause) {
            self.matches.retain(|other| other.kind() != clause.kind());
            self.matches.push(clause);
        }
    }

    /// Adds a clause; of a kind there is one, and the new one takes the last place, as in FRR.
    pub fn add_set(&mut self, clause: Set) {
        if !self.sets.contains(&clause) {
            self.sets.retain(|other| other.kind() != clause.kind());
            self.sets.push(clause);
        }
    }
}
