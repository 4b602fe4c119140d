//! Clients of the server, over a network that loses, doubles and makes up datagrams.

use std::fs;
use std::net::SocketAddr;

use ftcore::core::input::{ConnId, FIRST_OWN_CONN, Input};
use proptest::prelude::*;

use crate::machine::{Settings, Tftp};
use crate::packet;
use crate::parts::proof::{Ground, Proof};
use ftcore::core::machine::Machine;

const LISTENING: ConnId = ConnId(FIRST_OWN_CONN);

/// A server over a folder, and its client.
struct Shelf {
    proof: Proof<Tftp>,
    client: SocketAddr,
    ground: Ground,
    /// Of so many datagrams one is lost and another one doubled.
    trouble: usize,
    count: usize,
}

/// What a client sends and what it was sent.
fn request(operation: u8, words: &[&str]) -> Vec<u8> {
    [&[0, operation], words.join("\0").as_bytes(), b"\0"].concat()
}

fn content(length: usize) -> Vec<u8> {
    (0..length.div_ceil(4) as u32).flat_map(|n| (n ^ n << 13).to_le_bytes()).take(length).collect()
}

fn shelf() -> Shelf {
    let ground = Ground::new("tftp");
    fs::create_dir(ground.0.join(".uploads")).unwrap();
    fs::create_dir(ground.0.join("folder")).unwrap();
    fs::write(ground.0.join("file"), content(10_000)).unwrap();
    fs::write(ground.0.join("text"), "a\nb\r\n".repeat(1000)).unwrap();
    let settings = Settings { listen: "127.0.0.1:69".parse().unwrap(), start: 7 };
    let mut proof = Proof::new(|| Tftp::new(settings.clone()), &ground);
    proof.step(Input::Clock);
    Shelf { proof, client: "127.0.0.2:4000".parse().unwrap(), ground, trouble: usize::MAX, count: 0 }
}

impl Shelf {
    fn send(&mut self, conn: ConnId, octets: &[u8]) {
        self.count += 1;
        let times = match self.count % self.trouble {
            _ if self.trouble == usize::MAX => 1,
            3 => 0,
            7 => 2,
            _ => 1,
        };
        for _ in 0..times {
            self.proof.step(Input::Datagram { conn, from: self.client, octets });
            self.proof.settle();
        }
    }

    /// The next datagram for the client; some are lost.
    fn next(&mut self) -> Option<(ConnId, Vec<u8>)> {
        loop {
            let (conn, to, octets) = self.proof.datagrams.pop_front()?;
            assert_eq!(to, self.client);
            self.count += 1;
            if self.trouble == usize::MAX || self.count % self.trouble != 5 {
                return Some((conn, octets.to_vec()));
            }
        }
    }

    /// The code of the error that answers a request.
    fn refusal(&mut self, octets: &[u8]) -> u16 {
        self.send(LISTENING, octets);
        let (_, answer) = self.next().expect("an answer");
        assert_eq!(answer[..2], [0, 5], "{answer:?}");
        u16::from_be_bytes([answer[2], answer[3]])
    }

    /// Reads a file as a patient client does. Returns it and the options that were granted.
    fn read(&mut self, words: &[&str], block_size: usize) -> (Vec<u8>, Vec<u8>) {
        let (mut file, mut options, mut block) = (Vec::new(), Vec::new(), 0_u64);
        let mut last = (LISTENING, request(1, words));
        self.send(last.0, &last.1);
        loop {
            let Some((conn, answer)) = self.next() else {
                self.proof.pass(1);
                if self.proof.datagrams.is_empty() {
                    self.send(last.0, &last.1);
                }
                continue;
            };
            assert!(last.0 == LISTENING || last.0 == conn);
            let number = u64::from(u16::from_be_bytes([answer[2], answer[3]]));
            match answer[1] {
                6 => options = answer[2..].to_vec(),
                3 if number == (block + 1) % 65536 => {
                    block += 1;
                    file.extend(&answer[4..]);
                }
                3 => {}
                _ => panic!("{answer:?}"),
            }
            last = (conn, packet::acknowledgement(block).to_vec());
            self.send(last.0, &last.1);
            if answer[1] == 3 && answer.len() < 4 + block_size {
                return (file, options);
            }
        }
    }

