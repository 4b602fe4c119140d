//! `show ip route`, `show ipv6 route`: the routes of this router and what the kernel has of them.

use bgp_engine::value::{Family, RouteKind};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::EXEC;
use super::show_words::{WORDS, family, host, layout, net, shown};
use crate::command::{Args, Command, Form, No, Operation, Refusal, Run};
use crate::show::{Asked, Protocol, Route, RouteSummary, Routes};

pub(super) const COMMAND: Command = Command {
    forms: &[
        Form {
            places: EXEC,
            text: "show <ip|ipv6> route [vrf VRF] [<A.B.C.D/M$net|X:X::X:X/M$net> longer-prefixes] \
                   [<bgp|connected|kernel|static>] [json]",
            no: No::Never,
        },
        Form {
            places: EXEC,
            text: "show <ip|ipv6> route [vrf VRF] \
                   <A.B.C.D$address|X:X::X:X$address|A.B.C.D/M$net|X:X::X:X/M$net> [json]",
            no: No::Never,
        },
        Form { places: EXEC, text: "show <ip|ipv6> route [vrf VRF] summary [json]", no: No::Never },
    ],
    help: "IP routing table",
    words: WORDS,
    run: Run::Operation(run),
};

fn run(args: &Args<'_>) -> Result<Operation, Refusal> {
    if args.has("summary") {
        return match family(args) {
            Some(Family::Ipv6Unicast) => shown(args, RouteSummary::<Ipv6Net>::new(layout(args))),
            Some(Family::Ipv4Unicast) | None => shown(args, RouteSummary::<Ipv4Net>::new(layout(args))),
        };
    }
    if args.has("address") {
        return match host(args, "address")? {
            IpNet::V4(host) => shown(args, Route::new(layout(args), Asked::Longest(host))),
            IpNet::V6(host) => shown(args, Route::new(layout(args), Asked::Longest(host))),
        };
    }
    let net = if args.has("net") { Some(net(args, "net")?) } else { None };
    match net {
        Some(net) if !args.has("longer-prefixes") => match net {
            IpNet::V4(net) => shown(args, Route::new(layout(args), Asked::Exactly(net))),
            IpNet::V6(net) => shown(args, Route::new(layout(args), Asked::Exactly(net))),
        },
        Some(IpNet::V4(net)) => shown(args, Routes::new(layout(args), protocol(args), Some(net))),
        Some(IpNet::V6(net)) => shown(args, Routes::new(layout(args), protocol(args), Some(net))),
        None if family(args) == Some(Family::Ipv6Unicast) => {
            shown(args, Routes::<Ipv6Net>::new(layout(args), protocol(args), None))
        }
        None => shown(args, Routes::<Ipv4Net>::new(layout(args), protocol(args), None)),
    }
}

fn protocol(args: &Args<'_>) -> Protocol {
    if args.has("bgp") {
        Protocol::Bgp
    } else if args.has("connected") {
        Protocol::Other(RouteKind::Connected)
    } else if args.has("kernel") {
        Protocol::Other(RouteKind::Kernel)
    } else if args.has("static") {
        Protocol::Other(RouteKind::Static)
    } else {
        Protocol::Any
    }
}
