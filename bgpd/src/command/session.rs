//! A session's place in the modes, and what a line does there.

use std::sync::Arc;

use super::error::{LineError, Refusal};
use super::grammar::{Completion, Parsed, grammar};
use super::local::Local;
use super::mode::{Mode, Place};
use super::run::{Hold, Negation, Operation, Outcome, Run, apply};
use crate::config::{Config, Redundancy, Standby};

/// Where a session is: the modes it has entered, each with the line that it was entered by.
///
/// The lines alone make the session again ([`Session::restore`]), so a client keeps them and the daemon nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Session {
    entered: Vec<(String, Mode)>,
}

/// What kind of thing a line does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nature {
    /// It reads, and may be done twice.
    Reads,
    /// It goes from mode to mode and changes nothing else.
    Moves,
    /// It changes something that the log knows: its outcome can be asked for afterwards.
    Changes,
    /// It has the processes do something.
    Acts,
    /// It is about the shell that it is typed into.
    Local,
    /// It ends the session.
    Leaves,
}

impl Nature {
    /// The nature of what a line has done.
    fn of(operation: &Operation) -> Nature {
        match operation {
            Operation::Show(_) | Operation::Text(_) | Operation::Log | Operation::Look(_) => Nature::Reads,
            Operation::Act(_) => Nature::Acts,
            Operation::Command(_) | Operation::WriteConfig | Operation::Candidate(_) => Nature::Changes,
        }
    }
}

/// Whether a line is empty or a comment.
#[must_use]
pub fn is_comment(line: &str) -> bool {
    let line = line.trim_start();
    line.is_empty() || line.starts_with(['!', '#'])
}

impl Session {
    /// A session in which these lines have been typed, each of which enters a mode.
    ///
    /// # Errors
    /// Where one of them does not.
    pub fn restore<S: AsRef<str>>(lines: &[S]) -> Result<Session, LineError> {
        let mut session = Session::default();
        for line in lines {
            let line = line.as_ref();
            let parsed = grammar().parse(session.place(), line)?;
            let refused = |refusal| LineError::Refused { refusal, column: 0 };
            match &parsed.command.run {
                Run::Block { enter, .. } if parsed.negation == Negation::Plain => {
                    let mode = enter(&parsed.args).map_err(refused)?;
                    session.enter(line, mode);
                }
                Run::Session(run) => {
                    run(&mut session, &parsed.args).map_err(refused)?;
                }
                _ => return Err(refused(Refusal::new(format!("'{line}' enters no mode")))),
            }
        }
        Ok(session)
    }

    /// A session in the mode of a configuration file's first line.
    #[must_use]
    pub fn configuring() -> Session {
        Session { entered: vec![("configure terminal".to_owned(), Mode::Config)] }
    }

