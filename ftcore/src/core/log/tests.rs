//! What is written is read the same, wherever the ring's seam falls; what is damaged is never taken for an entry.

use std::net::SocketAddr;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::core::effect::Close;
use crate::core::input::{Cookie, Ends, ListenerId};
use crate::core::private::PrivateMemory;
use crate::core::record::{Cause, Digest, Fate, Given, Piece, Takeover, Verdict};

const RING: usize = 4096;

/// An entry's content that owns its octets.
#[derive(Clone, Debug)]
struct Owned {
    shape: u8,
    number: u64,
    errno: i32,
    octets: Vec<u8>,
    local: SocketAddr,
    remote: SocketAddr,
}

impl Owned {
    fn content(&self) -> Content<'_> {
        let conn = ConnId(self.number);
        let ends = Ends { conn, local: self.local, remote: self.remote };
        let socket = Cookie(self.number.rotate_left(9));
        let how = if self.errno % 2 == 0 { Close::Orderly } else { Close::Abort };
        match self.shape {
            0 => Content::Accepted { ends, listener: ListenerId(self.errno as u32), socket },
            1 => Content::Connected(ends),
            2 => Content::ConnectFailed { conn, errno: self.errno },
            3 => Content::Closed { conn, errno: self.errno },
            4 if !self.octets.is_empty() => Content::Received { conn, octets: &self.octets },
            5 => Content::Drained { conn, octets: self.number },
            6 => Content::Datagram { conn, from: self.remote, octets: &self.octets },
            7 => Content::Other(&self.octets),
            8 => Content::Opened { conn, socket },
            9 => Content::Ended { conn, how },
            10 => Content::Digest(Digest { machine: self.number, streams: !self.number }),
            11 => Content::Takeover(Takeover {
                epoch: Epoch(self.errno as u32),
                cause: Cause::Poison,
                signal: Some(self.errno),
                unix_ms: self.number,
                detect_us: 1,
                takeover_us: 2,
                kept: 3,
                lost: 4,
            }),
            12 => Content::Verdict(Verdict {
                number: EntryNumber(self.number),
                time: Time(self.number),
                fate: Fate::Pieces(vec![Piece { end: 9, how: Given::Plain }]),
            }),
            _ => Content::Clock,
        }
    }
}

fn owned() -> impl Strategy<Value = Owned> {
    let address = any::<SocketAddr>;
    let fields = (0_u8..14, any::<u64>(), any::<i32>(), vec(any::<u8>(), 0..600), address(), address());
    fields.prop_map(|(shape, number, errno, octets, local, remote)| Owned {
        shape,
        number,
        errno,
        octets,
        local,
        remote,
    })
}

