//! A message that killed a process, with all that is needed to give it to a router again.

use std::fmt::Write as _;
use std::net::SocketAddr;

use bgp_engine::engine::{Engine, Peer};
use bgp_engine::session::State;
use bgp_engine::value::ConnId;
use ftcore::core::input::{Ends, Input, Treatment};
use serde::{Deserialize, Serialize};

use crate::config::{Config, running_config};

/// The message, whose it was, and what the session was like.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Quarantined {
    /// The neighbor's name; `None` where the connection was nobody's.
    pub neighbor: Option<String>,
    /// This router's end of the connection.
    pub local: Option<SocketAddr>,
    /// The neighbor's.
    pub remote: Option<SocketAddr>,
    /// The session's state when the message came, in the RFC's words.
    pub state: String,
    /// The neighbor's OPEN, from its header on, in hexadecimal: what was negotiated follows from it.
    pub open: Option<String>,
    /// The configuration without its passwords.
    pub configuration: String,
    /// The message, in hexadecimal.
    pub message: String,
    /// How it was got over: `withdraw`, `endSession` or `drop`.
    pub treatment: String,
    /// The version of the program that it killed.
    pub version: String,
    /// What the octets are.
    #[serde(default)]
    pub kind: Kind,
}

/// What can kill a process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// Octets of a neighbor.
    #[default]
    Message,
    /// An input of this program's own: an operator's line, a configuration, what the kernel said.
    Input,
}

impl Kind {
    /// What it is called in a sentence.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Kind::Message => "message",
            Kind::Input => "input of the router's own",
        }
    }
}

impl Quarantined {
    /// Describes a message that came on a connection.
    #[must_use]
    pub fn describe(
        engine: &Engine,
        config: &Config,
        conn: ConnId,
        octets: &[u8],
        treatment: Treatment,
    ) -> Quarantined {
        let on_it = |peer: &&Peer| peer.session.connections().any(|other| other == conn);
        let peer = engine.peers().find(on_it);
        let established = peer.filter(|peer| peer.session.state() == State::Established);
        let open = established.and_then(|peer| peer.session.peer_open()).map(|open| {
            let mut octets = Vec::new();
            open.emit(&mut octets);
            hex(&octets)
        });
        let ends = peer.and_then(|peer| peer.ends);
        Quarantined {
            neighbor: peer.map(|peer| peer.name.to_string()),
            local: ends.map(|(local, _)| local),
            remote: ends.map(|(_, remote)| remote),
            state: peer.map(|peer| peer.session.state()).unwrap_or(State::Idle).to_string(),
            open,
            configuration: without_passwords(config),
            message: hex(&[engine.begun(conn), octets].concat()),
            treatment: match treatment {
                Treatment::Withdraw => "withdraw",
                Treatment::EndSession => "endSession",
                Treatment::Drop => "drop",
            }
            .to_owned(),
            version: crate::show::VERSION.to_owned(),
            kind: Kind::Message,
        }
    }

    /// Describes an input that is not given to the router at all; `None` for one that has no octets to keep.
    #[must_use]
    pub fn passed_over(engine: &Engine, config: &Config, input: &Input<'_>) -> Option<Quarantined> {
        match input {
            Input::Received { conn, octets } => {
                Some(Quarantined::describe(engine, config, ConnId(conn.0), octets, Treatment::Drop))
            }
            Input::Other(octets) => Some(Quarantined::undescribed(config, None, octets)),
            _ => None,
        }
    }

    /// An entry's octets of which no more is to be found out: to describe it may be what kills. `ends` are this router's
    /// and the neighbor's end of the connection, where they are one's.
    #[must_use]
    pub fn undescribed(config: &Config, ends: Option<Ends>, octets: &[u8]) -> Quarantined {
        Quarantined {
            neighbor: ends.map(|ends| ends.remote.ip().to_string()),
            local: ends.map(|ends| ends.local),
            remote: ends.map(|ends| ends.remote),
            state: "unknown".to_owned(),
            open: None,
            configuration: without_passwords(config),
            message: hex(octets),
            treatment: "skip".to_owned(),
            version: crate::show::VERSION.to_owned(),
            kind: if ends.is_some() { Kind::Message } else { Kind::Input },
        }
    }
}

/// Octets as hexadecimal digits.
#[must_use]
pub fn hex(octets: &[u8]) -> String {
    octets.iter().fold(String::with_capacity(2 * octets.len()), |mut text, octet| {
        let _ = write!(text, "{octet:02x}");
        text
    })
}

/// Hexadecimal digits as octets; `None` where something else stands there.
#[must_use]
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let octets = text.as_bytes();
    let (pairs, rest) = octets.as_chunks::<2>();
    let digit = |octet: u8| char::from(octet).to_digit(16);
    let octet = |pair: &[u8; 2]| u8::try_from(digit(pair[0])? << 4 | digit(pair[1])?).ok();
    if rest.is_empty() { pairs.iter().map(octet).collect() } else { None }
}

/// The configuration's text without the lines that are nobody else's business.
fn without_passwords(config: &Config) -> String {
    let mut kept = String::new();
    for slice in running_config(config) {
        for line in slice.lines().filter(|line| !line.split_ascii_whitespace().any(|word| word == "password"))
        {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_are_digits_and_back() {
        assert_eq!(unhex(&hex(&[0, 0x9f, 255])), Some(vec![0, 0x9f, 255]));
        assert_eq!(hex(&[]), "");
        for wrong in ["0", "0g", "+1", "é1"] {
            assert_eq!(unhex(wrong), None, "{wrong}");
        }
    }
}
