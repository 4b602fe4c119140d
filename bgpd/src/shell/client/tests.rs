//! The client against a daemon that does as it is told.

use std::os::unix::net::UnixListener;
use std::thread::JoinHandle;

use super::super::answer::{ANEW, HELD};
use super::*;

/// A run directory with a daemon that does these things, one a connection, and says what it was sent.
struct Daemon {
    dir: PathBuf,
    thread: JoinHandle<Vec<Request>>,
}

/// What the daemon does with a connection: after each request it says this text, and ends the answer or
/// hangs up.
type Act = (&'static str, usize, Then);

#[derive(Clone, Copy)]
enum Then {
    End,
    HangUp,
}

fn daemon(name: &str, acts: Vec<Act>) -> Daemon {
    let dir = std::env::temp_dir().join(format!("ftsh-test-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let path = dir.join("ftbgpd.sock");
    let thread = std::thread::spawn(move || {
        // The client is there first and waits.
        std::thread::sleep(Duration::from_millis(100));
        let listener = UnixListener::bind(&path).unwrap();
        let mut requests = Vec::new();
        let mut connection: Option<BufReader<UnixStream>> = None;
        for (text, times, then) in acts {
            let mut stream =
                connection.take().unwrap_or_else(|| BufReader::new(listener.accept().unwrap().0));
            let mut line = Vec::new();
            while stream.read_until(b'\n', &mut line).unwrap_or_default() == 0 {
                // The client has hung up, and comes again.
                stream = BufReader::new(listener.accept().unwrap().0);
            }
            requests.push(Request::decode(line.trim_ascii_end()).unwrap());
            let id = requests.last().map(|request| request.id);
            let mut say = |part| {
                // The client may have gone.
                let _ = stream.get_mut().write_all(Frame { id, part }.encode().unwrap().as_bytes());
            };
            for _ in 0..times {
                say(Part::Out(text.to_owned()));
            }
            if let Then::End = then {
                say(Part::End(End { mode: vec!["configure terminal".to_owned()], ..End::default() }));
                connection = Some(stream);
            }
        }
        requests
    });
    Daemon { dir, thread }
}

impl Daemon {
    fn requests(self) -> Vec<Request> {
        let requests = self.thread.join().unwrap();
        std::fs::remove_dir_all(&self.dir).unwrap();
        requests
    }
}

#[test]
fn a_daemon_that_comes_late_is_waited_for_and_the_mode_goes_with_every_line() {
    let daemon = daemon("late", vec![("a\n", 2, Then::End), ("b\n", 1, Then::End)]);
    let mut client = Client::new(&daemon.dir);
    let mut heard = String::new();
    for line in ["configure terminal", "hostname x"] {
        let end = client.ask(line, Some(Nature::Changes), &mut |text: &str| heard.push_str(text)).unwrap();
        assert_eq!(end.status, Status::Obeyed);
    }
    assert_eq!(heard, "a\na\nb\n");
    let requests = daemon.requests();
    assert!(requests[0].mode.is_empty());
    assert_eq!(requests[1].mode, ["configure terminal"]);
}

#[test]
fn a_line_that_only_reads_is_asked_again_and_its_answer_heard_once() {
    let daemon = daemon("again", vec![("half\n", 1, Then::HangUp), ("whole\n", 1, Then::End)]);
    let mut client = Client::new(&daemon.dir);
    let mut heard = String::new();
    client.ask("show x", Some(Nature::Reads), &mut |text: &str| heard.push_str(text)).unwrap();
    assert_eq!(heard, "whole\n");
    assert_eq!(daemon.requests().len(), 2);
}

#[test]
fn what_came_of_a_line_that_changes_something_is_asked_for_under_its_name() {
    let daemon = daemon("twice", vec![("", 0, Then::HangUp), ("done\n", 1, Then::End)]);
    let mut client = Client::new(&daemon.dir);
    let mut heard = String::new();
    client.ask("clear bgp *", Some(Nature::Changes), &mut |text: &str| heard.push_str(text)).unwrap();
    assert_eq!(heard, "done\n");
    let [first, second] = daemon.requests().try_into().unwrap();
    assert!(first.client.is_some() && !first.again);
    assert_eq!(second, Request { again: true, ..first });
}

/// More than is held back.
const PIECE: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n";
const PIECES: usize = HELD / PIECE.len() + 20;

#[test]
fn a_long_answer_that_was_torn_goes_on_where_it_was() {
    let acts = vec![(PIECE, PIECES, Then::HangUp), (PIECE, 3, Then::HangUp), (PIECE, 2 * PIECES, Then::End)];
    let daemon = daemon("torn", acts);
    let mut client = Client::new(&daemon.dir);
    let mut heard = String::new();
    let end = client.ask("show x", Some(Nature::Reads), &mut |text: &str| heard.push_str(text)).unwrap();
    assert_eq!(end.status, Status::Obeyed);
    assert!(heard == PIECE.repeat(2 * PIECES), "{} octets were heard", heard.len());
    assert_eq!(daemon.requests().len(), 3);
}

#[test]
fn a_long_answer_that_has_become_another_one_is_given_from_its_beginning() {
    const OTHER: &str = "another one\n";
    for times in [1, 2 * PIECES * PIECE.len() / OTHER.len()] {
        let acts = vec![
            (PIECE, PIECES, Then::HangUp),
            (OTHER, times, Then::HangUp),
            (OTHER, times, Then::End),
            (OTHER, times, Then::End),
        ];
        let daemon = daemon("other", acts);
        let mut client = Client::new(&daemon.dir);
        let mut heard = String::new();
        client.ask("show x", Some(Nature::Reads), &mut |text: &str| heard.push_str(text)).unwrap();
        let (before, after) = heard.split_once(ANEW).expect("it is said");
        assert!(PIECE.repeat(PIECES).starts_with(before) && before.len() > HELD);
        assert!(after == OTHER.repeat(times), "{} octets after it", after.len());
        // What the daemon still waits for.
        while !daemon.thread.is_finished() {
            let _ = client.ask("show y", Some(Nature::Reads), &mut |_: &str| {});
        }
        daemon.requests();
    }
}

#[test]
fn a_connection_that_died_between_two_lines_is_not_written_to() {
    let daemon = daemon("between", vec![("", 0, Then::End), ("", 0, Then::HangUp), ("", 0, Then::End)]);
    let mut client = Client::new(&daemon.dir);
    for line in ["hostname x", "hostname y"] {
        client.ask(line, Some(Nature::Changes), &mut |_: &str| {}).unwrap();
    }
    let sent: Vec<_> = daemon.requests().into_iter().map(|request| (request.line, request.again)).collect();
    let expected = [("hostname x", false), ("hostname y", false), ("hostname y", true)];
    assert_eq!(sent, expected.map(|(line, again)| (line.to_owned(), again)));
}
