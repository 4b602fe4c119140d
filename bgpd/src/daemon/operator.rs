//! What operators want: requests of the control socket, made into inputs of the log, orders to the processes, and
//! answers.
//!
//! A line that changes something goes into the log as it is and is obeyed by the machine; here only its outcome
//! is waited for. What only reads never enters the log. The words on the wire are `shell::protocol`'s, the
//! meaning of a line is the grammar's.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use super::clock;
use super::control::{Answer, Console, Making, Peer, Reply};
use super::files::Composing;
use super::looks::{self, Looked, Pieces};
use super::tail::{More, Reader};
use crate::command::{Act, Local, Look, Nature, Operation, Outcome as LineOutcome, Session, Switch};
use crate::machine::{Author, LineOf, Outcome, OwnInput, RequestId, Speaker};
use crate::shell::protocol::{End, Frame, Part, Request, Status};
use crate::show::{Process, Progress, Router, Show, Standing, Writing};

/// How much text a frame takes, in octets: so much fits whatever it is.
const FRAME_TEXT: usize = 64 << 10;

/// Answers operators.
#[derive(Default)]
pub struct Operator {
    standing: Rc<RefCell<Standing>>,
    writing: Rc<RefCell<Writing>>,
    ordered: Vec<Ordered>,
    asked: Vec<Asked>,
    /// What users are called by their numbers.
    users: BTreeMap<u32, String>,
}

/// A text that is made elsewhere, since that takes its time.
pub struct Asked {
    /// What it says.
    pub text: Composing,
    /// Whoever makes it says it here.
    pub outcome: Rc<OrderOutcome>,
}

/// An operator's order to the processes.
pub struct Ordered {
    /// What is to be done.
    pub act: Act,
    /// Whether it was ordered before, of a primary that is none any more.
    pub again: Again,
    /// Whoever carries it out says here what came of it.
    pub outcome: Rc<OrderOutcome>,
}

/// Whether a request was sent before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// This is the first time.
    First,
    /// It was, and its answer was cut off.
    Repeated,
}

/// What came of an order, as soon as that is known.
#[derive(Default)]
pub struct OrderOutcome(Cell<Option<Result<String, String>>>);

impl OrderOutcome {
    /// Says what came of it: what the operator is told, or why nothing was done.
    pub fn tell(&self, outcome: Result<String, String>) {
        self.0.set(Some(outcome));
    }
}

impl Operator {
    /// Takes note of how the processes stand now.
    pub fn note(&mut self, standing: Standing, writing: Writing) {
        *self.standing.borrow_mut() = standing;
        *self.writing.borrow_mut() = writing;
    }

    /// The orders that came since the last time.
    pub fn ordered(&mut self) -> Vec<Ordered> {
        std::mem::take(&mut self.ordered)
    }

    /// The texts that were asked for since the last time.
    pub fn asked(&mut self) -> Vec<Asked> {
        std::mem::take(&mut self.asked)
    }

    /// Takes note of what users are called.
    pub fn note_users(&mut self, users: BTreeMap<u32, String>) {
        self.users = users;
    }

    fn author(&self, peer: Peer) -> Author {
        let name = peer.uid.and_then(|uid| self.users.get(&uid)).cloned().unwrap_or_default();
        Author { uid: peer.uid, name, pid: peer.pid, unix_ms: clock::unix_ms() }
    }

    /// Answers a look at candidates and applied configurations.
    fn look(&mut self, look: Look, client: Option<u64>, speaker: &Speaker, telling: &mut Telling) {
        match looks::look(look, client, speaker) {
            Looked::Text(text) => telling.text = text,
            Looked::Show(show) => telling.rest = Rest::Show(show),
            Looked::Composing(text) => {
                let outcome = Rc::default();
                telling.rest = Rest::Order(Rc::clone(&outcome));
                self.asked.push(Asked { text, outcome });
            }
            Looked::Refused(text) => {
                telling.text = format!("% {text}\n");
                telling.status = Status::Refused;
            }
        }
    }

