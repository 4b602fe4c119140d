//! What came of the requests that change something, so that a client whose answer was cut off can be told, by
//! whichever process is primary then.

use std::collections::{BTreeMap, VecDeque};

use bgp_engine::value::Digest;
use serde::{Deserialize, Serialize};

use crate::shell::protocol::Status;

/// How many clients' last requests are remembered.
const CLIENTS: usize = 1024;

/// A request's name: its client's, and the client's own count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RequestId {
    /// A number that the client drew.
    pub client: u64,
    /// A number that the client gave, higher than those before.
    pub number: u64,
}

/// What came of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Whether the line was obeyed.
    pub status: Status,
    /// What the operator is told.
    pub text: String,
    /// The modes afterwards, by the lines that they were entered by.
    pub mode: Vec<String>,
}

/// The last outcome of each client; a client has one request under way at a time.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Outcomes {
    by_client: BTreeMap<u64, (u64, Outcome)>,
    /// The clients, the one that was heard longest ago first.
    order: VecDeque<u64>,
    digest: u64,
}

impl Outcomes {
    /// The outcome of a request.
    #[must_use]
    pub fn of(&self, request: RequestId) -> Option<&Outcome> {
        let (number, outcome) = self.by_client.get(&request.client)?;
        (*number == request.number).then_some(outcome)
    }

    /// Remembers an outcome in the place of the client's last one.
    pub fn record(&mut self, request: RequestId, outcome: Outcome) {
        let mut digest = Digest::default();
        digest.add(self.digest);
        digest.add(request.client ^ request.number);
        digest.add(u8::from(outcome.status).into());
        digest.add_octets(outcome.text.as_bytes());
        self.digest = digest.value();
        if self.by_client.insert(request.client, (request.number, outcome)).is_some() {
            self.order.retain(|client| *client != request.client);
        }
        self.order.push_back(request.client);
        if self.order.len() > CLIENTS
            && let Some(client) = self.order.pop_front()
        {
            self.by_client.remove(&client);
        }
    }

    /// A digest of all outcomes so far.
    #[must_use]
    pub fn digest(&self) -> u64 {
        self.digest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_client_has_its_last_outcome_and_the_oldest_client_is_forgotten() {
        let mut outcomes = Outcomes::default();
        let said = |text: &str| Outcome { text: text.to_owned(), ..Outcome::default() };
        let request = |client, number| RequestId { client, number };
        outcomes.record(request(1, 1), said("a"));
        outcomes.record(request(1, 2), said("b"));
        assert_eq!(outcomes.of(request(1, 1)), None);
        assert_eq!(outcomes.of(request(1, 2)), Some(&said("b")));
        for client in 2..=CLIENTS as u64 {
            outcomes.record(request(client, 1), said("c"));
        }
        outcomes.record(request(1, 3), said("d"));
        outcomes.record(request(0, 1), said("e"));
        assert_eq!(outcomes.of(request(1, 3)), Some(&said("d")));
        assert_eq!(outcomes.of(request(2, 1)), None);
    }
}
