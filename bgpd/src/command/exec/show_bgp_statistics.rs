//! `show bgp ipv4 unicast statistics`: a table in numbers.

use bgp_engine::value::Family;
use ipnet::{Ipv4Net, Ipv6Net};

use super::EXEC;
use super::show_words::{WORDS, family, layout, shown};
use crate::command::{Command, Form, No, Run};
use crate::show::Statistics;

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: EXEC,
        text: "show [ip] bgp [<view|vrf> VRF] [<ipv4|ipv6> [unicast]] statistics [json]",
        no: No::Never,
    }],
    help: "BGP RIB advertisement statistics",
    words: WORDS,
    run: Run::Operation(|args| match family(args).unwrap_or(Family::Ipv6Unicast) {
        Family::Ipv4Unicast => shown(args, Statistics::<Ipv4Net>::new(layout(args))),
        Family::Ipv6Unicast => shown(args, Statistics::<Ipv6Net>::new(layout(args))),
    }),
};
