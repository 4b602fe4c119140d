//! `end`: out of every mode.

use crate::command::{CandidateAct, Command, Form, No, Operation, Outcome, Place, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: Place::CONFIGURING, text: "end", no: No::Never }],
    help: "End current mode and change to enable mode",
    words: &[],
    run: Run::Session(|session, _| {
        let held = session.hold();
        session.end();
        Ok(held.map_or(Outcome::Entered, |_| Outcome::Run(Operation::Candidate(CandidateAct::Close))))
    }),
};
