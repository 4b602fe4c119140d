//! The operator's configuration in force, what its file says, and what a line does to it.

use std::sync::Arc;

use bgp_engine::config::Configuration;
use bgp_engine::engine::Engine;
use bgp_engine::input::{Command, Whom};
use ftcore::core::input::Time;
use serde::{Deserialize, Serialize};

use super::acting::{Modes, NO_CANDIDATE, Who, locked};
use super::editing::{Applied, Editing, How, Returning};
use super::effect::Writing;
use super::input::{LineOf, Surroundings, Written};
use super::outcomes::{Outcome, RequestId};
use crate::command::{Operation, Outcome as LineOutcome, Session};
use crate::config::{Config, ConfigError, Redundancy, Strictness, parse_str, running_config};
use crate::shell::protocol::Status;

/// The configuration.
#[derive(Clone, Debug, Default)]
pub struct Configured {
    pub(super) config: Arc<Config>,
    /// What the file said when it was last read or written.
    filed: Arc<Config>,
    /// Candidates, the history, and what is to be confirmed.
    pub(super) editing: Editing,
    surroundings: Surroundings,
    /// Whether there is one at all yet.
    given: bool,
    /// The beginning of a text whose end is still to come.
    begun: String,
    /// The writing of the file that is under way, and who waits for it.
    writing: Option<(Writing, RequestId, Vec<String>)>,
    writings: u64,
}

/// What has come of a line.
#[derive(Debug, Default)]
pub(super) struct Done {
    /// What its client is told; `None` while that is not known.
    pub(super) outcome: Option<Outcome>,
    /// Whether the configuration is another one now.
    pub(super) changed: bool,
    /// To be given to the engine.
    pub(super) command: Option<Command>,
    /// To be written to the file.
    pub(super) writing: Option<Writing>,
}

impl Configured {
    /// The configuration in force.
    #[must_use]
    pub fn config(&self) -> &Arc<Config> {
        &self.config
    }

    /// What the file said when it was last read or written.
    #[must_use]
    pub fn filed(&self) -> &Config {
        &self.filed
    }

    /// Whether the file was ever read.
    #[must_use]
    pub fn is_given(&self) -> bool {
        self.given
    }

    /// Candidates, the history, and what is to be confirmed.
    #[must_use]
    pub fn editing(&self) -> &Editing {
        &self.editing
    }

    /// What the command line and the machine said at the start.
    #[must_use]
    pub fn surroundings(&self) -> &Surroundings {
        &self.surroundings
    }

    /// The writing that is under way: whoever becomes primary does it again.
    #[must_use]
    pub fn writing(&self) -> Option<&Writing> {
        self.writing.as_ref().map(|(writing, ..)| writing)
    }

    /// The router's name as the shell's prompt shows it.
    #[must_use]
    pub fn host(&self) -> Option<String> {
        self.config.engine.hostname.clone().or_else(|| self.surroundings.hostname.clone())
    }

    /// The standby's settings in force. The mode of the command line stands before the file's, until a line names
    /// another.
    #[must_use]
    pub fn redundancy(&self) -> Redundancy {
        let block = self.config.redundancy;
        Redundancy { mode: self.surroundings.standby.or(block.mode), ..block }
    }

    /// The configuration as the engine takes it.
    pub(super) fn for_engine(&self) -> Configuration {
        let mut configuration = self.config.engine.clone();
        configuration.without_fib = self.surroundings.without_fib;
        configuration.hostname = self.host();
        configuration
    }

    /// Takes the beginning of a text.
    pub(super) fn begin(&mut self, text: &str) {
        self.begun.push_str(text);
    }

    /// Puts the file's text in force, which ends with `text`; where it cannot be read, nothing changes.
    pub(super) fn replace(
        &mut self,
        text: &str,
        surroundings: Surroundings,
        now: Time,
    ) -> Result<(), Vec<ConfigError>> {
        let mut whole = std::mem::take(&mut self.begun);
        whole.push_str(text);
        let (config, _) = parse_str("configuration", &whole, Strictness::Strict)?;
        self.editing.see_wall_clock(now, surroundings.unix_ms);
        let config = Arc::new(config);
        if !self.given {
            self.editing.begin(&config, now);
        } else if *self.config != *config {
            let author = self.editing.nobody(now);
            self.editing.apply(&self.config, &config, How::File, author, None);
        }
        self.given = true;
        self.config = config;
        self.filed = Arc::clone(&self.config);
        self.surroundings = surroundings;
        Ok(())
    }

