//! `exit`, `quit`: out of the mode, or out of the shell.

use crate::command::{CandidateAct, Command, Form, Mode, No, Operation, Outcome, Place, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: &Place::ALL, text: "<exit|quit>", no: No::Never }],
    help: "Exit current mode and down to previous mode",
    words: &[],
    run: Run::Session(|session, _| {
        // Out of `disable` there is no way but `enable`, as in FRR.
        if session.place() == Place::View {
            return Ok(Outcome::Leave);
        }
        Ok(match session.leave() {
            Some(Mode::Candidate(_)) => Outcome::Run(Operation::Candidate(CandidateAct::Close)),
            Some(_) => Outcome::Entered,
            None => Outcome::Leave,
        })
    }),
};
