//! `write [memory|file]`: saves the running configuration.

use super::EXEC;
use crate::command::{Command, Form, No, Operation, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: EXEC, text: "write [<memory|file|integrated>]", no: No::Never }],
    help: "Write running configuration to memory, network, or terminal",
    words: &[
        ("memory", "Write configuration to the file (same as write file)"),
        ("file", "Write configuration to the file (same as write memory)"),
        ("integrated", "Write configuration to the file"),
    ],
    run: Run::Operation(|_| Ok(Operation::WriteConfig)),
};
