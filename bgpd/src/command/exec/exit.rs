//! `exit`, `quit`: out of the mode, or out of the shell.

use crate::command::{Command, Form, No, Outcome, Place, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: &Place::ALL, text: "<exit|quit>", no: No::Never }],
    help: "Exit current mode and down to previous mode",
    words: &[],
    run: Run::Session(|session, _| {
        Ok(if session.leave().is_some() { Outcome::Entered } else { Outcome::Leave })
    }),
};
