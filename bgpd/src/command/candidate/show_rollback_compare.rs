//! `show configuration compare rollback N`, or `show configuration | compare rollback N`: what has changed since.

use super::WORDS;
use crate::command::{Command, Form, Look, No, Operation, Place, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: &[Place::Exec],
        text: "show configuration compare rollback (1-49)$number",
        no: No::Never,
    }],
    help: "In what the configuration in force differs from an earlier one",
    words: &[WORDS[0], WORDS[1], WORDS[2], ("(1-49)", "Which, as 'show configuration history' counts them")],
    run: Run::Operation(|args| Ok(Operation::Look(Look::AppliedSince(args.need("number")?)))),
};
