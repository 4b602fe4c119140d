//! What operators want: requests of the control socket and the configuration file, made into inputs and answers.
//!
//! Here is the configuration in force. A command that changes it changes this value, and the engine is given
//! the whole of the new one; the engine finds the difference. What only reads never enters the engine. The
//! words on the wire are `shell::protocol`'s, the meaning of a line is the grammar's.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bgp_engine::engine::Engine;
use bgp_engine::input::{Command, Input};
use serde_json::{Value, json};

use super::clock;
use super::control::{Answer, Console, Reply};
use super::stepper::Work;
use crate::command::{Operation, Outcome, Session};
use crate::config::{Config, ConfigError, Strictness, Warning, load, running_config};
use crate::show::{Process, Progress, Router, Show};

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
        configuration.hostname = configuration.hostname.or_else(|| self.source.hostname.clone());
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

    fn operate(&mut self, engine: &Engine, operation: Operation) -> Done {
        match operation {
            Operation::Show(show) => Done { show: Some(show), ..Done::well("") },
            Operation::Command(Command::Clear { whom, .. } | Command::ClearCounters(whom))
                if !engine.knows(&whom) =>
            {
                Done::refused(&format!("%BGP: Unknown neighbor - {whom:?}"))
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

/// What has come of a line.
struct Done {
    inputs: Vec<Input<'static>>,
    text: String,
    status: Status,
    show: Option<Box<dyn Show>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    Well = 0,
    Refused = 1,
}

impl Done {
    fn well(text: &str) -> Done {
        Done { inputs: Vec::new(), text: text.to_owned(), status: Status::Well, show: None }
    }

    fn refused(text: &str) -> Done {
        Done { status: Status::Refused, ..Done::well(&format!("{}\n", text.trim_end())) }
    }
}

impl Console<Engine> for Operator {
    fn ask(&mut self, engine: &Engine, request: &[u8]) -> Reply<Engine> {
        let parsed = serde_json::from_slice::<Value>(request).ok();
        let Some((id, modes, line)) = parsed.as_ref().and_then(parse_request) else {
            let done = Done::refused("% Not a request: a JSON object with id, mode and line was expected");
            return answer(&Value::Null, &[], done, &self.config);
        };
        match Session::restore(&modes) {
            Ok(mut session) => {
                let done = self.execute(engine, &mut session, line);
                answer(id, &session.lines(), done, &self.config)
            }
            Err(error) => answer(id, &modes, Done::refused(&error.to_string()), &self.config),
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

fn parse_request(request: &Value) -> Option<(&Value, Vec<String>, &str)> {
    let modes = request.get("mode").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let modes = modes.iter().map(|mode| mode.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()?;
    Some((request.get("id")?, modes, request.get("line")?.as_str()?))
}

fn answer(id: &Value, modes: &[String], done: Done, config: &Arc<Config>) -> Reply<Engine> {
    let Done { inputs, text, status, show } = done;
    let (id, modes, config) = (id.clone(), modes.to_vec(), Arc::clone(config));
    Reply { inputs, answer: Box::new(Telling { id, modes, config, text, status, show }) }
}

/// An answer in frames: `out` any number of times, then `end`.
struct Telling {
    id: Value,
    modes: Vec<String>,
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
        if !self.text.is_empty() {
            frame(to, &json!({ "id": self.id, "out": self.text }));
            self.text.clear();
        }
        if self.show.is_some() {
            return Work::Left;
        }
        let end = json!({ "status": self.status as u8, "mode": self.modes });
        frame(to, &json!({ "id": self.id, "end": end }));
        Work::Done
    }
}

/// This process, as shows tell of it.
fn process(engine: &Engine) -> Process {
    Process { pid: std::process::id(), started: engine.started().unwrap_or_default() }
}

fn frame(to: &mut Vec<u8>, frame: &Value) {
    to.extend_from_slice(frame.to_string().as_bytes());
    to.push(b'\n');
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