    /// Writes a file as a patient client does.
    fn write(&mut self, words: &[&str], file: &[u8], block_size: usize) {
        let mut packets = vec![request(2, words)];
        let blocks = file.len() / block_size + 1;
        packets.extend((0..blocks).map(|n| {
            let block = &file[n * block_size..file.len().min((n + 1) * block_size)];
            packet::data(n as u64 + 1, block).to_vec()
        }));
        let (mut conn, mut at) = (LISTENING, 0);
        self.send(conn, &packets[0]);
        while at < packets.len() {
            let Some((from, answer)) = self.next() else {
                self.send(conn, &packets[at]);
                continue;
            };
            conn = from;
            let acknowledged = match answer[1] {
                4 => usize::from(u16::from_be_bytes([answer[2], answer[3]])) == at % 65536,
                6 => at == 0,
                _ => panic!("{answer:?}"),
            };
            if acknowledged {
                at += 1;
                packets.get(at).cloned().into_iter().for_each(|packet| self.send(conn, &packet));
            }
        }
    }

    /// Every transfer has come to an end and left nothing.
    fn rest(&mut self) {
        self.proof.pass(60);
        assert!(fs::read_dir(self.ground.0.join(".uploads")).unwrap().next().is_none());
        assert_eq!(self.proof.machine.unfinished(), []);
        assert!(self.proof.state_size < 250, "a state of {} octets without a client", self.proof.state_size);
    }
}

#[test]
fn files_are_read_whatever_the_network_does() {
    for trouble in [usize::MAX, 11, 8] {
        let mut shelf = shelf();
        shelf.trouble = trouble;
        assert!(shelf.read(&["file", "octet"], 512).0 == content(10_000));
        let (file, options) = shelf.read(&["/file", "octet", "tsize", "0", "blksize", "2500"], 2500);
        assert!(file == content(10_000));
        if trouble == usize::MAX {
            assert_eq!(options, b"blksize\x002500\0tsize\x0010000\0");
        }
        assert_eq!(shelf.read(&["text", "netascii", "tsize", "0"], 512).0, b"a\r\nb\r\0\r\n".repeat(1000));
        shelf.rest();
    }
}

#[test]
fn files_are_written_whatever_the_network_does() {
    for trouble in [usize::MAX, 11, 8] {
        for length in [0, 1, 511, 512, 5120, 9_999] {
            let mut shelf = shelf();
            shelf.trouble = trouble;
            shelf.write(&["folder/new", "octet"], &content(length), 512);
            assert!(fs::read(shelf.ground.0.join("folder/new")).unwrap() == content(length));
            shelf.rest();
        }
        let mut shelf = shelf();
        shelf.trouble = trouble;
        shelf.write(&["text2", "netascii", "blksize", "9"], &b"a\r\nb\r\0\r\n".repeat(100), 9);
        assert_eq!(fs::read(shelf.ground.0.join("text2")).unwrap(), b"a\nb\r\n".repeat(100));
        shelf.rest();
    }
}

#[test]
fn numbers_of_blocks_go_round() {
    let mut shelf = shelf();
    let file = content(8 * 66_000 + 3);
    shelf.write(&["large", "octet", "blksize", "8"], &file, 8);
    assert!(fs::read(shelf.ground.0.join("large")).unwrap() == file);
    assert!(shelf.read(&["large", "octet", "blksize", "8"], 8).0 == file);
    shelf.rest();
}

#[test]
fn what_is_not_for_clients() {
    let mut shelf = shelf();
    assert_eq!(shelf.refusal(&request(1, &["none", "octet"])), 1);
    assert_eq!(shelf.refusal(&request(1, &["folder", "octet"])), 1);
    assert_eq!(shelf.refusal(&request(1, &["../etc/passwd", "octet"])), 2);
    assert_eq!(shelf.refusal(&request(2, &["file", "octet"])), 6);
    assert_eq!(shelf.refusal(&request(1, &["file", "mail"])), 4);
    shelf.rest();
}

