//! What operators want: requests of the control socket and the configuration file, made into inputs and answers.
//!
//! Here is the configuration in force. A command that changes it changes this value, and the engine is given
//! the whole of the new one; the engine finds the difference. What only reads never enters the engine. The words on the wire are `shell::protocol`'s, the meaning of a line is the grammar's.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bgp_engine::engine::Engine;
use bgp_engine::input::{Command, Input, Whom};

use super::clock;
use super::control::{Answer, Console, Reply};
use super::stepper::Work;
use crate::command::{Operation, Outcome, Session};
use crate::config::{Config, ConfigError, Strictness, Warning, load, running_config};
use crate::shell::protocol::{End, Frame, Part, Request, Status};
use crate::show::{Process, Progress, Router, Show};

/// How much text a frame takes, in octets: so much fits whatever it is.
const FRAME_TEXT: usize = 64 << 10;

/// What the command line and the machine say about the configuration.
#[derive(Clone, Debug)]
pub struct Source {
    /// The configuration file.
    pub file: PathBuf,
    /// What is done with lines for FRR's other daemons.
    pub strictness: Strictness,
    /// No routes go into the kernel.
    pub without_fib: bool,
    /// The machine's name, for when none is configured.
    pub hostname: Option<String>,
}

/// Answers operators.
#[derive(Debug)]
pub struct Operator {
    source: Source,
    config: Arc<Config>,
    /// What the file said when it was last read or written.
    filed: Arc<Config>,
}

impl Operator {
    /// Reads the configuration file.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn load(source: Source) -> Result<(Operator, Vec<Warning>), Vec<ConfigError>> {
        let (config, warnings) = load(&source.file, source.strictness)?;
        let config = Arc::new(config);
        Ok((Operator { source, filed: Arc::clone(&config), config }, warnings))
    }

    /// The configuration in force.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The configuration as the engine takes it.
    #[must_use]
    pub fn configure(&self) -> Input<'static> {
        let mut configuration = self.config.engine.clone();
        configuration.without_fib = self.source.without_fib;
        configuration.hostname = self.host();
        Input::Configure(Box::new(configuration))
    }

    fn execute(&mut self, engine: &Engine, session: &mut Session, line: &str) -> Done {
        let before = Arc::clone(&self.config);
        let outcome = session.execute(line, &mut self.config);
        let changed = *before != *self.config;
        drop(before);
        let mut done = match outcome {
            Ok(Outcome::Run(operation)) => self.operate(engine, operation),
            Ok(Outcome::Nothing | Outcome::Configured | Outcome::Entered | Outcome::Leave) => Done::well(""),
            Err(error) => Done::refused(&error.to_string()),
        };
        if changed {
            done.inputs.push(self.configure());
        }
        done
    }

    /// The router's name as the shell's prompt shows it.
    fn host(&self) -> Option<String> {
        self.config.engine.hostname.clone().or_else(|| self.source.hostname.clone())
    }

    fn answer(&self, id: Option<u64>, modes: Vec<String>, done: Done) -> Reply<Engine> {
        let Done { inputs, text, status, show } = done;
        let (host, config) = (self.host(), Arc::clone(&self.config));
        Reply { inputs, answer: Box::new(Telling { id, modes, host, config, text, status, show }) }
    }

    fn operate(&mut self, engine: &Engine, operation: Operation) -> Done {
        match operation {
            Operation::Show(show) => Done { show: Some(show), ..Done::well("") },
            Operation::Command(Command::Clear { whom, .. } | Command::ClearCounters(whom))
                if !engine.knows(&whom) =>
            {
                Done::refused(&nobody(&whom))
            }
            Operation::Command(command) => Done { inputs: vec![Input::Command(command)], ..Done::well("") },
            Operation::Text(text) => Done::well(&text),
            Operation::WriteConfig => match save(&self.source.file, &self.config) {
                Ok(()) => {
                    self.filed = Arc::clone(&self.config);
                    let file = self.source.file.display();
                    Done::well(&format!("Building Configuration...\nConfiguration saved to {file}\n[OK]\n"))
                }
                Err(error) => {
                    let file = self.source.file.display();
                    Done::refused(&format!("% Can't write {file}: {error}; the configuration is not saved"))
                }
            },
        }
    }
}

