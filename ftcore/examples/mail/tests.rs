//! Clients of the server, well behaved and not.

use std::collections::BTreeMap;
use std::fs;

use ftcore::core::effect::Close;
use ftcore::core::input::{ConnId, Input, Treatment};
use ftcore::core::machine::Machine;
use proptest::prelude::*;

use crate::machine::{Mail, Settings};
use crate::parts::disk::Told;
use crate::parts::proof::{Ground, Proof};

const SIZE_LIMIT: u64 = 200_000;

/// A server with a Maildir, and its first client.
struct Post {
    proof: Proof<Mail>,
    conn: ConnId,
    ground: Ground,
}

fn post() -> Post {
    let ground = Ground::new("mail");
    for folder in ["tmp", "new", "cur"] {
        fs::create_dir(ground.0.join(folder)).unwrap();
    }
    let settings = Settings { host: "mx.example".to_owned(), size_limit: SIZE_LIMIT, start: 7 };
    let mut proof = Proof::new(|| Mail::new(settings.clone()), &ground);
    proof.step(Input::Other(&Told::TimeOfDay { unix_us: 1_700_000_000_000_000 }.emit()));
    let conn = proof.accept(1);
    Post { proof, conn, ground }
}

impl Post {
    /// Sends, and returns the codes of the replies.
    fn say(&mut self, octets: &[u8]) -> Vec<u16> {
        let text = String::from_utf8(self.proof.exchange(self.conn, octets)).unwrap();
        assert!(text.is_empty() || text.ends_with("\r\n"), "{text}");
        let lines = text.lines().filter(|line| line.as_bytes()[3] == b' ');
        lines.map(|line| line[..3].parse().unwrap()).collect()
    }

    /// The files of a folder of the Maildir: names and contents.
    fn files(&self, folder: &str) -> BTreeMap<String, String> {
        let entries = fs::read_dir(self.ground.0.join(folder)).unwrap().map(Result::unwrap);
        let name = |entry: &fs::DirEntry| entry.file_name().into_string().unwrap();
        let text =
            |entry: &fs::DirEntry| String::from_utf8_lossy(&fs::read(entry.path()).unwrap()).into_owned();
        entries.map(|entry| (name(&entry), text(&entry))).collect()
    }
}

#[test]
fn a_message_comes_into_the_maildir() {
    let mut post = post();
    assert!(post.proof.sent[&post.conn].starts_with(b"220 mx.example "));
    assert_eq!(post.say(b"EHLO client.example\r\n"), [250]);
    assert_eq!(post.say(b"MAIL FROM:<a@b> SIZE=20\r\n"), [250]);
    assert_eq!(post.say(b"RCPT TO:<c@d>\r\nrcpt to:<e@f>\r\n"), [250, 250]);
    assert_eq!(post.say(b"DATA\r\n"), [354]);
    assert!(post.say(b"Subject: x\r\n\r\n..dot\r\n.").is_empty());
    assert_eq!((post.files("new").len(), post.files("tmp").len()), (0, 1));
    assert_eq!(post.say(b"\r\n"), [250]);
    assert_eq!(post.say(b"QUIT\r\nNOOP\r\n"), [221]);
    assert_eq!(post.proof.ended.get(&post.conn), Some(&Close::Orderly));
    assert!(post.files("tmp").is_empty());
    let expected = "Return-Path: <a@b>\nDelivered-To: c@d\nDelivered-To: e@f\n\
                    Received: from client.example ([127.0.0.2])\n\
                    \tby mx.example with ESMTP id 1700000000.B7N1.mx.example;\n\
                    \tTue, 14 Nov 2023 22:13:20 +0000\nSubject: x\n\n.dot\n";
    let expected = [("1700000000.B7N1.mx.example".to_owned(), expected.to_owned())];
    assert_eq!(post.files("new"), BTreeMap::from(expected));
}

