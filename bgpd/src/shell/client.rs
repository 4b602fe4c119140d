//! The client's end of the control socket: it waits for the daemon, and connects again when it was lost.
//!
//! A line that only reads is then asked again. One that changes something is sent again under its name: whoever is
//! primary now says what came of it, and does it only if the log does not have it.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::answer::{Answer, Differs, Hearer};
use super::protocol::{End, Frame, MAX_FRAME, Part, ProtocolError, Request};
use crate::command::Nature;
use crate::daemon::clock;

/// How long the daemon is waited for.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long between two attempts to connect.
const PAUSE: Duration = Duration::from_millis(50);
/// Why a line has no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody answers at the socket.
    #[error("% Cannot reach ftbgpd at {path}: {error}; is it running, and with this --run-dir?")]
    Unreachable {
        /// The socket.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// The daemon was lost while it did something that is not done twice, and did not come back.
    #[error(
        "% ftbgpd was lost while it did '{line}' and did not come back; whether it was done is not known: \
         look with a show command"
    )]
    Cut {
        /// The line.
        line: String,
    },
    /// The daemon says what is not of the protocol, or the line is too long for it.
    #[error("% The line or its answer does not fit the control socket: {0}")]
    Protocol(#[from] ProtocolError),
}

/// A session with a daemon.
#[derive(Debug)]
pub struct Client {
    path: PathBuf,
    connection: Option<BufReader<UnixStream>>,
    mode: Vec<String>,
    host: Option<String>,
    /// What this client calls itself, so that its requests have names that no other's have.
    name: u64,
    last_id: u64,
}

/// What became of one attempt.
enum Attempt {
    Ended(End),
    /// The connection broke.
    Lost,
    /// The answer is another one than that of which a part was heard.
    Differs,
}

impl Client {
    /// A session with the daemon of a run directory. Nothing is connected yet.
    #[must_use]
    pub fn new(run_dir: &Path) -> Client {
        Client {
            path: run_dir.join("ftbgpd.sock"),
            connection: None,
            mode: Vec::new(),
            host: None,
            name: clock::seed(),
            last_id: 0,
        }
    }

    /// The lines by which the modes were entered.
    #[must_use]
    pub fn mode(&self) -> &[String] {
        &self.mode
    }

    /// Goes on in this mode.
    pub fn set_mode(&mut self, mode: Vec<String>) {
        self.mode = mode;
    }

    /// The router's name, once the daemon has said it.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }

    /// Has a line run; its answer is heard piece by piece. Where the daemon is lost on the way, what came of the
    /// line is asked for again.
    ///
    /// # Errors
    /// Where there is no whole answer.
    pub fn ask(
        &mut self,
        line: &str,
        nature: Option<Nature>,
        hearer: &mut dyn Hearer,
    ) -> Result<End, ClientError> {
        self.last_id += 1;
        let (mode, line) = (self.mode.clone(), line.to_owned());
        let mut request = Request { id: self.last_id, mode, line, client: Some(self.name), again: false };
        let repeats = nature == Some(Nature::Reads);
        let mut give_up = Instant::now() + PATIENCE;
        self.forget_dead_connection();
        let mut answer = Answer::default();
        loop {
            if self.connection.is_none() {
                let connected = connect(&self.path, give_up);
                let cut = |error| {
                    if request.again { ClientError::Cut { line: request.line.clone() } } else { error }
                };
                self.connection = Some(BufReader::new(connected.map_err(cut)?));
            }
            match self.attempt(&request.encode()?, request.id, &mut answer, hearer)? {
                Attempt::Ended(end) => {
                    self.mode.clone_from(&end.mode);
                    self.host = end.host.clone().or(self.host.take());
                    return Ok(end);
                }
                Attempt::Differs => {
                    self.connection = None;
                    answer = Answer::default();
                    hearer.begin_anew();
                }
                Attempt::Lost => {
                    self.connection = None;
                    if answer.again() {
                        give_up = Instant::now() + PATIENCE;
                    }
                    if Instant::now() >= give_up {
                        return Err(ClientError::Cut { line: request.line });
                    }
                    request.again = !repeats;
                    std::thread::sleep(PAUSE);
                }
            }
        }
    }

    fn attempt(
        &mut self,
        text: &str,
        id: u64,
        answer: &mut Answer,
        hearer: &mut dyn Hearer,
    ) -> Result<Attempt, ClientError> {
        let Some(connection) = &mut self.connection else { return Ok(Attempt::Lost) };
        if connection.get_mut().write_all(text.as_bytes()).is_err() {
            return Ok(Attempt::Lost);
        }
        loop {
            let heard = match next_part(connection, id)? {
                None => return Ok(Attempt::Lost),
                Some(Part::Out(text)) => answer.take(&text, hearer).map(|()| None),
                Some(Part::End(end)) => answer.finish(hearer).map(|()| Some(end)),
            };
            match heard {
                Ok(None) => {}
                Ok(Some(end)) => return Ok(Attempt::Ended(end)),
                Err(Differs) => return Ok(Attempt::Differs),
            }
        }
    }

    /// Lets a connection go on which the daemon has hung up between two lines, so that no line is sent into it.
    fn forget_dead_connection(&mut self) {
        let Some(connection) = &mut self.connection else { return };
        let socket = connection.get_mut();
        let mut octet = [0];
        let dead = socket.set_nonblocking(true).is_err()
            || !matches!(socket.read(&mut octet), Err(error) if error.kind() == io::ErrorKind::WouldBlock)
            || socket.set_nonblocking(false).is_err();
        if dead {
            self.connection = None;
        }
    }
}

/// The next part of the answer to a request; `None` where the connection broke.
fn next_part(connection: &mut BufReader<UnixStream>, id: u64) -> Result<Option<Part>, ClientError> {
    loop {
        let mut line = Vec::new();
        let bound = MAX_FRAME as u64 + 1;
        match connection.by_ref().take(bound).read_until(b'\n', &mut line) {
            Ok(_) if line.last() == Some(&b'\n') => line.pop(),
            Ok(_) if line.len() as u64 >= bound => return Err(ProtocolError::TooLong(MAX_FRAME).into()),
            Ok(_) | Err(_) => return Ok(None),
        };
        let frame = Frame::decode(&line)?;
        if frame.id.is_none_or(|other| other == id) {
            return Ok(Some(frame.part));
        }
    }
}

fn connect(path: &Path, give_up: Instant) -> Result<UnixStream, ClientError> {
    loop {
        match UnixStream::connect(path) {
            Ok(stream) => return Ok(stream),
            Err(error) => {
                let may_come = matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused | io::ErrorKind::WouldBlock
                );
                if !may_come || Instant::now() >= give_up {
                    return Err(ClientError::Unreachable { path: path.to_owned(), error });
                }
            }
        }
        std::thread::sleep(PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;
    use std::thread::JoinHandle;

    use super::super::answer::{ANEW, HELD};
    use super::super::protocol::Status;
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
            let end =
                client.ask(line, Some(Nature::Changes), &mut |text: &str| heard.push_str(text)).unwrap();
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
        let acts =
            vec![(PIECE, PIECES, Then::HangUp), (PIECE, 3, Then::HangUp), (PIECE, 2 * PIECES, Then::End)];
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
        let sent: Vec<_> =
            daemon.requests().into_iter().map(|request| (request.line, request.again)).collect();
        let expected = [("hostname x", false), ("hostname y", false), ("hostname y", true)];
        assert_eq!(sent, expected.map(|(line, again)| (line.to_owned(), again)));
    }
}
