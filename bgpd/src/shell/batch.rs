//! Lines from the command line and from files.

use std::io::{self, BufRead};
use std::path::Path;

use super::client::ClientError;
use super::output::print;
use super::protocol::Status;
use super::{Shell, Then, monitor};
use crate::command::{Local, Nature, Session, is_comment};

/// Runs a line that nobody has typed.
fn run(shell: &mut Shell, line: &str) -> Result<Status, ClientError> {
    let Some(local) = shell.session().local(line) else { return shell.run(line) };
    match shell.local(local)? {
        Then::Done(status) => Ok(status),
        // There is no prompt beside which it could go on: it is all that is done, until somebody ends it.
        Then::Needs(Local::Monitor(_)) => {
            let mut hearer = |text: &str| {
                if print(text).is_err() {
                    std::process::exit(0);
                }
            };
            shell.client.follow(monitor::LINE, &mut hearer)
        }
        Then::Needs(_) => Ok(Status::Obeyed),
    }
}

/// Runs these lines one after the other, in one session, up to the first that is refused, as vtysh does. One of
/// them can be several, with newlines between them.
///
/// # Errors
/// Where a line has no answer.
pub fn run_commands(shell: &mut Shell, lines: &[String]) -> Result<Status, ClientError> {
    for line in lines.iter().flat_map(|lines| lines.lines()) {
        if shell.session().nature(line) == Some(Nature::Leaves) {
            break;
        }
        if run(shell, line)? == Status::Refused {
            return Ok(Status::Refused);
        }
    }
    Ok(Status::Obeyed)
}

/// Runs the lines of standard input, which is no terminal, to its end or to an `exit` in the outermost mode. A refused
/// line is answered, and the next one is run.
///
/// # Errors
/// Where a line has no answer or the input cannot be read.
pub fn run_input(shell: &mut Shell) -> Result<Status, FileError> {
    let mut status = Status::Obeyed;
    for line in io::stdin().lines() {
        let line = line.map_err(|error| FileError::Unreadable("standard input".to_owned(), error))?;
        if shell.session().nature(&line) == Some(Nature::Leaves) {
            break;
        }
        if run(shell, &line)? == Status::Refused {
            status = Status::Refused;
        }
    }
    Ok(status)
}

/// Why a file was not run to its end.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It cannot be read.
    #[error("% Cannot read {0}: {1}")]
    Unreadable(String, io::Error),
    /// A line has no answer.
    #[error(transparent)]
    Client(#[from] ClientError),
}

/// Runs every line of a file, as vtysh does: lines of configuration, as a configuration file has them, unless
/// its first line is one of the outermost mode. A refused line is said with its number on standard error, and
/// the next one is run.
///
/// # Errors
/// Where the file cannot be read or a line has no answer.
pub fn run_file(shell: &mut Shell, path: &Path) -> Result<Status, FileError> {
    let unreadable = |error| FileError::Unreadable(path.display().to_string(), error);
    let file = io::BufReader::new(std::fs::File::open(path).map_err(unreadable)?);
    let mut status = Status::Obeyed;
    let mut base: Option<Vec<String>> = None;
    for (at, line) in file.lines().enumerate() {
        let line = line.map_err(unreadable)?;
        if is_comment(&line) {
            continue;
        }
        let base = base.get_or_insert_with(|| match Session::default().nature(&line) {
            Some(_) => Vec::new(),
            None => {
                shell.client.set_mode(Session::configuring().lines());
                shell.client.mode().to_vec()
            }
        });
        // `end` closes an frr.conf, `exit` its blocks, one of which may have been refused.
        let word = line.trim();
        if word == "end" || (word == "exit" && shell.client.mode().len() <= base.len()) {
            shell.client.set_mode(base.clone());
            continue;
        }
        if run(shell, &line)? == Status::Refused {
            eprintln!("line {}: refused: {}", at + 1, line.trim());
            status = Status::Refused;
        }
    }
    shell.client.set_mode(Vec::new());
    Ok(status)
}