#[test]
fn pipelined_messages_come_in_however_they_are_cut() {
    let message = |n: u32| {
        let body = format!("{n}\r\n{}", "0123456789 123456789 123456789\r\n".repeat(n as usize * 20));
        format!("MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n{body}.\r\n")
    };
    let octets: String = (0..20).map(message).collect();
    for piece in [97, 1448, usize::MAX] {
        let mut post = post();
        post.proof.piece = piece;
        post.say(b"HELO client\r\n");
        assert_eq!(post.say(octets.as_bytes()), [250, 250, 354, 250].repeat(20));
        let mut seen: Vec<_> = post.files("new").into_values().collect();
        seen.sort_by_key(String::len);
        for (n, file) in seen.iter().enumerate() {
            let body = file.split_once("+0000\n").unwrap().1;
            assert_eq!(body, format!("{n}\n{}", "0123456789 123456789 123456789\n".repeat(n * 20)));
        }
        assert_eq!(seen.len(), 20);
    }
}

#[test]
fn commands_out_of_order_are_refused() {
    let mut post = post();
    assert_eq!(post.say(b"MAIL FROM:<a@b>\r\n"), [503]);
    assert_eq!(post.say(b"EHLO c\r\nRCPT TO:<c@d>\r\nDATA\r\n"), [250, 503, 503]);
    assert_eq!(post.say(b"MAIL FROM:<a@b>\r\nMAIL FROM:<a@b>\r\nDATA\r\n"), [250, 503, 503]);
    assert_eq!(post.say(b"RSET\r\nRCPT TO:<c@d>\r\nVRFY x\r\nHELP\r\nWHAT\r\n"), [250, 503, 252, 214, 502]);
    assert_eq!(post.say(b"MAIL FROM:<a@b>\r\n"), [250]);
    let recipients = "RCPT TO:<c@d>\r\n".repeat(101);
    let mut expected = vec![250; 100];
    expected.push(452);
    assert_eq!(post.say(recipients.as_bytes()), expected);
    post.say("WHAT\r\n".repeat(50).as_bytes());
    assert_eq!(post.proof.ended.get(&post.conn), Some(&Close::Orderly));
}

