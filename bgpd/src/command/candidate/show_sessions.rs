//! `show configuration sessions`: who is at work on a candidate.

use super::WORDS;
use crate::command::{Command, Form, Look, No, Operation, Place, Run};
use crate::show::Layout;

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: &[Place::Exec], text: "show configuration sessions [json]", no: No::Never }],
    help: "Who is at work on a candidate",
    words: &[WORDS[0], WORDS[1], WORDS[4]],
    run: Run::Operation(|args| {
        let layout = if args.has("json") { Layout::Json } else { Layout::Text };
        Ok(Operation::Look(Look::Sessions(layout)))
    }),
};
