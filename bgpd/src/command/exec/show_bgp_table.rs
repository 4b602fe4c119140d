//! `show bgp ipv4 unicast`: the table.

use bgp_engine::value::Family;
use ipnet::{Ipv4Net, Ipv6Net};

use super::EXEC;
use super::show_words::{WORDS, family, layout, shown};
use crate::command::{Args, Command, Form, No, Operation, Refusal, Run};
use crate::show::{Depth, Scope, Table};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: EXEC,
        text: "show [ip] bgp [<view|vrf> VRF] [<ipv4|ipv6> [unicast]] [json [detail]]",
        no: No::Never,
    }],
    help: "BGP information",
    words: WORDS,
    run: Run::Operation(run),
};

fn run(args: &Args<'_>) -> Result<Operation, Refusal> {
    let depth = if args.has("detail") { Depth::Detail } else { Depth::Line };
    // As in FRR `show bgp` is about IPv6 and `show ip bgp` about IPv4.
    match family(args).unwrap_or(Family::Ipv6Unicast) {
        Family::Ipv4Unicast => shown(args, Table::<Ipv4Net>::new(layout(args), depth, Scope::All)),
        Family::Ipv6Unicast => shown(args, Table::<Ipv6Net>::new(layout(args), depth, Scope::All)),
    }
}
