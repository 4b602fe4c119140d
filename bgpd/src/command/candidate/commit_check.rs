//! `commit check`: whether the candidate could be put in force, and what in it is hardly meant.

use super::WORDS;
use crate::command::{CandidateAct, Command, Form, No, Operation, Place, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: Place::CONFIGURING, text: "commit check", no: No::Never }],
    help: "Look at the candidate as a whole without putting it in force",
    words: WORDS,
    run: Run::Operation(|_| Ok(Operation::Candidate(CandidateAct::Check))),
};
