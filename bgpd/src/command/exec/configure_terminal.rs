//! `configure terminal`: from here on lines change the configuration.

use super::EXEC;
use crate::command::{Command, Form, Mode, No, Outcome, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: EXEC, text: "configure [terminal]", no: No::Never }],
    help: "Configuration from vty interface",
    words: &[("terminal", "Configuration terminal")],
    run: Run::Session(|session, _| {
        session.enter("configure terminal", Mode::Config);
        Ok(Outcome::Entered)
    }),
};
