//! The shell: what an operator types, and the answers.
//!
//! A client keeps the stack of modes and sends it with every line; the daemon keeps nothing of a session. So a
//! client survives the daemon: it connects again and goes on. The words on the wire are [`protocol`]'s; both
//! ends know the grammar, so help and completion of keywords need no daemon. What is about the shell itself (its
//! pager, `watch`, `terminal monitor`) is done here and asks the daemon for no more than text.

mod answer;
mod batch;
mod client;
mod editing;
mod filter;
mod interactive;
mod interrupt;
mod monitor;
mod output;
mod pages;
pub mod protocol;
mod select;
mod watch;

pub use answer::Hearer;
pub use batch::{run_commands, run_file, run_input};
pub use client::{Client, ClientError};
pub use filter::{Filter, FilterError, parse_actions, split_pipe};
pub use interactive::run_interactive;

use crate::command::{Local, Nature, Session, Switch};
use monitor::{Monitor, Printer};
use output::{Output, Paging};
use protocol::Status;

/// What names the pager, as for FRR's shell.
const PAGER_VARIABLE: &str = "VTYSH_PAGER";

fn pager_wanted() -> Option<String> {
    std::env::var(PAGER_VARIABLE).ok().filter(|pager| !pager.is_empty())
}

/// `show | compare …` as the daemon's grammar has it: it is no filter, since only the daemon knows what to compare
/// with. What stands behind another pipe is one.
fn comparison(line: &str) -> Option<String> {
    let (command, action) = split_pipe(line)?;
    let words: Vec<&str> = command.split_ascii_whitespace().collect();
    let shows = match words.as_slice() {
        [show] => is_beginning(show, "show", 2),
        [show, what] => is_beginning(show, "show", 2) && is_beginning(what, "configuration", 4),
        _ => false,
    };
    let compares =
        action.split_ascii_whitespace().next().is_some_and(|word| is_beginning(word, "compare", 3));
    (shows && compares).then(|| format!("{command} {action}"))
}

/// Whether a word is one that begins so, cut to no less than so many letters.
fn is_beginning(word: &str, whole: &str, least: usize) -> bool {
    word.len() >= least && whole.starts_with(word)
}

/// A shell: a session with the daemon, and how its answers are shown.
#[derive(Debug)]
pub struct Shell {
    client: Client,
    output: Output,
    monitor: Option<Monitor>,
}

/// How far a line that is about the shell itself came.
enum Then {
    Done(Status),
    /// It needs what only an operator at the keys has.
    Needs(Local),
}

impl Shell {
    /// A shell that nobody types into.
    #[must_use]
    pub fn new(client: Client) -> Shell {
        Shell { client, output: Output::default(), monitor: None }
    }

    fn at_terminal(client: Client) -> Shell {
        let mut output = Output::at_terminal();
        output.paging = pager_wanted().map_or(Paging::Off, Paging::Command);
        Shell { client, output, monitor: None }
    }

    fn session(&self) -> Session {
        Session::restore(self.client.mode()).unwrap_or_default()
    }

    /// Runs one line with what stands behind its pipes, and shows the answer.
    ///
    /// # Errors
    /// Where the daemon cannot be reached, or was lost on the way.
    fn run(&mut self, line: &str) -> Result<Status, ClientError> {
        let session = self.session();
        let compared = comparison(line);
        let line = compared.as_deref().unwrap_or(line);
        let reads = |line: &str| matches!(session.nature(line), Some(Nature::Reads));
        let (command, filters) = match split_pipe(line) {
            Some((command, actions)) if reads(command) => match parse_actions(actions) {
                Ok(filters) if matches!(filters.first(), Some(Filter::Json(_))) => {
                    let said = command.split_ascii_whitespace().next_back() == Some("json");
                    (if said { command.to_owned() } else { format!("{command} json") }, filters)
                }
                Ok(filters) => (command.to_owned(), filters),
                Err(error) => return Ok(self.refuse(&error.to_string())),
            },
            _ => (line.to_owned(), Vec::new()),
        };
        self.output.begin(filters);
        let end = self.client.ask(&command, session.nature(&command), &mut self.output);
        self.output.finish();
        Ok(end?.status)
    }

    /// Says why a line is not run.
    fn refuse(&mut self, why: &str) -> Status {
        self.output.begin(Vec::new());
        self.output.write(&format!("{why}\n"));
        self.output.finish();
        Status::Refused
    }

    /// Does what a line asks of the shell.
    fn local(&mut self, local: Local) -> Result<Then, ClientError> {
        match local {
            Local::Length(0) => self.output.paging = Paging::Off,
            Local::Length(rows) => {
                self.output.paging = Paging::Here(Some(usize::try_from(rows).unwrap_or(usize::MAX)));
            }
            Local::Paginate(Switch::On) => {
                self.output.paging = pager_wanted().map_or(Paging::Here(None), Paging::Command);
            }
            Local::Paginate(Switch::Off) => self.output.paging = Paging::Off,
            Local::Monitor(Switch::Off) => self.monitor = None,
            Local::Watch { line, pause_s } => return watch::watch(self, &line, pause_s).map(Then::Done),
            Local::Monitor(Switch::On) | Local::History => return Ok(Then::Needs(local)),
        }
        Ok(Then::Done(Status::Obeyed))
    }

    /// Shows the log's lines from now on by this printer, beside what else is shown.
    fn begin_monitor(&mut self, printer: Printer) {
        if self.monitor.is_none() {
            self.monitor = Some(Monitor::start(&self.client, printer));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comparison_is_no_filter() {
        let compared = |line| comparison(line).unwrap_or_default();
        assert_eq!(compared("show | compare"), "show compare");
        assert_eq!(
            compared("sh | comp rollback 3 | include network"),
            "sh comp rollback 3 | include network"
        );
        assert_eq!(
            compared("show configuration | compare rollback 1"),
            "show configuration compare rollback 1"
        );
        for line in ["show running-config | include compare", "show | include x", "compare", "show compare"] {
            assert_eq!(comparison(line), None, "{line}");
        }
    }
}
