//! The mail server, written to by swaks and by a client that waits for nothing.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use crate::running::{Running, client};

const MESSAGES: usize = 200;

/// The messages of the Maildir, each by the line of its body that says which one it is.
fn delivered(running: &Running) -> BTreeMap<String, Vec<String>> {
    let mut found = BTreeMap::<_, Vec<_>>::new();
    for entry in fs::read_dir(running.folder.join("new")).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        let (_, body) = text.split_once("\n\n").expect("a header and a body");
        let number = body.lines().next().unwrap_or_default().to_owned();
        found.entry(number).or_default().push(body.to_owned());
    }
    found
}

fn body(n: usize) -> String {
    let lines = (0..n % 40 * 30).map(|line| format!("..{line} of message {n} and some more to fill it\n"));
    format!("message {n}\n{}", lines.collect::<String>())
}

#[test]
fn pipelined_messages_are_delivered_once_each() {
    let running = Running::start("mail", &["--host", "mx.example"]);
    let (accepted, kills) = running.during_kills(Duration::from_millis(50), || {
        let connection = TcpStream::connect(("127.0.0.1", running.port)).unwrap();
        let mut writing = connection.try_clone().unwrap();
        let writer = thread::spawn(move || {
            writing.write_all(b"EHLO client.example\r\n").unwrap();
            for n in 0..MESSAGES {
                let body = body(n).replace('\n', "\r\n").replace("\r\n.", "\r\n..");
                let message = format!("Subject: {n}\r\n\r\n{body}.\r\n");
                let envelope = "MAIL FROM:<a@client.example>\r\nRCPT TO:<b@mx.example>\r\nDATA\r\n";
                writing.write_all([envelope, &message].concat().as_bytes()).unwrap();
                thread::sleep(Duration::from_millis(10));
            }
            writing.write_all(b"QUIT\r\n").unwrap();
        });
        let lines: Vec<_> = BufReader::new(connection).lines().map(Result::unwrap).collect();
        writer.join().unwrap();
        assert!(lines.last().is_some_and(|line| line.starts_with("221 ")), "{:?}", lines.last());
        lines.iter().filter(|line| line.starts_with("250 2.6.0 accepted")).count()
    });
    assert_eq!(accepted, MESSAGES);
    let delivered = delivered(&running);
    for n in 0..MESSAGES {
        let found = delivered.get(&format!("message {n}")).map_or(&[][..], Vec::as_slice);
        assert!(found == [body(n)], "message {n} came {} times after {kills} kills", found.len());
    }
    assert_eq!(delivered.len(), MESSAGES);
    assert_eq!(fs::read_dir(running.folder.join("tmp")).unwrap().count(), 0);
    assert!(kills >= 2, "only {kills} kills fell into the messages");
}

#[test]
fn what_swaks_sends_is_delivered_once_each() {
    let running = Running::start("mail", &["--host", "mx.example"]);
    let server = format!("127.0.0.1:{}", running.port);
    let (accepted, kills) = running.during_kills(Duration::from_millis(50), || {
        let send = |n: usize| {
            let body = body(n);
            let output = client(
                "swaks",
                &[
                    "--server",
                    &server,
                    "--to",
                    "b@mx.example",
                    "--from",
                    "a@b",
                    "--body",
                    &body,
                    "--pipeline",
                ],
            );
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(output.status.success(), "swaks: {said}");
            said.lines().filter(|line| line.contains("250 2.6.0 accepted")).count()
        };
        (0..40).map(send).sum::<usize>()
    });
    assert_eq!(accepted, 40);
    let delivered = delivered(&running);
    assert!(delivered.values().all(|copies| copies.len() == 1), "a message is doubled after {kills} kills");
    assert_eq!(delivered.len(), 40);
    assert!(kills >= 2, "only {kills} kills fell into the messages");
}
