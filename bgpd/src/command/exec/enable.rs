//! `enable`, `disable`: there is one level of privilege, the socket's mode; accepted for the fingers' sake.

use super::EXEC;
use crate::command::{Command, Form, No, Outcome, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: EXEC, text: "<enable|disable>", no: No::Never }],
    help: "Turn on or off privileged mode command",
    words: &[],
    run: Run::Session(|_, _| Ok(Outcome::Nothing)),
};
