//! `show configuration history`: who put what in force, and when.

use super::WORDS;
use crate::command::{Command, Form, Look, No, Operation, Place, Run};
use crate::show::Layout;

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: &[Place::Exec],
        text: "show configuration <history|commit list> [json]",
        no: No::Never,
    }],
    help: "Applied configurations: when, by whom, how and why",
    words: &[WORDS[0], WORDS[1], WORDS[4], ("commit", "Applied configurations"), ("list", "All of them")],
    run: Run::Operation(|args| {
        let layout = if args.has("json") { Layout::Json } else { Layout::Text };
        Ok(Operation::Look(Look::History(layout)))
    }),
};
