//! `show configuration rollback N`: an applied configuration.

use super::WORDS;
use crate::command::{Command, Form, Look, No, Operation, Place, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: &[Place::Exec],
        text: "show configuration rollback (0-49)$number",
        no: No::Never,
    }],
    help: "An applied configuration",
    words: &[
        WORDS[0],
        WORDS[1],
        ("(0-49)", "Which, as 'show configuration history' counts them; 0 is the one in force"),
    ],
    run: Run::Operation(|args| Ok(Operation::Look(Look::Applied(args.need("number")?)))),
};
