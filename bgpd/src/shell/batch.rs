//! Lines from the command line and from files.

use std::io::{self, BufRead};
use std::path::Path;

use super::client::{Client, ClientError};
use super::output::Output;
use super::protocol::Status;
use super::run_line;
use crate::command::{Session, is_comment};

/// Runs these lines one after the other, in one session, up to the first that is refused, as vtysh does.
///
/// # Errors
/// Where a line has no answer.
pub fn run_commands(client: &mut Client, lines: &[String]) -> Result<Status, ClientError> {
    let mut output = Output::default();
    for line in lines {
        if run_line(client, line, &mut output)? == Status::Refused {
            return Ok(Status::Refused);
        }
    }
    Ok(Status::Obeyed)
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
pub fn run_file(client: &mut Client, path: &Path) -> Result<Status, FileError> {
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
                client.set_mode(Session::configuring().lines());
                client.mode().to_vec()
            }
        });
        // `end` closes an frr.conf, `exit` its blocks, one of which may have been refused.
        let word = line.trim();
        if word == "end" || (word == "exit" && client.mode().len() <= base.len()) {
            client.set_mode(base.clone());
            continue;
        }
        let mut output = Output::default();
        if run_line(client, &line, &mut output)? == Status::Refused {
            eprintln!("line {}: refused: {}", at + 1, line.trim());
            status = Status::Refused;
        }
    }
    Ok(status)
}