#[test]
fn a_file_in_a_folder_that_is_not_there_is_refused_at_its_end() {
    let mut shelf = shelf();
    shelf.send(LISTENING, &request(2, &["nowhere/new", "octet"]));
    let (conn, _) = shelf.next().unwrap();
    shelf.send(conn, &packet::data(1, b"end"));
    assert_eq!(shelf.next().unwrap().1[..4], [0, 5, 0, 2]);
    shelf.rest();
}

#[test]
fn a_stranger_does_not_disturb() {
    let mut shelf = shelf();
    shelf.send(LISTENING, &request(1, &["file", "octet"]));
    let (conn, _) = shelf.next().unwrap();
    let stranger = "127.0.0.3:5".parse().unwrap();
    shelf.proof.step(Input::Datagram { conn, from: stranger, octets: &packet::acknowledgement(1) });
    let (_, to, answer) = shelf.proof.datagrams.pop_front().unwrap();
    assert_eq!((to, &answer[..4]), (stranger, &[0, 5, 0, 5][..]));
    shelf.proof.step(Input::Datagram { conn, from: stranger, octets: &answer });
    assert_eq!(shelf.proof.datagrams.pop_front(), None);
    shelf.send(conn, &packet::acknowledgement(1));
    assert_eq!(shelf.next().unwrap().1[..4], [0, 3, 0, 2]);
}

#[test]
fn an_acknowledgement_that_comes_twice_is_answered_once() {
    let mut shelf = shelf();
    shelf.send(LISTENING, &request(1, &["file", "octet"]));
    let (conn, _) = shelf.next().unwrap();
    shelf.send(conn, &packet::acknowledgement(1));
    shelf.send(conn, &packet::acknowledgement(1));
    assert_eq!(shelf.next().unwrap().1[..4], [0, 3, 0, 2]);
    assert_eq!(shelf.next(), None);
}

#[test]
fn a_client_that_is_gone_is_given_up() {
    let mut shelf = shelf();
    shelf.send(LISTENING, &request(1, &["file", "octet", "timeout", "2"]));
    shelf.send(LISTENING, &request(1, &["file", "octet", "timeout", "2"]));
    shelf.proof.pass(30);
    assert_eq!(shelf.proof.datagrams.len(), 8, "the options, again and again");
    shelf.proof.datagrams.clear();
    shelf.send(LISTENING, &request(2, &["new", "octet"]));
    let (conn, _) = shelf.next().unwrap();
    shelf.send(conn, &packet::data(1, &[0; 512]));
    shelf.rest();
    assert!(!shelf.ground.0.join("new").exists());
}

#[test]
fn a_port_that_is_taken_is_tried_again() {
    let mut shelf = shelf();
    shelf.proof.step(Input::ConnectFailed { conn: LISTENING, errno: 98 });
    shelf.proof.pass(2);
    let conn = ConnId(FIRST_OWN_CONN + 1);
    shelf.send(conn, &request(1, &["none", "octet"]));
    assert_eq!(shelf.next().unwrap().1[..4], [0, 5, 0, 1]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_datagrams_are_borne(
        datagrams in prop::collection::vec(
            (
                0_u64..4,
                0_u16..3,
                prop_oneof![
                    prop::collection::vec(any::<u8>(), 0..20),
                    "\0[\x01\x02](file|new|text)\0(octet|netascii)\0(blksize\x008\0)?(tsize\x009\0)?"
                        .prop_map(String::into_bytes),
                    (3_u8..7, 0_u8..4, prop::collection::vec(any::<u8>(), 0..20))
                        .prop_map(|(operation, block, rest)| [&[0, operation, 0, block], &rest[..]].concat()),
                ],
            ),
            0..40,
        ),
    ) {
        let mut shelf = shelf();
        for (conn, port, octets) in datagrams {
            let conn = ConnId(FIRST_OWN_CONN + conn);
            if !shelf.proof.ended.contains_key(&conn) {
                shelf.client.set_port(4000 + port);
                shelf.send(conn, &octets);
            }
        }
        shelf.rest();
        shelf.proof.datagrams.clear();
        shelf.client.set_port(5000);
        prop_assert!(shelf.read(&["file", "octet"], 512).0 == content(10_000));
    }
}
