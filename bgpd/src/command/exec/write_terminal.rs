//! `write terminal`: the running configuration.

use super::EXEC;
use crate::command::{Command, Form, No, Operation, Run};
use crate::show::{Layout, RunningConfig};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: EXEC, text: "write terminal", no: No::Never }],
    help: "Write to terminal",
    words: &[("write", "Write running configuration to memory, network, or terminal")],
    run: Run::Operation(|_| Ok(Operation::Show(Box::new(RunningConfig::new(Layout::Text))))),
};
