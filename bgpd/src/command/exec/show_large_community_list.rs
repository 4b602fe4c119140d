//! `show bgp large-community-list`.

use super::EXEC;
use super::show_words::{WORDS, layout, shown};
use crate::command::{Command, Form, No, Run};
use crate::show::{ListKind, PolicyLists};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: EXEC,
        text: "show bgp large-community-list [NAME [detail]] [json]",
        no: No::Never,
    }],
    help: "List large-community list",
    words: WORDS,
    run: Run::Operation(|args| {
        let name = args.text("NAME").map(str::to_owned);
        shown(args, PolicyLists::new(layout(args), ListKind::Large, name))
    }),
};
