//! `show version`.

use super::EXEC;
use super::show_words::{WORDS, layout, shown};
use crate::command::{Command, Form, No, Run};
use crate::show::Brief;

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: EXEC, text: "show version [json]", no: No::Never }],
    help: "Displays the version",
    words: WORDS,
    run: Run::Operation(|args| shown(args, Brief::version(layout(args)))),
};
