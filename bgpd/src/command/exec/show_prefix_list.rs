//! `show ip prefix-list`, `show ipv6 prefix-list`.

use bgp_engine::value::Family;

use super::EXEC;
use super::show_words::{WORDS, family, layout, shown};
use crate::command::{Command, Form, No, Run};
use crate::show::PrefixLists;

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: EXEC, text: "show <ip|ipv6> prefix-list [NAME] [json]", no: No::Never }],
    help: "Build a prefix list",
    words: WORDS,
    run: Run::Operation(|args| {
        let family = family(args).unwrap_or(Family::Ipv4Unicast);
        shown(args, PrefixLists::new(layout(args), family, args.text("NAME").map(str::to_owned)))
    }),
};