    /// The lines that make this session again.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.entered.iter().map(|(line, _)| line.clone()).collect()
    }

    /// The mode.
    #[must_use]
    pub fn mode(&self) -> &Mode {
        self.entered.last().map_or(&Mode::Exec, |(_, mode)| mode)
    }

    /// The mode's place in the grammar.
    #[must_use]
    pub fn place(&self) -> Place {
        self.mode().place()
    }

    /// `host(config-router)# `; `host(config-private-router)# ` where lines change a candidate.
    #[must_use]
    pub fn prompt(&self, host: &str) -> String {
        let (prompt, sign) = (self.place().prompt(), self.place().sign());
        let hold = match self.hold() {
            Some(Hold::Exclusive) => "(config-exclusive",
            Some(Hold::Private) => "(config-private",
            None => return format!("{host}{prompt}{sign}"),
        };
        format!("{host}{}{sign}", prompt.replacen("(config", hold, 1))
    }

    /// Whose hand is on the configuration, where lines change a candidate; `None` where they are in force at once.
    #[must_use]
    pub fn hold(&self) -> Option<Hold> {
        match self.entered.first() {
            Some((_, Mode::Candidate(hold))) => Some(*hold),
            _ => None,
        }
    }

    pub(super) fn enter(&mut self, line: &str, mode: Mode) {
        self.entered.push((line.trim().to_owned(), mode));
    }

    /// Leaves the innermost mode. `None` where there is none.
    pub(super) fn leave(&mut self) -> Option<Mode> {
        self.entered.pop().map(|(_, mode)| mode)
    }

    pub(super) fn end(&mut self) {
        self.entered.clear();
    }

    /// Does what a line says; where the mode has no such command, in the modes around it, as in FRR.
    ///
    /// `config` is changed in place where nobody else holds it, and not at all where the line is refused.
    ///
    /// # Errors
    /// What is wrong with the line. The session is then where it was.
    pub fn execute(&mut self, line: &str, config: &mut Arc<Config>) -> Result<Outcome, LineError> {
        if is_comment(line) {
            return Ok(Outcome::Nothing);
        }
        if let Some((rest, column)) = self.done(line) {
            return Session::default().run_done(rest, config).map_err(|error| shift(error, column, line));
        }
        let mut furthest: Option<LineError> = None;
        for depth in self.depths() {
            let place = self.at(depth).place();
            match grammar().parse(place, line) {
                Ok(parsed) => {
                    let mut moved = Session { entered: self.entered[..depth].to_vec() };
                    let outcome = moved.run(&parsed, line, config)?;
                    *self = moved;
                    return Ok(outcome);
                }
                // What is said is what went wrong where most of the line was understood.
                Err(error) if furthest.as_ref().is_none_or(|other| other.column() < error.column()) => {
                    furthest = Some(error);
                }
                Err(_) => {}
            }
        }
        Err(furthest.unwrap_or_else(|| LineError::Unknown {
            line: line.trim().to_owned(),
            column: 0,
            expected: Vec::new(),
        }))
    }

    /// How many modes to be in, from the present one out to `configure terminal`.
    fn depths(&self) -> impl Iterator<Item = usize> + use<> {
        let depth = self.entered.len();
        let outermost = depth.min(1);
        (outermost..=depth).rev()
    }

    fn at(&self, depth: usize) -> &Mode {
        depth.checked_sub(1).and_then(|at| self.entered.get(at)).map_or(&Mode::Exec, |(_, mode)| mode)
    }

    /// The command after `do`, and where it begins, in a configuring mode.
    fn done<'t>(&self, line: &'t str) -> Option<(&'t str, usize)> {
        if !Place::CONFIGURING.contains(&self.place()) {
            return None;
        }
        behind("do", line)
    }

    fn run_done(mut self, line: &str, config: &mut Arc<Config>) -> Result<Outcome, LineError> {
        let parsed = grammar().parse(Place::Exec, line)?;
        let unknown = || LineError::Unknown { line: line.trim().to_owned(), column: 0, expected: Vec::new() };
        match parsed.command.run {
            Run::Operation(_) => self.run(&parsed, line, config),
            Run::Session(_) => match self.run(&parsed, line, config)? {
                outcome @ (Outcome::Run(_) | Outcome::Shell(_)) => Ok(outcome),
                _ => Err(unknown()),
            },
            _ => Err(unknown()),
        }
    }

    /// What a line asks of the shell itself, where it is such a line.
    #[must_use]
    pub fn local(&self, line: &str) -> Option<Local> {
        if self.nature(line) != Some(Nature::Local) {
            return None;
        }
        match self.clone().execute(line, &mut Arc::default()) {
            Ok(Outcome::Shell(local)) => Some(local),
            _ => None,
        }
    }

    fn run(
        &mut self,
        parsed: &Parsed<'_>,
        line: &str,
        config: &mut Arc<Config>,
    ) -> Result<Outcome, LineError> {
        let column = line.len() - line.trim_start().len();
        let refused = |refusal| LineError::Refused { refusal, column };
        match &parsed.command.run {
            Run::Operation(run) => run(&parsed.args).map(Outcome::Run).map_err(refused),
            Run::Session(run) => run(self, &parsed.args).map_err(refused),
            Run::Block { enter, .. } if parsed.negation == Negation::Plain => {
                let mode = enter(&parsed.args).map_err(refused)?;
                apply(&parsed.command.run, parsed.negation, &parsed.args, &mode, config).map_err(refused)?;
                self.enter(line, mode);
                Ok(Outcome::Entered)
            }
            run => {
                apply(run, parsed.negation, &parsed.args, self.mode(), config).map_err(refused)?;
                Ok(Outcome::Configured)
            }
        }
    }

    /// What a line would do here; `None` where it is no command, or a comment.
    #[must_use]
    pub fn nature(&self, line: &str) -> Option<Nature> {
        if let Some((rest, _)) = self.done(line) {
            return Session::default().nature(rest);
        }
        let found = self.depths().find_map(|depth| {
            let parsed = grammar().parse(self.at(depth).place(), line).ok()?;
            Some((depth, parsed))
        });
        let (depth, parsed) = found?;
        Some(match parsed.command.run {
            Run::Session(run) => {
                let mut moved = Session { entered: self.entered[..depth].to_vec() };
                match run(&mut moved, &parsed.args) {
                    Ok(Outcome::Leave) => Nature::Leaves,
                    Ok(Outcome::Run(operation)) => Nature::of(&operation),
                    Ok(Outcome::Shell(_)) => Nature::Local,
                    Ok(_) | Err(_) => Nature::Moves,
                }
            }
            Run::Operation(run) => {
                run(&parsed.args).map_or(Nature::Changes, |operation| Nature::of(&operation))
            }
            _ => Nature::Changes,
        })
    }

    /// Whether a line says how the twin stands by, also where it says what was said before.
    #[must_use]
    pub fn names_standby(&self, line: &str) -> bool {
        let found = self.depths().find_map(|depth| grammar().parse(self.at(depth).place(), line).ok());
        let Some((parsed, Run::Redundancy(edit))) = found.map(|parsed| {
            let run = &parsed.command.run;
            (parsed, run)
        }) else {
            return false;
        };
        let change = if parsed.negation == Negation::Plain { edit.set } else { edit.unset };
        // Whatever it was before, it is the same then.
        let come_to = Standby::ALL.map(|mode| {
            let mut block = Redundancy { mode: Some(mode), ..Redundancy::default() };
            change(&mut block, &parsed.args).map(|()| block.mode)
        });
        come_to.iter().all(|mode| mode.is_ok() && *mode == come_to[0])
    }

    /// What may stand at the end of `line`, which is cut at the cursor.
    #[must_use]
    pub fn complete(&self, line: &str) -> Completion {
        let inner = match self.done(line) {
            Some((rest, column)) => Some((Session::default(), rest, column)),
            None if Place::CONFIGURING.contains(&self.place()) => None,
            None => behind("watch", line).map(|(rest, column)| (self.clone(), rest, column)),
        };
        match inner {
            Some((session, rest, column)) => {
                let mut completion = session.complete(rest);
                completion.start += column;
                completion
            }
            None => grammar().complete(self.place(), line),
        }
    }
}

/// What stands behind a word that a command follows, and where it begins.
fn behind<'t>(word: &str, line: &'t str) -> Option<(&'t str, usize)> {
    let rest = line.trim_start().strip_prefix(word)?;
    rest.starts_with(|c: char| c.is_ascii_whitespace()).then(|| (rest, line.len() - rest.len()))
}

/// An error of a part of a line as an error of the line.
fn shift(error: LineError, by: usize, whole: &str) -> LineError {
    let line = whole.trim().to_owned();
    match error {
        LineError::Unknown { column, expected, .. } => {
            LineError::Unknown { line, column: column + by, expected }
        }
        LineError::Ambiguous { column, expected, .. } => {
            LineError::Ambiguous { line, column: column + by, expected }
        }
        LineError::Incomplete { column, expected, .. } => {
            LineError::Incomplete { line, column: column + by, expected }
        }
        LineError::Refused { refusal, column } => LineError::Refused { refusal, column: column + by },
    }
}
