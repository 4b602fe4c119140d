//! What a neighbor's wire has seen: connections put together from segments, and the BGP messages on them.
//!
//! A [`Direction`] is the octets that one end sent, in order, each once; octets that come again must be the same.
//! What was never captured and yet acknowledged, or does not frame as BGP, is a complaint, since the proof rests on
//! having seen everything. The judgement is [`Wire::disturbances`]: what a session that lives on must not show.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::Range;

use super::pcap::{ACK, FIN, RST, SYN, Segment};
use crate::bench::encode::{HEADER, kind};

/// The longest message that RFC 8654 allows.
const LONGEST: usize = 65_535;

/// A BGP message on a wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// When its last octet was seen, in µs of Unix time.
    pub at_us: u64,
    /// RFC 4271 §4.1.
    pub kind: u8,
    /// Without the header.
    pub body: Vec<u8>,
}

/// The octets of one end of a connection.
#[derive(Debug, Default)]
pub struct Direction {
    first: Option<u32>,
    octets: Vec<u8>,
    /// Where the octets up to an offset had come at which time, ascending.
    arrivals: Vec<(usize, u64)>,
    /// Octets that came before those in front of them.
    waiting: BTreeMap<usize, Vec<u8>>,
    complaints: Vec<String>,
}

impl Direction {
    /// Sets the sequence number of the first octet.
    fn begin(&mut self, first: u32) {
        self.first.get_or_insert(first);
    }

    /// Takes in a segment's octets.
    fn take(&mut self, segment: &Segment) {
        if segment.payload.is_empty() {
            return;
        }
        let first = *self.first.get_or_insert(segment.sequence);
        // Where the segment begins: the offset next to what is held that has this sequence number.
        let held = self.octets.len();
        let ahead = segment.sequence.wrapping_sub(first.wrapping_add(held as u32)) as i32;
        let Some(start) = held.checked_add_signed(ahead as isize) else {
            return self.complaints.push(format!("octets before the first ({ahead} from the end)"));
        };
        if start > held {
            let kept = self.waiting.entry(start).or_default();
            if kept.len() < segment.payload.len() {
                *kept = segment.payload.clone();
            }
            return;
        }
        self.join(start, &segment.payload, segment.at_us);
        while let Some((&start, _)) = self.waiting.first_key_value() {
            if start > self.octets.len() {
                break;
            }
            let octets = self.waiting.remove(&start).unwrap_or_default();
            self.join(start, &octets, segment.at_us);
        }
    }

    /// Puts octets in their place; what is there already must be the same.
    fn join(&mut self, start: usize, octets: &[u8], at_us: u64) {
        let known = (self.octets.len() - start).min(octets.len());
        if self.octets[start..start + known] != octets[..known] {
            self.complaints.push(format!("octets {start} and on came again and were others"));
        }
        if known < octets.len() {
            self.octets.extend_from_slice(&octets[known..]);
            self.arrivals.push((self.octets.len(), at_us));
        }
    }

    /// Its messages, and what is wrong with them.
    pub fn messages(&self) -> (Vec<Message>, Vec<String>) {
        let mut complaints = self.complaints.clone();
        if let Some((start, octets)) = self.waiting.first_key_value() {
            let (from, held) = (start - self.octets.len(), octets.len());
            complaints.push(format!("{from} octets were not seen in front of {held} others"));
        }
        let (mut messages, mut at, mut arrivals) = (Vec::new(), 0, self.arrivals.iter().peekable());
        while let Some(header) = self.octets[at..].first_chunk::<HEADER>() {
            let length = usize::from(u16::from_be_bytes([header[16], header[17]]));
            if header[..16] != [0xff; 16] || !(HEADER..=LONGEST).contains(&length) {
                complaints.push(format!("octet {at} begins no BGP message: {header:02x?}"));
                break;
            }
            let Some(body) = self.octets.get(at + HEADER..at + length) else { break };
            while arrivals.next_if(|(end, _)| *end < at + length).is_some() {}
            let at_us = arrivals.peek().map_or(0, |(_, at_us)| *at_us);
            messages.push(Message { at_us, kind: header[18], body: body.to_vec() });
            at += length;
        }
        (messages, complaints)
    }
}

/// One TCP connection.
#[derive(Debug)]
pub struct Connection {
    /// In the order of their addresses.
    pub ends: [SocketAddr; 2],
    /// What `ends[0]` and `ends[1]` sent.
    pub directions: [Direction; 2],
    /// Segments with SYN, FIN or RST: when, who, flags.
    pub signs: Vec<(u64, SocketAddr, u8)>,
    /// When its last segment was seen.
    pub last_us: u64,
}

