//! `commit`: puts the candidate in force, or confirms what was put in force until it is confirmed.

use super::WORDS;
use crate::command::{CandidateAct, Command, Form, No, Operation, Place, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: &Place::ALL, text: "commit [comment LINE]", no: No::Never }],
    help: "Put the candidate in force",
    words: WORDS,
    run: Run::Operation(|args| {
        let comment = args.text("LINE").map(str::to_owned);
        Ok(Operation::Candidate(CandidateAct::Apply { comment, confirm_within_min: None }))
    }),
};
