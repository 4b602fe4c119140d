//! Each BGP message in tcpdump's captures has the outcome that was reviewed once, and none makes a reader panic.

use std::fmt::Write;

use bgp_engine::value::PeerKind;
use bgp_engine::wire::{self, Dialect, Message, UpdateMessage, frame};

use crate::fields::{file, octets, open_minded, text};

const SNAPSHOT: &str = "vectors/tcpdump-outcomes.txt";

fn update(update: &UpdateMessage<'_>) -> String {
    let mut line = String::from("update");
    if let Some(family) = update.end_of_rib {
        write!(line, ", End-of-RIB {family}").unwrap();
    }
    for (name, nlri) in [("withdraws", Some(update.withdrawn)), ("withdraws mp", update.mp_withdrawn)] {
        nlri.into_iter()
            .for_each(|nlri| nlri.v4().for_each(|(_, net)| write!(line, ", {name} {net}").unwrap()));
        nlri.into_iter()
            .for_each(|nlri| nlri.v6().for_each(|(_, net)| write!(line, ", {name} {net}").unwrap()));
    }
    for (name, nlri) in [("announces", Some(update.announced)), ("announces mp", update.mp_announced)] {
        nlri.into_iter()
            .for_each(|nlri| nlri.v4().for_each(|(_, net)| write!(line, ", {name} {net}").unwrap()));
        nlri.into_iter()
            .for_each(|nlri| nlri.v6().for_each(|(_, net)| write!(line, ", {name} {net}").unwrap()));
    }
    if let Some(set) = &update.attributes {
        write!(line, ", next hop {}, path [{}], origin {}", set.next_hop, set.as_path, set.origin).unwrap();
        for (name, list) in [
            ("communities", set.communities.to_string()),
            ("extended", set.rare().extended_communities.to_string()),
            ("large", set.rare().large_communities.to_string()),
        ] {
            if !list.is_empty() {
                write!(line, ", {name} [{list}]").unwrap();
            }
        }
        set.rare().unknown.iter().for_each(|unknown| write!(line, ", unknown {}", unknown.code).unwrap());
    }
    update.errors.iter().for_each(|error| write!(line, "; {error}").unwrap());
    line
}

/// The outcome from an internal peer, or from an external one where it is LOCAL_PREF that lacks.
fn outcome(stream: &[u8], dialect: &Dialect) -> String {
    let line = outcome_in(stream, dialect);
    if line.contains("(LOCAL_PREF): mandatory") {
        return outcome_in(stream, &Dialect { peer: PeerKind::External, ..*dialect });
    }
    line
}

/// The outcome as a line.
fn outcome_in(stream: &[u8], dialect: &Dialect) -> String {
    let frame = match frame::next(stream, dialect.max_len()) {
        Ok(Some(frame)) => frame,
        Ok(None) => return "not whole".into(),
        Err(refusal) => return format!("refused: {refusal} {:02x?}", refusal.data),
    };
    match wire::parse(&frame, dialect) {
        Ok(Message::Open(open)) => {
            let names: Vec<_> = open.capabilities.iter().map(wire::Capability::name).collect();
            format!("open, AS {}, {} s, {}, {names:?}", open.asn(), open.hold_time_s, open.router_id)
        }
        Ok(Message::Update(message)) => update(&message),
        Ok(Message::Notification(notification)) => {
            let text = notification.shutdown_text().map(|text| format!(" {text:?}"));
            format!("notification {notification}{}", text.unwrap_or_default())
        }
        Ok(Message::Keepalive) => "keepalive".into(),
        Ok(Message::RouteRefresh(refresh)) => format!("route refresh {refresh:?}"),
        Err(refusal) => format!("refused: {refusal} {:02x?}", refusal.data),
    }
}

#[test]
fn each_message_has_the_outcome_that_was_reviewed() {
    let mut lines = String::new();
    for (number, line) in text("vectors/tcpdump-messages.jsonl").lines().enumerate() {
        let vector: serde_json::Value = serde_json::from_str(line).unwrap();
        let stream = octets(vector["hex"].as_str().unwrap());
        let new = outcome(&stream, &open_minded());
        let old = outcome(&stream, &Dialect { four_octet_as: false, ..open_minded() });
        let both = if new == old { new } else { format!("{new}\n    or, from an old speaker: {old}") };
        writeln!(lines, "{} {}: {both}", number + 1, vector["file"].as_str().unwrap()).unwrap();
    }
    if std::env::var_os("FTBGP_WRITE_SNAPSHOTS").is_some() {
        std::fs::write(file(SNAPSHOT), &lines).unwrap();
    }
    let expected = text(SNAPSHOT);
    for (line, expected) in lines.lines().zip(expected.lines()) {
        assert_eq!(line, expected);
    }
    assert_eq!(lines.lines().count(), expected.lines().count());
}

/// Each message cut short everywhere, and with each octet changed, ends in some outcome.
#[test]
fn no_message_makes_a_reader_panic_when_it_is_cut_or_changed() {
    for line in text("vectors/tcpdump-messages.jsonl").lines() {
        let vector: serde_json::Value = serde_json::from_str(line).unwrap();
        let mut stream = octets(vector["hex"].as_str().unwrap());
        if stream.len() > 1000 {
            continue;
        }
        for place in 16..stream.len() {
            let octet = stream[place];
            for changed in [0, 1, octet.wrapping_add(1), 0x7f, 0xff] {
                stream[place] = changed;
                outcome(&stream, &open_minded());
            }
            stream[place] = octet;
        }
        // The header's length follows the cut, so that the body is read.
        for len in (19..stream.len()).rev() {
            stream.truncate(len);
            stream[16..18].copy_from_slice(&u16::try_from(len).unwrap().to_be_bytes());
            outcome(&stream, &open_minded());
        }
    }
}