/// That a command found no neighbor, in FRR's words.
fn nobody(whom: &Whom) -> String {
    match whom {
        Whom::Address(address) => format!("%BGP: Unknown neighbor - \"{address}\""),
        Whom::Neighbor(name) => format!("%BGP: Unknown neighbor - \"{name}\""),
        Whom::As(asn) => format!("%BGP: No peer is configured with AS {asn}"),
        Whom::Group(group) => format!("%BGP: No such peer-group {group}"),
        Whom::External => "%BGP: No external peer is configured".to_owned(),
        Whom::All => "%BGP: No peer is configured".to_owned(),
    }
}

/// What has come of a line.
struct Done {
    inputs: Vec<Input<'static>>,
    text: String,
    status: Status,
    show: Option<Box<dyn Show>>,
}

impl Done {
    fn well(text: &str) -> Done {
        Done { inputs: Vec::new(), text: text.to_owned(), status: Status::Obeyed, show: None }
    }

    fn refused(text: &str) -> Done {
        Done { status: Status::Refused, ..Done::well(&format!("{}\n", text.trim_end())) }
    }
}

impl Console<Engine> for Operator {
    fn ask(&mut self, engine: &Engine, request: &[u8]) -> Reply<Engine> {
        let Request { id, mode, line } = match Request::decode(request) {
            Ok(request) => request,
            Err(error) => {
                return self.answer(None, Vec::new(), Done::refused(&format!("% Not a request: {error}")));
            }
        };
        match Session::restore(&mode) {
            Ok(mut session) => {
                let done = self.execute(engine, &mut session, &line);
                self.answer(Some(id), session.lines(), done)
            }
            Err(error) => self.answer(Some(id), mode, Done::refused(&error.to_string())),
        }
    }

    fn reload(&mut self) -> Result<Option<Input<'static>>, Vec<String>> {
        let (config, warnings) = load(&self.source.file, self.source.strictness)
            .map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>())?;
        for warning in warnings {
            tracing::warn!("{warning}");
        }
        if config == *self.filed {
            return Ok(None);
        }
        self.config = Arc::new(config);
        self.filed = Arc::clone(&self.config);
        Ok(Some(self.configure()))
    }
}

/// An answer in frames: `out` any number of times, then `end`.
struct Telling {
    id: Option<u64>,
    modes: Vec<String>,
    host: Option<String>,
    config: Arc<Config>,
    text: String,
    status: Status,
    show: Option<Box<dyn Show>>,
}

impl Answer<Engine> for Telling {
    fn go_on(&mut self, engine: &Engine, to: &mut Vec<u8>) -> Work {
        if let Some(show) = &mut self.show {
            let (clock, process) = (clock::for_shows(), process(engine));
            let router = Router { engine, config: &self.config, clock, process };
            match show.write_some(&router, &mut self.text) {
                Progress::More => {}
                Progress::Done => self.show = None,
                Progress::Refused => {
                    self.show = None;
                    self.status = Status::Refused;
                }
            }
        }
        let mut rest = self.text.as_str();
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(cut(rest));
            frame(to, self.id, Part::Out(piece.to_owned()));
            rest = after;
        }
        self.text.clear();
        if self.show.is_some() {
            return Work::Left;
        }
        let (mode, host) = (std::mem::take(&mut self.modes), self.host.take());
        frame(to, self.id, Part::End(End { status: self.status, mode, host }));
        Work::Done
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

/// This process, as shows tell of it.
fn process(engine: &Engine) -> Process {
    Process { pid: std::process::id(), started: engine.started().unwrap_or_default() }
}

/// Writes the configuration in the place of the file; a crash leaves the old one or the new one.
fn save(file: &Path, config: &Config) -> io::Result<()> {
    let mut early = file.as_os_str().to_owned();
    early.push(".new");
    let mut to = std::fs::File::create(&early)?;
    for slice in running_config(config) {
        io::Write::write_all(&mut to, slice.as_bytes())?;
    }
    to.sync_all()?;
    std::fs::rename(&early, file)
}
