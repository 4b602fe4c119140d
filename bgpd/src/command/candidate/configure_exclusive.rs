//! `configure exclusive`: lines change a candidate, nobody else changes the configuration meanwhile.

use crate::command::{CandidateAct, Command, Form, Hold, Mode, No, Operation, Outcome, Place, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: &[Place::Exec], text: "configure exclusive", no: No::Never }],
    help: "Configure a candidate, and nobody else configures",
    words: &[("configure", "Configuration from vty interface")],
    run: Run::Session(|session, _| {
        session.enter("configure exclusive", Mode::Candidate(Hold::Exclusive));
        Ok(Outcome::Run(Operation::Candidate(CandidateAct::Open(Hold::Exclusive))))
    }),
};