#[test]
fn lines_and_messages_have_limits() {
    let mut post = post();
    let long = [b"NOOP ".to_vec(), vec![b'x'; 1000], b"\r\nNOOP\r\n".to_vec()].concat();
    assert_eq!(post.say(b"EHLO c\r\n"), [250]);
    assert_eq!(post.say(&long), [500, 250]);
    assert_eq!(post.say(&[vec![b'x'; 100_000], b"\r\nNOOP\r\n".to_vec()].concat()), [500, 250]);
    assert_eq!(post.say(b"MAIL FROM:<a@b> SIZE=200001\r\n"), [552]);
    assert_eq!(post.say(b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n"), [250, 250, 354]);
    for piece in [1000, usize::MAX] {
        post.proof.piece = piece;
        let large = [b"123456789\r\n".repeat(30_000), b".\r\nNOOP\r\n".to_vec()].concat();
        assert_eq!(post.say(&large), [552, 250]);
        assert!(post.files("new").is_empty() && post.files("tmp").is_empty());
        assert_eq!(post.say(b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n"), [250, 250, 354]);
    }
    assert_eq!(post.say(&[b"1234567890123456789\r\n".repeat(9_000), b".\r\n".to_vec()].concat()), [250]);
    assert!(post.proof.largest_state < 2_000_000, "a state of {} octets", post.proof.largest_state);
}

#[test]
fn a_client_that_does_not_read_is_not_read() {
    let mut post = post();
    post.proof.reading = false;
    post.proof.piece = 10_000;
    post.say("NOOP\r\n".repeat(100_000).as_bytes());
    assert!(post.proof.sent[&post.conn].len() < 300_000 && post.proof.holds(post.conn));
    assert!(post.proof.largest_state < 200_000, "a state of {} octets", post.proof.largest_state);
    post.proof.reading = true;
    let before = post.proof.sent[&post.conn].iter().filter(|octet| **octet == b'\n').count();
    assert_eq!(before + post.say(b"").len(), 1 + 100_000);
}

#[test]
fn a_message_that_breaks_off_leaves_nothing() {
    let mut post = post();
    post.say(b"EHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<c@d>\r\nDATA\r\nhalf a");
    assert_eq!(post.files("tmp").len(), 1);
    post.proof.step(Input::Closed { conn: post.conn, errno: 104 });
    post.proof.settle();
    assert!(post.files("tmp").is_empty() && post.files("new").is_empty());
    assert_eq!(post.proof.machine.unfinished(), []);
    assert!(post.proof.state_size < 300, "a state of {} octets without a client", post.proof.state_size);
}

#[test]
fn a_silent_client_is_left() {
    let mut post = post();
    post.say(b"EHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<c@d>\r\nDATA\r\nhalf a");
    post.proof.pass(299);
    assert_eq!(post.proof.ended.get(&post.conn), None);
    post.proof.pass(2);
    assert_eq!(post.proof.ended.get(&post.conn), Some(&Close::Orderly));
    assert!(post.proof.sent[&post.conn].windows(5).any(|five| five == b"\n421 "));
    assert!(post.files("tmp").is_empty());
}

#[test]
fn a_disk_that_refuses_is_the_sender_s_matter() {
    let mut post = post();
    fs::remove_dir_all(post.ground.0.join("tmp")).unwrap();
    let message = b"MAIL FROM:<>\r\nRCPT TO:<c@d>\r\nDATA\r\nx\r\n.\r\n";
    assert_eq!(post.say(&[b"EHLO c\r\n", &message[..]].concat()), [250, 250, 250, 354, 451]);
    fs::create_dir(post.ground.0.join("tmp")).unwrap();
    assert_eq!(post.say(message), [250, 250, 354, 250]);
    fs::remove_dir_all(post.ground.0.join("new")).unwrap();
    assert_eq!(post.say(message), [250, 250, 354, 451]);
}

#[test]
fn a_line_that_kills_is_got_over() {
    let mut post = post();
    post.say(b"EHLO c\r\n");
    let (conn, octets) = (post.conn, &b"X\r\n"[..]);
    post.proof.step(Input::Poison { conn, octets, treatment: Treatment::Withdraw });
    assert_eq!(post.say(b"MAIL FROM:<>\r\nRCPT TO:<c@d>\r\nDATA\r\n"), [250, 250, 354]);
    post.proof.step(Input::Poison { conn, octets, treatment: Treatment::Withdraw });
    assert_eq!(post.proof.ended.get(&conn), Some(&Close::Orderly));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_octets_are_borne(
        pieces in prop::collection::vec(
            prop_oneof![
                prop::collection::vec(any::<u8>(), 0..40),
                "(MAIL FROM|RCPT TO|RCPT FROM):[<>a@ \"\\\\]{0,9}\r?\n".prop_map(String::into_bytes),
                "(EHLO|RSET|NOOP|DATA)[ a-z]{0,2}\r\n".prop_map(String::into_bytes),
                "[.\r\na]{0,9}".prop_map(String::into_bytes),
                Just(b"MAIL FROM:<a>\r\nRCPT TO:<b>\r\nDATA\r\n".to_vec()),
            ],
            0..30,
        ),
        piece in 1_usize..100,
    ) {
        let mut post = post();
        post.proof.piece = piece;
        post.say(b"EHLO a\r\n");
        post.proof.exchange(post.conn, &pieces.concat());
        post.proof.step(Input::Other(&pieces.concat()));
        post.proof.pass(1000);
        prop_assert!(post.proof.ended.contains_key(&post.conn));
        prop_assert!(post.files("tmp").is_empty());
        let accepted = post.proof.sent[&post.conn].windows(11).filter(|reply| *reply == b"\n250 2.6.0 ").count();
        prop_assert_eq!(post.files("new").len(), accepted);
    }
}
