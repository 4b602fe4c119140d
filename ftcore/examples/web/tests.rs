//! Clients of the server, well behaved and not.

use std::fs;

use ftcore::core::effect::Close;
use ftcore::core::input::{ConnId, Input};
use ftcore::core::machine::Machine;
use proptest::prelude::*;

use crate::machine::Web;
use crate::parts::disk::Told;
use crate::parts::proof::{Ground, Proof};

/// A server over a folder with some files, and its first client.
struct Site {
    proof: Proof<Web>,
    conn: ConnId,
    _ground: Ground,
}

/// A file of some slices, no two alike.
fn large() -> Vec<u8> {
    (0..300_000_u32).flat_map(u32::to_le_bytes).collect()
}

fn site() -> Site {
    let ground = Ground::new("web");
    fs::write(ground.0.join("index.html"), "<p>hello").unwrap();
    fs::write(ground.0.join("digits.txt"), "0123456789").unwrap();
    fs::write(ground.0.join("empty"), "").unwrap();
    fs::write(ground.0.join("large"), large()).unwrap();
    fs::create_dir(ground.0.join("a b")).unwrap();
    std::os::unix::fs::symlink("/etc", ground.0.join("out")).unwrap();
    let mut proof = Proof::new(Web::default, &ground);
    let unix_us = 1_700_000_000_000_000;
    proof.step(Input::Other(&Told::TimeOfDay { unix_us }.emit()));
    let conn = proof.accept(1);
    Site { proof, conn, _ground: ground }
}

