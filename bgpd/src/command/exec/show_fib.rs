//! `show fib`: how the writing of the kernel's routes stands.

use super::EXEC;
use super::show_words::{WORDS, layout, shown};
use crate::command::{Command, Form, No, Run};
use crate::show::Fib;

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: EXEC, text: "show fib [json]", no: No::Never }],
    help: "How the writing of the kernel's routes stands",
    words: WORDS,
    run: Run::Operation(|args| shown(args, Fib::new(layout(args)))),
};
