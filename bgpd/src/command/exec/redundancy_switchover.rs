//! `redundancy switchover`: the twin becomes the primary.

use super::EXEC;
use super::redundancy_words::WORDS;
use crate::command::{Act, Command, Form, No, Operation, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: EXEC, text: "redundancy switchover", no: No::Never }],
    help: "Hand over to the twin",
    words: WORDS,
    run: Run::Operation(|_| Ok(Operation::Act(Act::Switchover))),
};
