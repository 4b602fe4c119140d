//! `show bgp update-groups`: neighbors that are told the same.

use super::EXEC;
use super::show_words::{WORDS, family, layout, shown};
use crate::command::{Command, Form, No, Run};
use crate::show::UpdateGroups;

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: EXEC,
        text: "show [ip] bgp [<view|vrf> VRF] [<ipv4|ipv6> [unicast]] update-groups [json]",
        no: No::Never,
    }],
    help: "Detailed info about dynamic update groups",
    words: WORDS,
    run: Run::Operation(|args| shown(args, UpdateGroups::new(layout(args), family(args)))),
};
