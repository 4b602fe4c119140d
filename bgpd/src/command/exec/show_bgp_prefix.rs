//! `show bgp ipv4 unicast PREFIX`: one prefix's paths, or what lies inside it.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::EXEC;
use super::show_words::{WORDS, layout, net, shown};
use crate::command::{Args, Command, Form, No, Operation, Refusal, Run};
use crate::show::{Asked, Depth, PathChoice, Prefix, Scope, Table};

pub(super) const COMMAND: Command = Command {
    forms: &[
        Form {
            places: EXEC,
            text: "show [ip] bgp [<view|vrf> VRF] [<ipv4|ipv6> [unicast]] \
                   <A.B.C.D$address|X:X::X:X$address|A.B.C.D/M$net|X:X::X:X/M$net> \
                   [<bestpath|multipath>] [json]",
            no: No::Never,
        },
        Form {
            places: EXEC,
            text: "show [ip] bgp [<view|vrf> VRF] [<ipv4|ipv6> [unicast]] <A.B.C.D/M$net|X:X::X:X/M$net> \
                   longer-prefixes [json]",
            no: No::Never,
        },
    ],
    help: "Network in the BGP routing table to display",
    words: WORDS,
    run: Run::Operation(run),
};

fn run(args: &Args<'_>) -> Result<Operation, Refusal> {
    let layout = layout(args);
    if args.has("longer-prefixes") {
        return match net(args, "net")? {
            IpNet::V4(net) => shown(args, Table::<Ipv4Net>::new(layout, Depth::Line, Scope::Longer(net))),
            IpNet::V6(net) => shown(args, Table::<Ipv6Net>::new(layout, Depth::Line, Scope::Longer(net))),
        };
    }
    let choice = if args.has("bestpath") {
        PathChoice::Best
    } else if args.has("multipath") {
        PathChoice::Multipath
    } else {
        PathChoice::All
    };
    if args.has("net") {
        return match net(args, "net")? {
            IpNet::V4(net) => shown(args, Prefix::new(layout, Asked::Exactly(net), choice)),
            IpNet::V6(net) => shown(args, Prefix::new(layout, Asked::Exactly(net), choice)),
        };
    }
    match IpNet::from(args.need::<core::net::IpAddr>("address")?) {
        IpNet::V4(host) => shown(args, Prefix::new(layout, Asked::Longest(host), choice)),
        IpNet::V6(host) => shown(args, Prefix::new(layout, Asked::Longest(host), choice)),
    }
}