/// All connections that a capture has seen, in the order of their first segments.
#[derive(Debug, Default)]
pub struct Wire {
    /// The connections.
    pub connections: Vec<Connection>,
}

impl Wire {
    /// Puts segments together.
    pub fn of(segments: &[Segment]) -> Wire {
        let mut wire = Wire::default();
        let mut open: BTreeMap<[SocketAddr; 2], usize> = BTreeMap::new();
        for segment in segments {
            let mut ends = [segment.from, segment.to];
            ends.sort();
            let is_first = segment.flags & (SYN | ACK) == SYN;
            let known = open.get(&ends).copied().filter(|&number| {
                // The same ports again: another connection, unless the SYN is sent once more.
                let begun = wire.connections[number].directions.iter().any(|d| !d.octets.is_empty());
                !(is_first && begun)
            });
            let number = known.unwrap_or_else(|| {
                let directions = Default::default();
                wire.connections.push(Connection { ends, directions, signs: Vec::new(), last_us: 0 });
                wire.connections.len() - 1
            });
            open.insert(ends, number);
            wire.connections[number].take(segment);
        }
        wire
    }

    /// What happened in a span of Unix time (µs) that a session which lives on does not show, but for the addresses
    /// that `is_excused` names: SYN, FIN, RST, OPEN, NOTIFICATION, octets that are missing or no messages.
    pub fn disturbances(&self, span_us: Range<u64>, is_excused: impl Fn(IpAddr) -> bool) -> Vec<String> {
        let after_us = span_us.start;
        let mut found = Vec::new();
        for connection in &self.connections {
            let [a, b] = connection.ends;
            if is_excused(a.ip()) || is_excused(b.ip()) {
                continue;
            }
            let name = format!("{a} - {b}");
            for (at_us, from, flags) in connection.signs.iter().filter(|(at_us, ..)| span_us.contains(at_us))
            {
                let second = (at_us - after_us) as f64 / 1e6;
                found.push(format!("{name}: {} from {from} at {second:.3} s", flag_names(*flags)));
            }
            for (end, direction) in connection.ends.iter().zip(&connection.directions) {
                let (messages, complaints) = direction.messages();
                if connection.last_us > after_us {
                    found.extend(complaints.iter().map(|what| format!("{name}: from {end}: {what}")));
                }
                for message in messages.iter().filter(|message| span_us.contains(&message.at_us)) {
                    let second = (message.at_us - after_us) as f64 / 1e6;
                    let what = match message.kind {
                        kind::OPEN => "OPEN".to_string(),
                        kind::NOTIFICATION => format!("NOTIFICATION {:?}", message.body.get(..2)),
                        _ => continue,
                    };
                    found.push(format!("{name}: {what} from {end} at {second:.3} s"));
                }
            }
        }
        found
    }

    /// The connections on which both ends have spoken, that were in use after `after_us` and have not ended.
    pub fn living(&self, after_us: u64) -> impl Iterator<Item = &Connection> {
        self.connections.iter().filter(move |connection| {
            let ended = connection.signs.iter().any(|(_, _, flags)| flags & (FIN | RST) != 0);
            let spoken = connection.directions.iter().all(|direction| direction.octets.len() > HEADER);
            spoken && !ended && connection.last_us > after_us
        })
    }
}

impl Connection {
    fn take(&mut self, segment: &Segment) {
        self.last_us = self.last_us.max(segment.at_us);
        let sender = usize::from(segment.from == self.ends[1]);
        if segment.flags & SYN != 0 {
            self.directions[sender].begin(segment.sequence.wrapping_add(1));
        }
        if segment.flags & (SYN | FIN | RST) != 0 {
            self.signs.push((segment.at_us, segment.from, segment.flags));
        }
        self.directions[sender].take(segment);
    }

    /// The direction that the end with this address sent.
    pub fn from(&self, address: IpAddr) -> Option<&Direction> {
        let place = self.ends.iter().position(|end| end.ip() == address)?;
        Some(&self.directions[place])
    }

    /// The BGP identifier in the OPEN that the end with this address sent.
    pub fn speaks_as(&self, address: IpAddr) -> Option<Ipv4Addr> {
        let (messages, _) = self.from(address)?.messages();
        let open = messages.iter().find(|message| message.kind == kind::OPEN)?;
        let identifier: [u8; 4] = open.body.get(5..9)?.try_into().ok()?;
        Some(identifier.into())
    }
}

