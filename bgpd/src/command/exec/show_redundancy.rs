//! `show redundancy`: the twin and how it stands.

use super::EXEC;
use super::show_words::{WORDS, layout, shown};
use crate::command::{Command, Form, No, Run};
use crate::show::Redundancy;

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: EXEC, text: "show redundancy [json]", no: No::Never }],
    help: "The twin and how it stands",
    words: WORDS,
    run: Run::Operation(|args| shown(args, Redundancy::new(layout(args)))),
};
