//! `show bgp memory`: what there is and what it takes.

use super::EXEC;
use super::show_words::{WORDS, layout, shown};
use crate::command::{Command, Form, No, Run};
use crate::show::Brief;

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: EXEC, text: "show [ip] bgp memory [json]", no: No::Never }],
    help: "Global BGP memory statistics",
    words: WORDS,
    run: Run::Operation(|args| shown(args, Brief::memory(layout(args)))),
};
