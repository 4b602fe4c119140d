//! `configure private`: lines change a candidate, in a copy of one's own.

use crate::command::{CandidateAct, Command, Form, Hold, Mode, No, Operation, Outcome, Place, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: &[Place::Exec], text: "configure private", no: No::Never }],
    help: "Configure a candidate of one's own",
    words: &[("configure", "Configuration from vty interface")],
    run: Run::Session(|session, _| {
        session.enter("configure private", Mode::Candidate(Hold::Private));
        Ok(Outcome::Run(Operation::Candidate(CandidateAct::Open(Hold::Private))))
    }),
};