/// An answer, taken apart.
#[derive(Debug, PartialEq)]
struct Seen {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Seen {
    /// The first answer of a stream; the rest of it is left there.
    fn take(stream: &mut &[u8]) -> Option<Seen> {
        let end = stream.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
        let head = String::from_utf8(stream[..end].to_vec()).unwrap();
        let status = head.split(' ').nth(1)?.parse().unwrap();
        *stream = &stream[end..];
        let mut seen = Seen { status, head, body: Vec::new() };
        let length = seen.field("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        let body;
        (body, *stream) = stream.split_at(usize::min(length, stream.len()));
        seen.body = body.to_vec();
        Some(seen)
    }

    fn field(&self, name: &str) -> Option<&str> {
        let fields = self.head.lines().filter_map(|line| line.split_once(": "));
        fields.into_iter().find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

impl Site {
    /// Sends a request with these further fields, and takes its one answer.
    fn ask(&mut self, line: &str, fields: &str) -> Seen {
        let request = format!("{line} HTTP/1.1\r\nHost: a\r\n{fields}\r\n");
        let stream = self.proof.exchange(self.conn, request.as_bytes());
        Seen::take(&mut stream.as_slice()).expect("an answer")
    }
}

#[test]
fn files_are_answered_with_what_a_cache_needs() {
    let mut site = site();
    let seen = site.ask("GET /", "");
    assert_eq!((seen.status, seen.body.as_slice()), (200, &b"<p>hello"[..]));
    assert_eq!(seen.field("date"), Some("Tue, 14 Nov 2023 22:13:20 GMT"));
    assert_eq!(seen.field("content-type"), Some("text/html; charset=utf-8"));
    let (tag, changed) = (seen.field("etag").unwrap(), seen.field("last-modified").unwrap());
    for (field, value, status) in [
        ("If-None-Match", tag, 304),
        ("If-None-Match", "\"0\", *", 304),
        ("If-None-Match", "\"0\"", 200),
        ("If-Modified-Since", changed, 304),
        ("If-Modified-Since", "Tue, 14 Nov 2000 22:13:20 GMT", 200),
        ("If-Match", tag, 200),
        ("If-Match", "\"0\"", 412),
        ("If-Unmodified-Since", changed, 200),
        ("If-Unmodified-Since", "Tue, 14 Nov 2000 22:13:20 GMT", 412),
    ] {
        let seen = site.ask("GET /index.html", &format!("{field}: {value}\r\n"));
        assert_eq!(seen.status, status, "{field}: {value}");
    }
    assert_eq!(site.ask("GET /empty", "").body, b"");
    assert!(site.ask("GET /large", "").body == large());
}

#[test]
fn head_says_the_length_and_sends_nothing() {
    let mut site = site();
    let request = b"HEAD /large HTTP/1.1\r\nHost: a\r\n\r\nHEAD /none HTTP/1.1\r\nHost: a\r\n\r\n";
    let text = String::from_utf8(site.proof.exchange(site.conn, request)).unwrap();
    let heads: Vec<_> = text.split_inclusive("\r\n\r\n").collect();
    assert_eq!(heads.len(), 2);
    assert!(heads[0].contains("Content-Length: 1200000\r\n") && heads[0].starts_with("HTTP/1.1 200 OK\r\n"));
    assert!(heads[1].starts_with("HTTP/1.1 404 Not Found\r\n"));
}

#[test]
fn parts_of_a_file() {
    let mut site = site();
    let tag = site.ask("GET /digits.txt", "").field("etag").unwrap().to_owned();
    for (fields, status, body, range) in [
        ("Range: bytes=2-4\r\n", 206, "234", Some("bytes 2-4/10")),
        ("Range: bytes=8-99\r\n", 206, "89", Some("bytes 8-9/10")),
        ("Range: bytes=-3\r\n", 206, "789", Some("bytes 7-9/10")),
        ("Range: bytes=-30\r\n", 206, "0123456789", Some("bytes 0-9/10")),
        ("Range: bytes=10-\r\n", 416, "", Some("bytes */10")),
        ("Range: bytes=-0\r\n", 416, "", Some("bytes */10")),
        ("Range: bytes=3-2\r\n", 200, "0123456789", None),
        ("Range: bytes=0-1\r\nIf-Range: \"0\"\r\n", 200, "0123456789", None),
        (&format!("Range: bytes=0-1\r\nIf-Range: {tag}\r\n"), 206, "01", Some("bytes 0-1/10")),
    ] {
        let seen = site.ask("GET /digits.txt", fields);
        let found = (seen.status, std::str::from_utf8(&seen.body).unwrap(), seen.field("content-range"));
        assert_eq!(found, (status, body, range), "{fields}");
    }
    assert_eq!(site.ask("HEAD /digits.txt", "Range: bytes=2-4\r\n").status, 200);
}

#[test]
fn what_is_not_there_or_not_wanted() {
    let mut site = site();
    for (line, status) in [
        ("GET /none", 404),
        ("GET /index.html/x", 404),
        ("GET /out/passwd", 404),
        ("GET /a%20b", 301),
        ("GET /a%20b/", 404),
        ("POST /", 405),
        ("OPTIONS *", 405),
    ] {
        assert_eq!(site.ask(line, "").status, status, "{line}");
    }
    assert_eq!(site.ask("GET /a%20b", "").field("location"), Some("/a%20b/"));
    assert_eq!(site.ask("PUT /", "").field("allow"), Some("GET, HEAD"));
    assert_eq!(site.ask("GET /%2e%2e/x", "").status, 400);
    assert_eq!(site.proof.ended.get(&site.conn), Some(&Close::Orderly));
}

#[test]
fn a_request_s_body_is_skipped() {
    let mut site = site();
    let request = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\nGET / HTTP/1.1\r\n\r\n..";
    let stream = site.proof.exchange(site.conn, request);
    let mut stream = stream.as_slice();
    assert_eq!(Seen::take(&mut stream).unwrap().status, 405);
    assert_eq!(Seen::take(&mut stream), None);
    assert_eq!(site.ask("GET /", "").status, 200);
}

#[test]
fn pipelined_requests_are_answered_in_order_however_they_are_cut() {
    for piece in [1, 7, 1000, usize::MAX] {
        let mut site = site();
        site.proof.piece = piece;
        let paths = ["digits.txt", "none", "large", "", "digits.txt"].repeat(3);
        let requests: String =
            paths.iter().map(|path| format!("GET /{path} HTTP/1.1\r\nHost: a\r\n\r\n")).collect();
        let stream = site.proof.exchange(site.conn, requests.as_bytes());
        let mut stream = stream.as_slice();
        for path in paths {
            let seen = Seen::take(&mut stream).expect("an answer");
            match path {
                "none" => assert_eq!(seen.status, 404),
                "large" => assert!(seen.body == large()),
                "" => assert_eq!(seen.body, b"<p>hello"),
                _ => assert_eq!(seen.body, b"0123456789"),
            }
        }
        assert_eq!(stream, b"");
    }
}

#[test]
fn a_client_that_does_not_read_costs_little_and_is_given_up() {
    let mut site = site();
    site.proof.reading = false;
    let requests = "GET /large HTTP/1.1\r\nHost: a\r\n\r\n".repeat(20_000);
    let seen = site.proof.exchange(site.conn, requests.as_bytes());
    assert!(seen.len() < 300_000, "{} octets of answers on their way", seen.len());
    assert!(site.proof.holds(site.conn));
    site.proof.pass(200);
    assert_eq!(site.proof.ended.get(&site.conn), Some(&Close::Abort));
    assert!(site.proof.largest_state < 1_000_000, "a state of {} octets", site.proof.largest_state);
}

#[test]
fn those_who_keep_the_server_waiting() {
    let mut site = site();
    site.proof.exchange(site.conn, b"GET / HT");
    site.proof.pass(20);
    site.proof.exchange(site.conn, b"TP");
    site.proof.pass(20);
    assert!(site.proof.sent[&site.conn].starts_with(b"HTTP/1.1 408 "));
    let idle = site.proof.accept(2);
    site.proof.pass(61);
    assert_eq!(site.proof.ended.get(&idle), Some(&Close::Orderly));
}

#[test]
fn a_file_that_changes_in_the_middle_breaks_the_connection() {
    let mut site = site();
    site.proof.reading = false;
    site.proof.exchange(site.conn, b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
    fs::write(site._ground.0.join("large"), "other").unwrap();
    site.proof.reading = true;
    site.proof.settle();
    assert_eq!(site.proof.ended.get(&site.conn), Some(&Close::Abort));
}

#[test]
fn a_client_that_leaves_is_forgotten() {
    let mut site = site();
    site.proof.reading = false;
    site.proof.exchange(site.conn, b"GET /large HTTP/1.1\r\nHost: a\r\n\r\nGET");
    site.proof.step(Input::Closed { conn: site.conn, errno: 104 });
    site.proof.settle();
    assert_eq!(site.proof.machine.unfinished(), []);
    assert!(site.proof.state_size < 200, "a state of {} octets without a client", site.proof.state_size);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_octets_are_borne(
        pieces in prop::collection::vec(
            prop_oneof![
                prop::collection::vec(any::<u8>(), 0..40),
                "(GET|HEAD|POST|X) [ /.%a-f0-9]{0,9} HTTP/1.[012]\r\n".prop_map(String::into_bytes),
                "(Host|Range|Content-Length|Connection|If-Range): [ -~]{0,12}\r\n".prop_map(String::into_bytes),
                Just(b"\r\n".to_vec()),
                Just(b"GET /large HTTP/1.1\r\nHost: a\r\nRange: bytes=70000-\r\n\r\n".to_vec()),
            ],
            0..30,
        ),
        piece in 1_usize..100,
    ) {
        let mut site = site();
        site.proof.piece = piece;
        site.proof.exchange(site.conn, &pieces.concat());
        site.proof.step(Input::Other(&pieces.concat()));
        site.proof.pass(1000);
        prop_assert!(site.proof.ended.contains_key(&site.conn));
        prop_assert!(site.proof.largest_state < 400_000);
    }
}
