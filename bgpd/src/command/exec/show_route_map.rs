//! `show route-map`.

use super::EXEC;
use super::show_words::{WORDS, layout, shown};
use crate::command::{Command, Form, No, Run};
use crate::show::RouteMaps;

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: EXEC, text: "show route-map [NAME] [json]", no: No::Never }],
    help: "route-map information",
    words: WORDS,
    run: Run::Operation(|args| {
        shown(args, RouteMaps::new(layout(args), args.text("NAME").map(str::to_owned)))
    }),
};
