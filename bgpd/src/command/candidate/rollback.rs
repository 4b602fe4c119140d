//! `rollback N`: an applied configuration becomes the candidate, or comes into force as a whole where there is none.

use crate::command::{CandidateAct, Command, Form, No, Operation, Place, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: &Place::ALL, text: "rollback (0-49)$number", no: No::Never }],
    help: "Go back to an applied configuration",
    words: &[("(0-49)", "Which, as 'show configuration history' counts them; 0 is the one in force")],
    run: Run::Operation(|args| Ok(Operation::Candidate(CandidateAct::Rollback(args.need("number")?)))),
};