    /// Takes one of the applied configurations that there were before this router began.
    pub(super) fn remember(&mut self, applied: Applied, text: &str) {
        let mut whole = std::mem::take(&mut self.begun);
        whole.push_str(text);
        self.editing.remember(applied, whole);
    }

    /// Puts in force what was there before, where nobody has confirmed what is in force. Why it did.
    pub(super) fn expire(&mut self, now: Time) -> Option<String> {
        let Returning { config, text } = self.editing.expire(now, &self.config)?;
        let author = self.editing.nobody(now);
        self.editing.apply(&self.config, &config, How::Unconfirmed, author, Some(text.clone()));
        self.config = config;
        Some(text)
    }

    pub(super) fn is_writing_for(&self, request: RequestId) -> bool {
        self.writing.as_ref().is_some_and(|(_, other, _)| *other == request)
    }

    /// Does what a line says.
    pub(super) fn execute(&mut self, engine: &Engine, line: LineOf, now: Time) -> Done {
        let LineOf { request, mode, line, author } = line;
        let author = author.unwrap_or_default();
        self.editing.see_wall_clock(now, author.unix_ms);
        let mut session = match Session::restore(&mode) {
            Ok(session) => session,
            Err(error) => return refused(&error.to_string(), mode),
        };
        let who = Who { client: request.client, nameless: request.number == 0, author, now };
        let hold = session.hold();
        let before = Arc::clone(&self.config);
        let names_standby = session.names_standby(&line);
        let target = match hold {
            None => Some(&mut self.config),
            Some(_) => self.editing.candidate_mut(who.client).map(|candidate| {
                candidate.names_standby |= names_standby;
                &mut candidate.config
            }),
        };
        let mut nowhere = Arc::clone(&before);
        let is_nowhere = target.is_none();
        let outcome = session.execute(&line, target.unwrap_or(&mut nowhere));
        let after = session.lines();
        let done = match outcome {
            Ok(LineOutcome::Run(Operation::Candidate(act))) => {
                let modes = Modes { before: mode, after };
                return self.act(act, hold, &who, modes);
            }
            Ok(LineOutcome::Run(operation)) => self.operate(engine, operation, request, after),
            Ok(_) if is_nowhere => return refused(NO_CANDIDATE, mode),
            Ok(
                LineOutcome::Nothing
                | LineOutcome::Configured
                | LineOutcome::Entered
                | LineOutcome::Leave
                | LineOutcome::Shell(_),
            ) => obeyed("", after),
            Err(error) => return refused(&error.to_string(), after),
        };
        if hold.is_some() || *before == *self.config {
            if hold.is_none() && names_standby {
                self.stand_by_as_configured();
            }
            return done;
        }
        if let Some(lock) = self.editing.lock_against(who.client) {
            let text = locked(lock);
            self.config = before;
            return refused(&text, mode);
        }
        if names_standby || before.redundancy.mode != self.config.redundancy.mode {
            self.stand_by_as_configured();
        }
        self.editing.add_line(&before, who.client, who.author, now);
        Done { changed: true, ..done }
    }

    /// From now on the configuration says how the twin stands by: somebody has named that.
    pub(super) fn stand_by_as_configured(&mut self) {
        self.surroundings.standby = None;
    }

    /// Takes note that the file was written, or was not: for whom, and what is to be said.
    pub(super) fn written(&mut self, written: Written) -> Option<(RequestId, Outcome)> {
        let (writing, request, mode) = self.writing.take_if(|(one, ..)| one.number == written.number)?;
        let file = written.file;
        let (status, text) = match written.error {
            None => {
                self.filed = writing.config;
                (Status::Obeyed, format!("Building Configuration...\nConfiguration saved to {file}\n[OK]\n"))
            }
            Some(error) => {
                (Status::Refused, format!("% Can't write {file}: {error}; the configuration is not saved\n"))
            }
        };
        Some((request, Outcome { status, text, mode }))
    }

