//! `show candidate`: the configuration as it would be.

use super::WORDS;
use crate::command::{Command, Form, Look, No, Operation, Place, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: Place::CONFIGURING, text: "show [candidate]", no: No::Never }],
    help: "The configuration as it would be",
    words: &[("show", "Show the candidate"), WORDS[3]],
    run: Run::Operation(|_| Ok(Operation::Look(Look::Candidate))),
};
