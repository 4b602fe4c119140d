//! `show ip access-list`, `show ipv6 access-list`.

use bgp_engine::value::Family;

use super::EXEC;
use super::show_words::{WORDS, family, layout, shown};
use crate::command::{Command, Form, No, Run};
use crate::show::{ListKind, PolicyLists};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: EXEC, text: "show <ip|ipv6> access-list [NAME] [json]", no: No::Never }],
    help: "List IP access lists",
    words: WORDS,
    run: Run::Operation(|args| {
        let kind = ListKind::Access(family(args).unwrap_or(Family::Ipv4Unicast));
        shown(args, PolicyLists::new(layout(args), kind, args.text("NAME").map(str::to_owned)))
    }),
};
