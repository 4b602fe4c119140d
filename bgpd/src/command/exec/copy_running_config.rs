//! `copy running-config startup-config`: saves the running configuration.

use super::EXEC;
use crate::command::{Command, Form, No, Operation, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: EXEC, text: "copy running-config startup-config", no: No::Never }],
    help: "Copy from one file to another",
    words: &[
        ("running-config", "Copy from current system configuration"),
        ("startup-config", "Copy to startup configuration"),
    ],
    run: Run::Operation(|_| Ok(Operation::WriteConfig)),
};
