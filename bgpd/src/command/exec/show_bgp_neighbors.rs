//! `show bgp neighbors`: all about sessions.

use super::EXEC;
use super::show_words::{WORDS, family, layout, shown, which};
use crate::command::{Command, Form, No, Run};
use crate::show::Neighbors;

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: EXEC,
        text: "show [ip] bgp [<view|vrf> VRF] [<ipv4|ipv6> [unicast]] neighbors [PEER] [json]",
        no: No::Never,
    }],
    help: "Detailed information on TCP and BGP neighbor connections",
    words: WORDS,
    run: Run::Operation(|args| {
        // `show ip bgp neighbors` is FRR's old form of this and shows every neighbor.
        let family = family(args).filter(|_| args.has("ipv4") || args.has("ipv6"));
        shown(args, Neighbors::new(layout(args), which(args), family))
    }),
};
