//! `redundancy twin restart`: another process becomes the twin.

use super::EXEC;
use super::redundancy_words::WORDS;
use crate::command::{Act, Command, Form, No, Operation, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: EXEC, text: "redundancy twin restart", no: No::Never }],
    help: "Start the twin anew",
    words: WORDS,
    run: Run::Operation(|_| Ok(Operation::Act(Act::RestartTwin))),
};