    /// What the line of a request comes to.
    fn turn(&mut self, speaker: &Speaker, request: Request, peer: Peer) -> (Option<Vec<u8>>, Telling) {
        let Request { id, mode, line, client, again } = request;
        let mut telling = Telling::new(Some(id), speaker, self);
        let mut session = match Session::restore(&mode) {
            Ok(session) => session,
            Err(error) => return (None, telling.refused(mode, &error.to_string())),
        };
        if session.nature(&line) == Some(Nature::Changes) {
            // A client without a name has a new one for each request: nothing is taken for a repetition.
            let request = match client {
                Some(client) => RequestId { client, number: id },
                None => RequestId { client: clock::seed(), number: 0 },
            };
            let author = Some(self.author(peer));
            let input = OwnInput::Line(LineOf { request, mode, line, author });
            telling.rest = Rest::Outcome(request);
            return (Some(input.emit()), telling);
        }
        let outcome = session.execute(&line, &mut Arc::clone(speaker.configured().config()));
        telling.mode = session.lines();
        let mut input = None;
        match outcome {
            Ok(LineOutcome::Run(Operation::Look(asked))) => self.look(asked, client, speaker, &mut telling),
            // Its lines are one applied configuration, which is whole now.
            Ok(LineOutcome::Entered) if session.lines().is_empty() => {
                let open = speaker.configured().editing().history().open();
                input = client.filter(|_| open == client).map(|client| OwnInput::Left(client).emit());
            }
            Ok(LineOutcome::Run(Operation::Show(show))) => telling.rest = Rest::Show(show),
            Ok(LineOutcome::Run(Operation::Text(text))) => telling.text = text,
            Ok(LineOutcome::Run(Operation::Log)) => telling.rest = Rest::Log(Reader::of_all()),
            // A shell that has lost its daemon wants to know what the new one has said meanwhile.
            Ok(LineOutcome::Shell(Local::Monitor(Switch::On))) => {
                let reader = if again { Reader::of_recent() } else { Reader::of_coming() };
                telling.rest = Rest::Following(reader);
            }
            Ok(LineOutcome::Run(Operation::Act(act))) => {
                let outcome = Rc::default();
                telling.rest = Rest::Order(Rc::clone(&outcome));
                let again = if again { Again::Repeated } else { Again::First };
                self.ordered.push(Ordered { act, again, outcome });
            }
            Ok(
                LineOutcome::Run(Operation::Command(_) | Operation::WriteConfig | Operation::Candidate(_))
                | LineOutcome::Nothing
                | LineOutcome::Configured
                | LineOutcome::Entered
                | LineOutcome::Leave
                | LineOutcome::Shell(_),
            ) => {}
            Err(error) => telling = telling.refused(session.lines(), &error.to_string()),
        }
        (input, telling)
    }
}

impl Console<Speaker> for Operator {
    fn ask(&mut self, speaker: &Speaker, request: &[u8], peer: Peer) -> Reply<Speaker> {
        let (input, telling) = match Request::decode(request) {
            Ok(request) => self.turn(speaker, request, peer),
            Err(error) => {
                let telling = Telling::new(None, speaker, self);
                (None, telling.refused(Vec::new(), &format!("% Not a request: {error}")))
            }
        };
        Reply { input, answer: Box::new(telling) }
    }
}

/// What is to be told besides text that is there already.
enum Rest {
    Nothing,
    Show(Box<dyn Show>),
    Outcome(RequestId),
    Order(Rc<OrderOutcome>),
    /// The lines of the log that there are.
    Log(Reader),
    /// The lines of the log, for as long as the client listens.
    Following(Reader),
}

/// An answer in frames: `out` any number of times, then `end`.
struct Telling {
    id: Option<u64>,
    mode: Vec<String>,
    host: Option<String>,
    text: String,
    status: Status,
    rest: Rest,
    standing: Rc<RefCell<Standing>>,
    writing: Rc<RefCell<Writing>>,
}

