//! The words that the `show bgp …` family shares, and what they mean.

use bgp_engine::value::{Family, Net};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::command::{Args, Operation, Refusal};
use crate::show::{Layout, Show, Which};

/// Help for them.
pub(super) const WORDS: &[(&str, &str)] = &[
    ("show", "Show running system information"),
    ("ip", "IP information"),
    ("bgp", "BGP information"),
    ("view", "BGP view"),
    ("vrf", "BGP VRF"),
    ("VRF", "View/VRF name"),
    ("ipv4", "Address Family"),
    ("ipv6", "Address Family"),
    ("unicast", "Address Family modifier"),
    ("json", "JavaScript Object Notation"),
    ("summary", "Summary of BGP neighbor status"),
    ("established", "Show only sessions in Established state"),
    ("failed", "Show only sessions not in Established state"),
    ("neighbor", "Show only the specified neighbor session"),
    ("remote-as", "Show only the specified remote AS sessions"),
    ("internal", "Internal (iBGP) AS sessions"),
    ("external", "External (eBGP) AS sessions"),
    ("terse", "Shorten the information on BGP instances"),
    ("wide", "Increase table width for longer output"),
    ("neighbors", "Detailed information on TCP and BGP neighbor connections"),
    ("advertised-routes", "Display the routes advertised to a BGP neighbor"),
    ("received-routes", "Display the received routes from neighbor"),
    ("filtered-routes", "Display the filtered routes received from neighbor"),
    ("routes", "Display routes learned from neighbor"),
    ("longer-prefixes", "Display route and more specific routes"),
    ("bestpath", "Display only the bestpath"),
    ("multipath", "Display only multipaths"),
    ("route", "IP routing table"),
    ("nht", "IP nexthop tracking table"),
    ("connected", "Connected routes (directly attached subnet or host)"),
    ("kernel", "Kernel routes (not installed via the router)"),
    ("static", "Statically configured routes"),
    ("detail", "Display detailed version of JSON output"),
    ("A.B.C.D", "Network in the BGP routing table to display"),
    ("A.B.C.D/M", "IPv4 prefix"),
    ("X:X::X:X", "Network in the BGP routing table to display"),
    ("X:X::X:X/M", "IPv6 prefix"),
];

/// How the answer is laid out.
pub(super) fn layout(args: &Args<'_>) -> Layout {
    if args.has("json") { Layout::Json } else { Layout::Text }
}

/// The family that a line names; `show ip bgp` names IPv4.
pub(super) fn family(args: &Args<'_>) -> Option<Family> {
    if args.has("ipv6") {
        Some(Family::Ipv6Unicast)
    } else if args.has("ipv4") || args.has("ip") {
        Some(Family::Ipv4Unicast)
    } else {
        None
    }
}

/// The neighbor that a line names.
pub(super) fn which(args: &Args<'_>) -> Option<Which> {
    args.neighbor("peer").map(Which)
}

/// There is one VRF.
pub(super) fn check_vrf(args: &Args<'_>) -> Result<(), Refusal> {
    match args.text("VRF") {
        None | Some("default" | "all") => Ok(()),
        Some(other) => Err(Refusal::new(format!("View/Vrf {other} is unknown: there is one, 'default'"))),
    }
}

/// A show as a command's outcome.
pub(super) fn shown(args: &Args<'_>, show: impl Show + 'static) -> Result<Operation, Refusal> {
    check_vrf(args)?;
    Ok(Operation::Show(Box::new(show)))
}

/// A prefix of either family, host bits cleared, and whether the family is the one that the line names.
pub(super) fn net(args: &Args<'_>, name: &str) -> Result<IpNet, Refusal> {
    of_family(args, args.net(name)?)
}

/// An address of either family as the prefix of itself alone.
pub(super) fn host(args: &Args<'_>, name: &str) -> Result<IpNet, Refusal> {
    of_family(args, IpNet::from(args.need::<core::net::IpAddr>(name)?))
}

/// The prefix, if its family is the one that the line names.
fn of_family(args: &Args<'_>, net: IpNet) -> Result<IpNet, Refusal> {
    let named = match net {
        IpNet::V4(_) => Ipv4Net::FAMILY,
        IpNet::V6(_) => Ipv6Net::FAMILY,
    };
    match family(args) {
        Some(family) if family != named => {
            Err(Refusal::new(format!("Cannot specify {net} with the address family {family}")))
        }
        Some(_) | None => Ok(net),
    }
}