fn flag_names(flags: u8) -> String {
    let names = [(SYN, "SYN"), (FIN, "FIN"), (RST, "RST")];
    let set: Vec<&str> = names.iter().filter(|(flag, _)| flags & flag != 0).map(|(_, name)| *name).collect();
    set.join("+")
}

#[cfg(test)]
mod tests {
    use super::super::pcap;
    use super::*;
    use crate::bench::encode::message;

    const ROUTER: &str = "10.0.0.1:179";
    const NEIGHBOR: &str = "10.0.0.2:40000";

    /// A session from the neighbor's SYN on, the router's sequence numbers just before they wrap.
    struct Talk {
        segments: Vec<Segment>,
        next: [u32; 2],
    }

    impl Talk {
        fn begin() -> Talk {
            let mut talk = Talk { segments: Vec::new(), next: [u32::MAX - 30, 5_000] };
            talk.say(1, SYN, &[]);
            talk.say(0, SYN | ACK, &[]);
            for side in [0, 1] {
                talk.say(side, ACK, &message(kind::OPEN, &[4; 10]));
                talk.say(side, ACK, &message(kind::KEEPALIVE, &[]));
            }
            talk
        }

        fn say(&mut self, side: usize, flags: u8, payload: &[u8]) {
            let ends: [SocketAddr; 2] = [ROUTER.parse().unwrap(), NEIGHBOR.parse().unwrap()];
            let at_us = 1_000_000 * (self.segments.len() as u64 + 1);
            let (from, to, sequence) = (ends[side], ends[1 - side], self.next[side]);
            let length = payload.len() as u32 + u32::from(flags & (SYN | FIN) != 0);
            self.next[side] = sequence.wrapping_add(length);
            self.segments.push(Segment { at_us, from, to, sequence, flags, payload: payload.to_vec() });
        }

        fn disturbances(&self) -> Vec<String> {
            let segments = pcap::parse(&pcap::file_of(&self.segments)).unwrap();
            Wire::of(&segments).disturbances(6_500_000..60_000_000, |_| false)
        }
    }

    #[test]
    fn a_session_that_lives_on_disturbs_nobody_even_out_of_order_and_repeated() {
        let mut talk = Talk::begin();
        let update = message(kind::UPDATE, &[7; 40]);
        talk.say(0, ACK, &update[..25]);
        talk.say(0, ACK, &update[25..]);
        let count = talk.segments.len();
        talk.segments.swap(count - 1, count - 2);
        let again = talk.segments[count - 1].clone();
        talk.segments.push(again);
        talk.say(1, ACK, &message(kind::KEEPALIVE, &[]));
        assert_eq!(talk.disturbances(), Vec::<String>::new());
        let wire = Wire::of(&talk.segments);
        let (messages, _) = wire.connections[0].from("10.0.0.1".parse().unwrap()).unwrap().messages();
        assert_eq!(messages.iter().map(|m| m.kind).collect::<Vec<_>>(), [1, 4, 2]);
        assert_eq!(wire.living(6_500_000).count(), 1);
    }

    #[test]
    fn every_sign_of_a_reset_is_seen() {
        for (flags, payload) in [
            (FIN | ACK, vec![]),
            (RST, vec![]),
            (SYN, vec![]),
            (ACK, message(kind::NOTIFICATION, &[6, 2])),
            (ACK, message(kind::OPEN, &[4; 10])),
        ] {
            let mut talk = Talk::begin();
            talk.say(0, flags, &payload);
            assert_eq!(talk.disturbances().len(), 1, "{flags} {payload:?}");
        }
    }

    #[test]
    fn lost_doubled_and_changed_octets_are_seen() {
        let update = message(kind::UPDATE, &[7; 40]);
        let mut lost = Talk::begin();
        lost.say(0, ACK, &update);
        lost.say(0, ACK, &update);
        lost.segments.remove(6);
        assert!(lost.disturbances()[0].contains("not seen"), "{:?}", lost.disturbances());
        let mut doubled = Talk::begin();
        doubled.say(0, ACK, &update[..30]);
        doubled.say(0, ACK, &update[20..]);
        doubled.say(0, ACK, &update);
        assert!(doubled.disturbances()[0].contains("begins no BGP message"), "{:?}", doubled.disturbances());
        let mut changed = Talk::begin();
        changed.say(0, ACK, &update);
        let mut other = changed.segments.last().unwrap().clone();
        other.payload[30] ^= 1;
        changed.segments.push(other);
        assert!(changed.disturbances()[0].contains("were others"), "{:?}", changed.disturbances());
    }
}
