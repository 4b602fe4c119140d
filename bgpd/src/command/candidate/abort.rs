//! `abort`: out of every mode, and the candidate is dropped.

use crate::command::{CandidateAct, Command, Form, No, Operation, Outcome, Place, Refusal, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: Place::CONFIGURING, text: "abort", no: No::Never }],
    help: "Drop the candidate and leave the configuration modes",
    words: &[],
    run: Run::Session(|session, _| {
        if session.hold().is_none() {
            return Err(Refusal::new(
                "There is no candidate to drop: each line of 'configure terminal' is in force at once",
            ));
        }
        session.end();
        Ok(Outcome::Run(Operation::Candidate(CandidateAct::Abort)))
    }),
};