    fn operate(
        &mut self,
        engine: &Engine,
        operation: Operation,
        request: RequestId,
        mode: Vec<String>,
    ) -> Done {
        match operation {
            Operation::Command(Command::Clear { whom, .. } | Command::ClearCounters(whom))
                if !engine.knows(&whom) =>
            {
                refused(&nobody(&whom), mode)
            }
            Operation::Command(command) => Done { command: Some(command), ..obeyed("", mode) },
            Operation::Text(text) => obeyed(&text, mode),
            Operation::WriteConfig if self.editing.unconfirmed().is_some() => refused(
                "% The configuration in force is not confirmed: 'commit' first, or it would be there after a restart",
                mode,
            ),
            Operation::WriteConfig if self.writing.is_some() => {
                refused("% The configuration is being written for somebody else: try again", mode)
            }
            Operation::WriteConfig => {
                self.writings += 1;
                let writing = Writing { number: self.writings, config: Arc::clone(&self.config) };
                self.writing = Some((writing.clone(), request, mode));
                Done { writing: Some(writing), ..Done::default() }
            }
            Operation::Show(_)
            | Operation::Act(_)
            | Operation::Log
            | Operation::Look(_)
            | Operation::Candidate(_) => refused("% This line changes no configuration", mode),
        }
    }
}

pub(super) fn obeyed(text: &str, mode: Vec<String>) -> Done {
    let outcome = Outcome { status: Status::Obeyed, text: text.to_owned(), mode };
    Done { outcome: Some(outcome), ..Done::default() }
}

pub(super) fn refused(text: &str, mode: Vec<String>) -> Done {
    let outcome = Outcome { status: Status::Refused, text: format!("{}\n", text.trim_end()), mode };
    Done { outcome: Some(outcome), ..Done::default() }
}

/// That a command found no neighbor, in FRR's words.
#[must_use]
pub fn nobody(whom: &Whom) -> String {
    match whom {
        Whom::Address(address) => format!("%BGP: Unknown neighbor - \"{address}\""),
        Whom::Neighbor(name) => format!("%BGP: Unknown neighbor - \"{name}\""),
        Whom::As(asn) => format!("%BGP: No peer is configured with AS {asn}"),
        Whom::Group(group) => format!("%BGP: No such peer-group {group}"),
        Whom::External => "%BGP: No external peer is configured".to_owned(),
        Whom::All => "%BGP: No peer is configured".to_owned(),
    }
}

/// The configuration as it is saved: its text, which reads back as the same value.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Saved {
    config: String,
    /// `None` where it is the same.
    filed: Option<String>,
    surroundings: Surroundings,
    given: bool,
    begun: String,
    /// Number, configuration, who waits, and the modes.
    writing: Option<(u64, String, RequestId, Vec<String>)>,
    writings: u64,
    #[serde(default)]
    editing: super::editing::Saved,
}

impl Configured {
    pub(super) fn save(&self) -> Saved {
        let text = |config: &Config| running_config(config).collect::<String>();
        let writing = self
            .writing
            .as_ref()
            .map(|(writing, request, mode)| (writing.number, text(&writing.config), *request, mode.clone()));
        Saved {
            config: text(&self.config),
            filed: (self.filed != self.config).then(|| text(&self.filed)),
            surroundings: self.surroundings.clone(),
            given: self.given,
            begun: self.begun.clone(),
            writing,
            writings: self.writings,
            editing: self.editing.save(),
        }
    }

    pub(super) fn restore(saved: Saved) -> Result<Configured, Vec<ConfigError>> {
        let read = |text: &str| {
            let (config, _) = parse_str("saved configuration", text, Strictness::Strict)?;
            Ok::<_, Vec<ConfigError>>(Arc::new(config))
        };
        let config = read(&saved.config)?;
        let filed = saved.filed.as_deref().map_or_else(|| Ok(Arc::clone(&config)), read)?;
        let writing = match saved.writing {
            Some((number, text, request, mode)) => {
                Some((Writing { number, config: read(&text)? }, request, mode))
            }
            None => None,
        };
        let editing = Editing::restore(saved.editing)?;
        let Saved { surroundings, given, begun, writings, .. } = saved;
        Ok(Configured { config, filed, editing, surroundings, given, begun, writing, writings })
    }
}
