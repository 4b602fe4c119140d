//! `show bgp nexthop`: the next hops and whether they are reached.

use super::EXEC;
use super::show_words::{WORDS, layout, shown};
use crate::command::{Command, Form, No, Run};
use crate::show::NextHops;

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: EXEC,
        text: "show [ip] bgp [<view|vrf> VRF] [<ipv4|ipv6> [unicast]] nexthop [json]",
        no: No::Never,
    }],
    help: "BGP nexthop table",
    words: WORDS,
    run: Run::Operation(|args| shown(args, NextHops::new(layout(args)))),
};
