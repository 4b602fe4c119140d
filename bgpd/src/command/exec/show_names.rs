//! `show names KIND [BEGINNING]`: what things of a kind are called. Completion asks this.

use super::EXEC;
use super::show_words::{WORDS, layout, shown};
use crate::command::{Command, Form, Names, No, Refusal, Run};
use crate::show::NameList;

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: EXEC,
        text: "show names <neighbor|peer-group|prefix-list|ipv6-prefix-list|route-map|interface> \
               [BEGINNING] [json]",
        no: No::Never,
    }],
    help: "What things of a kind are called",
    words: WORDS,
    run: Run::Operation(|args| {
        let kind = Names::ALL.into_iter().find(|kind| args.has(kind.word()));
        let kind = kind.ok_or_else(|| Refusal::new("a kind of name is missing"))?;
        shown(args, NameList::new(layout(args), kind, args.text("BEGINNING").unwrap_or_default()))
    }),
};
