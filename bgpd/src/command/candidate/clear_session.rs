//! `clear configuration session N`: drops somebody's candidate, and the lock that may go with it.

use super::WORDS;
use crate::command::{CandidateAct, Command, Form, No, Operation, Place, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: &[Place::Exec],
        text: "clear configuration session (1-4294967295)$number",
        no: No::Never,
    }],
    help: "Drop somebody's candidate",
    words: &[
        ("clear", "Reset functions"),
        WORDS[1],
        ("(1-4294967295)", "Which, as 'show configuration sessions' counts them"),
    ],
    run: Run::Operation(|args| Ok(Operation::Candidate(CandidateAct::Drop(args.need("number")?)))),
};
