//! The client's end of the control socket: it waits for the daemon, and connects again when it was lost.
//!
//! A line that only reads is then asked again. One that changes something is sent again under its name: whoever is
//! primary now says what came of it, and does it only if the log does not have it.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::answer::{Answer, Differs, Hearer};
use super::protocol::{End, Frame, MAX_FRAME, Part, ProtocolError, Request, Status};
use crate::command::Nature;
use crate::daemon::clock;

/// How long the daemon is waited for.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long between two attempts to connect.
const PAUSE: Duration = Duration::from_millis(50);
/// How often a listener is asked whether it still listens.
const LOOK: Duration = Duration::from_millis(100);
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
    /// The operator would not wait for the outcome of something that is not done twice.
    #[error("% Broken off; whether '{line}' was done is not known: look with a show command")]
    BrokenOff {
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
    /// How long the daemon is waited for.
    patience: Duration,
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
    /// Nobody listens any more.
    Unheard,
}

/// What came from the daemon.
enum Heard {
    Part(Part),
    /// The connection broke.
    Lost,
    /// Nobody listens any more.
    Unheard,
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
            patience: PATIENCE,
            name: clock::seed(),
            last_id: 0,
        }
    }

    /// Another session with the same daemon, which waits no longer than this for it.
    #[must_use]
    pub fn beside(&self, patience: Duration) -> Client {
        Client {
            path: self.path.clone(),
            connection: None,
            mode: Vec::new(),
            host: None,
            patience,
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
        let mut give_up = Instant::now() + self.patience;
        self.forget_dead_connection();
        let mut answer = Answer::default();
        loop {
            if self.connection.is_none() {
                let cut = |error| {
                    if request.again { ClientError::Cut { line: request.line.clone() } } else { error }
                };
                match connect(&self.path, give_up, hearer).map_err(cut)? {
                    Some(stream) => self.connection = Some(BufReader::new(stream)),
                    None if request.again => return Err(ClientError::BrokenOff { line: request.line }),
                    None => return Ok(self.unheard()),
                }
            }
            match self.attempt(&request.encode()?, request.id, &mut answer, hearer)? {
                Attempt::Ended(end) => {
                    self.mode.clone_from(&end.mode);
                    self.host = end.host.clone().or(self.host.take());
                    return Ok(end);
                }
                Attempt::Unheard if repeats => return Ok(self.unheard()),
                Attempt::Unheard => {
                    self.connection = None;
                    return Err(ClientError::BrokenOff { line: request.line });
                }
                Attempt::Differs => {
                    self.connection = None;
                    answer = Answer::default();
                    hearer.begin_anew();
                }
                Attempt::Lost => {
                    self.connection = None;
                    if answer.again() {
                        give_up = Instant::now() + self.patience;
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

    /// Leaves an answer that nobody listens to. The connection would bring the rest of it.
    fn unheard(&mut self) -> End {
        self.connection = None;
        End { status: Status::Obeyed, mode: self.mode.clone(), host: self.host.clone() }
    }

    /// Hears what a line has to say for as long as somebody listens, each piece as it comes: also of the next
    /// daemon, where this one is lost.
    ///
    /// # Errors
    /// Where the line is refused, or the daemon says what is not of the protocol.
    pub fn follow(&mut self, line: &str, hearer: &mut dyn Hearer) -> Result<Status, ClientError> {
        self.last_id += 1;
        let mut request = Request { id: self.last_id, line: line.to_owned(), ..Request::default() };
        loop {
            let far = Instant::now() + PATIENCE;
            match connect(&self.path, far, hearer) {
                Ok(Some(stream)) => {
                    let mut stream = BufReader::new(stream);
                    let sent = stream.get_mut().write_all(request.encode()?.as_bytes());
                    while sent.is_ok() {
                        match next_part(&mut stream, request.id, hearer)? {
                            Heard::Part(Part::Out(text)) => hearer.hear(&text),
                            Heard::Part(Part::End(end)) => return Ok(end.status),
                            Heard::Unheard => return Ok(Status::Obeyed),
                            Heard::Lost => break,
                        }
                    }
                }
                Ok(None) => return Ok(Status::Obeyed),
                // It is not there yet: nobody waits for a prompt here.
                Err(ClientError::Unreachable { .. }) if request.again => {}
                Err(error) => return Err(error),
            }
            request.again = true;
            std::thread::sleep(PAUSE);
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
            let heard = match next_part(connection, id, hearer)? {
                Heard::Lost => return Ok(Attempt::Lost),
                Heard::Unheard => return Ok(Attempt::Unheard),
                Heard::Part(Part::Out(text)) => answer.take(&text, hearer).map(|()| None),
                Heard::Part(Part::End(end)) => answer.finish(hearer).map(|()| Some(end)),
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

/// The next part of the answer to a request.
fn next_part(
    connection: &mut BufReader<UnixStream>,
    id: u64,
    hearer: &dyn Hearer,
) -> Result<Heard, ClientError> {
    let mut line = Vec::new();
    loop {
        if hearer.is_over() {
            return Ok(Heard::Unheard);
        }
        let room = (MAX_FRAME + 1 - line.len()) as u64;
        match connection.by_ref().take(room).read_until(b'\n', &mut line) {
            Ok(_) if line.last() == Some(&b'\n') => {}
            Ok(_) if line.len() > MAX_FRAME => return Err(ProtocolError::TooLong(MAX_FRAME).into()),
            // What came before the time was over is in the line.
            Err(error) if is_pause(&error) => continue,
            Ok(_) | Err(_) => return Ok(Heard::Lost),
        }
        line.pop();
        let frame = Frame::decode(&line)?;
        if frame.id.is_none_or(|other| other == id) {
            return Ok(Heard::Part(frame.part));
        }
        line.clear();
    }
}

fn is_pause(error: &io::Error) -> bool {
    use io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
    matches!(error.kind(), Interrupted | TimedOut | WouldBlock)
}

/// Connects; `None` where nobody waits for it any more.
fn connect(path: &Path, give_up: Instant, hearer: &dyn Hearer) -> Result<Option<UnixStream>, ClientError> {
    loop {
        let connected =
            UnixStream::connect(path).and_then(|stream| stream.set_read_timeout(Some(LOOK)).map(|()| stream));
        match connected {
            Ok(stream) => return Ok(Some(stream)),
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
        if hearer.is_over() {
            return Ok(None);
        }
        std::thread::sleep(PAUSE);
    }
}

#[cfg(test)]
mod tests;
