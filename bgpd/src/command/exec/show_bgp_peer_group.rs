//! `show bgp peer-group`: the groups and who is in them.

use super::EXEC;
use super::show_words::{WORDS, layout, shown};
use crate::command::{Command, Form, No, Run};
use crate::show::PeerGroups;

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: EXEC,
        text: "show [ip] bgp [<view|vrf> VRF] peer-group [GROUP] [json]",
        no: No::Never,
    }],
    help: "Detailed information on BGP peer groups",
    words: WORDS,
    run: Run::Operation(|args| {
        shown(args, PeerGroups::new(layout(args), args.text("GROUP").map(str::to_owned)))
    }),
};
