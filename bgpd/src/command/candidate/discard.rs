//! `discard`: the candidate becomes what is in force.

use crate::command::{CandidateAct, Command, Form, No, Operation, Place, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: Place::CONFIGURING, text: "discard", no: No::Never }],
    help: "Drop the candidate's changes and go on with what is in force",
    words: &[],
    run: Run::Operation(|_| Ok(Operation::Candidate(CandidateAct::Discard))),
};
