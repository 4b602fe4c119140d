//! `show compare`, or `show | compare`: what the candidate changes.

use super::WORDS;
use crate::command::{Command, Form, Look, No, Operation, Place, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: Place::CONFIGURING,
        text: "show compare [rollback (0-49)$number]",
        no: No::Never,
    }],
    help: "In what the candidate differs from the configuration in force, or from an earlier one",
    words: &[
        ("show", "Show the candidate"),
        WORDS[2],
        ("(0-49)", "Which, as 'show configuration history' counts them; 0 is the one in force"),
    ],
    run: Run::Operation(|args| {
        let with = args.find("number").unwrap_or_default();
        Ok(Operation::Look(Look::Compare { with }))
    }),
};
