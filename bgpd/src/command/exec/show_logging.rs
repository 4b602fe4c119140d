//! `show logging`: the last lines of the log.

use super::EXEC;
use crate::command::{Command, Form, No, Operation, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: EXEC, text: "show logging", no: No::Never }],
    help: "Show the last lines of the log",
    words: &[("show", "Show running system information")],
    run: Run::Operation(|_| Ok(Operation::Log)),
};