/// Writes all, each as soon as the one before is read, and gives what was read to `check`.
fn write_and_read(contents: &[Owned], mut check: impl FnMut(&Owned, Entry<'_>)) -> PrivateMemory {
    let mut memory = PrivateMemory::new(RING);
    let mut writer = Writer::new(&memory, Cursor::default(), Epoch(3));
    let (mut cursor, mut buffer) = (Cursor::default(), Vec::new());
    for (n, content) in contents.iter().enumerate() {
        let time = Time(n as u64 * 7);
        match content.content() {
            Content::Received { conn, octets } => {
                writer.make_room(&mut memory, octets.len() + 100, cursor.position).unwrap();
                let place = writer.place();
                memory.octets_mut(place, octets.len() + 100)[..octets.len()].copy_from_slice(octets);
                writer.received(&mut memory, time, conn, octets.len());
            }
            other => {
                writer.append(&mut memory, (time, other), cursor.position).unwrap();
            }
        }
        let limit = memory.load(Word::Published);
        let (entry, end) = read(&memory, &cursor, limit, &mut buffer).unwrap().unwrap();
        assert_eq!(end, limit);
        cursor = Cursor::behind(&entry, end);
        check(content, entry);
    }
    memory
}

proptest! {
    #[test]
    fn what_is_written_is_read(contents in vec(owned(), 1..60)) {
        write_and_read(&contents, |written, read| {
            assert_eq!(read.content, written.content());
            assert_eq!(read.epoch, Epoch(3));
        });
    }

    #[test]
    fn a_changed_octet_is_seen(contents in vec(owned(), 1..30), place in any::<prop::sample::Index>(), change in 1..=255_u8) {
        let memory = write_and_read(&contents, |_, _| {});
        // Only what the ring still holds.
        let tail = memory.load(Word::Tail);
        let limit = memory.load(Word::Published);
        let mut at = Vec::new();
        let mut buffer = Vec::new();
        let mut writer = Cursor::default();
        for (n, content) in contents.iter().enumerate() {
            let mut payload = Vec::new();
            content.content().emit(&mut payload);
            let end = writer.position + entry::length(payload.len());
            let before = writer;
            writer = Cursor { position: end, number: EntryNumber(n as u64 + 1), epoch: Epoch(3), time: Time(n as u64 * 7) };
            if before.position >= tail {
                at.push((before, entry::HEADER + payload.len()));
            }
        }
        prop_assume!(!at.is_empty());
        let (before, length) = at[place.index(at.len())];
        let mut damaged = memory.clone();
        let octet = before.position + place.index(length) as u64;
        damaged.octets_mut(octet, 1)[0] ^= change;
        prop_assert!(read(&damaged, &before, limit, &mut buffer).is_err());
    }

    #[test]
    fn no_octets_are_too_wild(
        octets in vec(any::<u8>(), RING),
        words in vec(any::<u64>(), 2),
        near in 0..9000_u64,
        number in any::<u64>(),
    ) {
        let mut memory = PrivateMemory::new(RING);
        memory.octets_mut(0, RING).copy_from_slice(&octets);
        memory.store(Word::Tail, words[0] % 3 * 1000);
        let mut buffer = Vec::new();
        for position in [near, words[0], words[1], u64::MAX] {
            let cursor = Cursor { position, number: EntryNumber(number), ..Cursor::default() };
            for limit in [position.wrapping_add(near), words[0], u64::MAX] {
                let read = read(&memory, &cursor, limit, &mut buffer);
                prop_assert!(!matches!(read, Ok(Some(_))), "random octets are no entry");
                looks_like_verdict(&memory, position, limit);
            }
        }
    }

    #[test]
    fn no_payload_is_too_wild(kind in any::<u8>(), payload in vec(any::<u8>(), 0..200), conn in any::<u64>()) {
        let mut whole = vec![0; entry::HEADER + payload.len()];
        whole[entry::HEADER..].copy_from_slice(&payload);
        let content = Content::Closed { conn: ConnId(conn), errno: 0 };
        let entry = Entry { number: EntryNumber(1), epoch: Epoch(1), time: Time(1), content };
        entry.seal_as(kind, &mut whole);
        if let Ok(entry) = entry::parse(&whole) {
            let mut again = Vec::new();
            entry.content.emit(&mut again);
            let same = again == payload || matches!(entry.content, Content::Takeover(_) | Content::Verdict(_) | Content::Accepted { .. } | Content::Connected(_) | Content::Datagram { .. });
            prop_assert!(same, "{entry:?}");
        }
    }
}

#[test]
fn a_full_log_says_how_much_is_missing_and_stays_as_it_was() {
    let mut memory = PrivateMemory::new(RING);
    let mut writer = Writer::new(&memory, Cursor::default(), Epoch(1));
    let payload = [7; 1000];
    for _ in 0..3 {
        writer.append(&mut memory, (Time(0), Content::Other(&payload)), 0).unwrap();
    }
    let before = (writer.cursor(), memory.load(Word::Published), memory.load(Word::Tail));
    let full = writer.append(&mut memory, (Time(0), Content::Other(&payload)), 0).unwrap_err();
    assert_eq!(full.missing, 4 * 1040 - RING as u64);
    assert_eq!((writer.cursor(), memory.load(Word::Published), memory.load(Word::Tail)), before);
    writer.append(&mut memory, (Time(0), Content::Other(&payload)), full.missing).unwrap();
    assert_eq!(memory.load(Word::Tail), full.missing);
    let overrun = LogError::Overrun { position: 0, tail: full.missing };
    let limit = memory.load(Word::Published);
    assert_eq!(read(&memory, &Cursor::default(), limit, &mut Vec::new()), Err(overrun));
}

#[test]
fn an_older_entry_in_the_next_ones_place_is_seen() {
    let mut memory = PrivateMemory::new(RING);
    let mut writer = Writer::new(&memory, Cursor::default(), Epoch(1));
    // Entries that divide the ring: the next lap's fall into the places of this one's.
    for _ in 0..RING / 64 {
        writer.append(&mut memory, (Time(0), Content::Other(&[0; 24])), 0).unwrap();
    }
    let cursor = Cursor { position: RING as u64, ..writer.cursor() };
    let mut buffer = Vec::new();
    let read = read(&memory, &cursor, RING as u64 + 64, &mut buffer);
    assert!(matches!(read, Err(LogError::Sequence { .. })), "{read:?}");
}