impl Telling {
    fn new(id: Option<u64>, speaker: &Speaker, operator: &Operator) -> Telling {
        Telling {
            id,
            mode: Vec::new(),
            host: speaker.configured().host(),
            text: String::new(),
            status: Status::Obeyed,
            rest: Rest::Nothing,
            standing: Rc::clone(&operator.standing),
            writing: Rc::clone(&operator.writing),
        }
    }

    fn refused(self, mode: Vec<String>, text: &str) -> Telling {
        Telling { mode, text: format!("{}\n", text.trim_end()), status: Status::Refused, ..self }
    }

    /// Adds what there is now to the text; whether more will come.
    fn gather(&mut self, speaker: &Speaker) -> Making {
        match &mut self.rest {
            Rest::Nothing => return Making::Whole,
            Rest::Show(show) => {
                let (standing, writing) = (self.standing.borrow(), self.writing.borrow());
                let router = router(speaker, &standing, &writing);
                match show.write_some(&router, &mut self.text) {
                    Progress::More => return Making::More,
                    Progress::Done => {}
                    Progress::Refused => self.status = Status::Refused,
                }
            }
            Rest::Outcome(request) => match speaker.outcome(*request) {
                Some(Outcome { status, text, mode }) => {
                    self.status = *status;
                    self.text.push_str(text);
                    self.mode.clone_from(mode);
                    self.host = speaker.configured().host();
                }
                None => return Making::Waits,
            },
            Rest::Log(reader) => {
                if reader.read(&mut self.text) == More::Here {
                    return Making::More;
                }
            }
            Rest::Following(reader) => {
                return match reader.read(&mut self.text) {
                    More::Here => Making::More,
                    More::ToCome => Making::Waits,
                };
            }
            Rest::Order(outcome) => match outcome.0.take() {
                Some(Ok(text)) => {
                    self.rest = Rest::Show(Box::new(Pieces::new(text)));
                    return Making::More;
                }
                Some(Err(text)) => {
                    self.status = Status::Refused;
                    self.text.push_str(&text);
                }
                None => return Making::Waits,
            },
        }
        self.rest = Rest::Nothing;
        Making::Whole
    }
}

impl Answer<Speaker> for Telling {
    fn has_news(&self) -> bool {
        matches!(&self.rest, Rest::Following(reader) if reader.has_news())
    }

    fn go_on(&mut self, speaker: &Speaker, to: &mut Vec<u8>) -> Making {
        let making = self.gather(speaker);
        let mut rest = self.text.as_str();
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(cut(rest));
            frame(to, self.id, Part::Out(piece.to_owned()));
            rest = after;
        }
        self.text.clear();
        if making == Making::Whole {
            let (mode, host) = (std::mem::take(&mut self.mode), self.host.take());
            frame(to, self.id, Part::End(End { status: self.status, mode, host }));
        }
        making
    }
}

/// What a show sees.
fn router<'a>(speaker: &'a Speaker, standing: &'a Standing, writing: &'a Writing) -> Router<'a> {
    let engine = speaker.engine();
    Router {
        engine,
        config: speaker.configured().config(),
        clock: clock::for_shows(),
        process: Process { pid: std::process::id(), started: engine.started().unwrap_or_default() },
        standing,
        writing,
        survivals: speaker.survivals(),
    }
}

/// How much of `text` goes into one frame: whole characters.
fn cut(text: &str) -> usize {
    let most = text.len().min(FRAME_TEXT);
    (0..=most).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(most)
}

fn frame(to: &mut Vec<u8>, id: Option<u64>, part: Part) {
    match (Frame { id, part }).encode() {
        Ok(line) => to.extend_from_slice(line.as_bytes()),
        // Text is cut to fit; modes are few and short, or the request would have been refused.
        Err(error) => tracing::error!("a piece of an answer was left out: {error}"),
    }
}
