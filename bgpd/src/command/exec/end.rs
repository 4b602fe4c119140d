//! `end`: out of every mode.

use crate::command::{Command, Form, No, Outcome, Place, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: Place::CONFIGURING, text: "end", no: No::Never }],
    help: "End current mode and change to enable mode",
    words: &[],
    run: Run::Session(|session, _| {
        session.end();
        Ok(Outcome::Entered)
    }),
};
