//! `show history`: the lines that were typed.

use super::VIEW;
use crate::command::{Command, Form, Local, No, Outcome, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: VIEW, text: "show history", no: No::Never }],
    help: "Display the session command history",
    words: &[("show", "Show running system information")],
    run: Run::Session(|_, _| Ok(Outcome::Shell(Local::History))),
};
