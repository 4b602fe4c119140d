//! `list`: every command of the mode.

use crate::command::{Command, Form, No, Operation, Outcome, Place, Run, grammar};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: &Place::ALL, text: "list", no: No::Never }],
    help: "Print command list",
    words: &[],
    run: Run::Session(|session, _| {
        let lines = grammar().entries(session.place()).iter().map(|entry| format!("  {}\n", entry.text));
        Ok(Outcome::Run(Operation::Text(lines.collect())))
    }),
};
