//! The shell: what an operator types, and the answers.
//!
//! A client keeps the stack of modes and sends it with every line; the daemon keeps nothing of a session. So a
//! client survives the daemon: it connects again and goes on. The words on the wire are [`protocol`]'s; both
//! ends know the grammar, so help and completion need no daemon.

mod answer;
mod batch;
mod client;
mod filter;
mod interactive;
mod output;
pub mod protocol;

pub use answer::Hearer;
pub use batch::{run_commands, run_file};
pub use client::{Client, ClientError};
pub use filter::{Filter, FilterError, split_pipe};
pub use interactive::run_interactive;

use crate::command::{Nature, Session};
use protocol::Status;

/// Runs one line with what stands behind its pipe, and writes the answer to `output`.
///
/// # Errors
/// Where the daemon cannot be reached, or was lost on the way.
fn run_line(client: &mut Client, line: &str, output: &mut output::Output) -> Result<Status, ClientError> {
    let session = Session::restore(client.mode()).unwrap_or_default();
    let reads = |line: &str| matches!(session.nature(line), Some(Nature::Reads));
    let (command, filter) = match split_pipe(line) {
        Some((command, action)) if reads(command) => match Filter::parse(action) {
            Ok(Filter::Json) if command.ends_with(" json") => (command.to_owned(), None),
            Ok(Filter::Json) => (format!("{command} json"), None),
            Ok(filter) => (command.to_owned(), Some(filter)),
            Err(error) => {
                output.write(&format!("{error}\n"));
                return Ok(Status::Refused);
            }
        },
        _ => (line.to_owned(), None),
    };
    output.begin(filter);
    let end = client.ask(&command, session.nature(&command), output);
    output.finish();
    Ok(end?.status)
}
