//! The layout of routes for people.

use bgp_engine::value::Family;
use ipnet::IpNet;

use super::entry::{Entry, Hop, InKernel, Part, To};
use crate::show::Router;
use crate::show::text::put;
use crate::show::time::uptime;

/// The letters' meanings. FRR's leave out the protocols that were not built in; here these are all.
const CODES: &str = "\
Codes: K - kernel route, C - connected, S - static, B - BGP,
       > - selected route, * - FIB route, q - queued, r - rejected, b - backup
       t - trapped, o - offload failure

";

/// What stands above the first route.
pub fn push_head(family: Family, out: &mut String) {
    let name = match family {
        Family::Ipv4Unicast => "IPv4",
        Family::Ipv6Unicast => "IPv6",
    };
    put!(out, "{CODES}{name} unicast VRF default:\n");
}

/// A route in a line for each of its hops.
pub fn push_lines(router: &Router<'_>, net: IpNet, entry: &Entry, out: &mut String) {
    let up = since(router, entry);
    let mut indent = 0;
    for (n, hop) in entry.hops.iter().enumerate() {
        let mark = mark(entry.kernel, hop);
        if n == 0 {
            let start = out.len();
            let selected = if entry.selected { '>' } else { ' ' };
            put!(out, "{}{selected}{mark} {net}", entry.teller.letter());
            if entry.teller != super::entry::Teller::Other(bgp_engine::value::RouteKind::Connected) {
                put!(out, " [{}/{}]", entry.distance, entry.metric);
            }
            indent = out.len() - start;
        } else {
            let deeper = if hop.part == Part::Resolver { 2 } else { 0 };
            put!(out, "  {mark}{:width$}", "", width = indent + deeper - 3);
        }
        push_hop(router, hop, out);
        put!(out, ", {up}\n");
    }
}

/// A route in full.
pub fn push_detail(router: &Router<'_>, net: IpNet, entry: &Entry, out: &mut String) {
    put!(out, "Routing entry for {net}\n  Known via \"{}\"", entry.teller.name());
    put!(out, ", distance {}, metric {}", entry.distance, entry.metric);
    out.push_str(if entry.selected { ", best\n" } else { "\n" });
    put!(out, "  Last update {} ago\n", since(router, entry));
    for hop in &entry.hops {
        let deeper = if hop.part == Part::Resolver { "  " } else { "" };
        put!(out, "  {}{deeper} ", mark(entry.kernel, hop));
        match hop.to {
            To::Router(address, None) => put!(out, "{address}"),
            To::Router(address, Some(link)) => put!(out, "{address}, via {}", router.link_name(link)),
            To::Link(link) => put!(out, "directly connected, {}", router.link_name(link)),
            hole => out.push_str(hole_text(hole)),
        }
        push_rest(hop, out);
        out.push('\n');
    }
    out.push('\n');
}

fn since(router: &Router<'_>, entry: &Entry) -> String {
    let moment = bgp_engine::value::Instant::from_micros(u64::from(entry.since_s) * 1_000_000);
    uptime(router.clock.since(moment))
}

/// The kernel has no recursive hops, so it says nothing of them.
const fn mark(kernel: InKernel, hop: &Hop) -> char {
    match (kernel, hop.part) {
        (InKernel::Installed, Part::Recursive) => ' ',
        _ => kernel.letter(),
    }
}

/// A hop as a route's line ends.
pub fn push_hop(router: &Router<'_>, hop: &Hop, out: &mut String) {
    match hop.to {
        To::Router(address, None) => put!(out, " via {address}"),
        To::Router(address, Some(link)) => put!(out, " via {address}, {}", router.link_name(link)),
        To::Link(link) => put!(out, " is directly connected, {}", router.link_name(link)),
        hole => put!(out, " {}", hole_text(hole)),
    }
    push_rest(hop, out);
}

const fn hole_text(to: To) -> &'static str {
    match to {
        To::Unreachable => "unreachable (ICMP unreachable)",
        To::Prohibit => "unreachable (ICMP admin-prohibited)",
        To::Blackhole | To::Router(..) | To::Link(_) => "unreachable (blackhole)",
    }
}

fn push_rest(hop: &Hop, out: &mut String) {
    match hop.part {
        Part::Recursive => out.push_str(" (recursive)"),
        Part::Inactive => out.push_str(" inactive"),
        Part::Direct | Part::Resolver => {}
    }
    if let Some(weight) = hop.weight {
        put!(out, ", weight {weight}");
    }
}
