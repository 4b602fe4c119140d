//! `ip route`, `ipv6 route`: routes for next-hop resolution.

use core::net::{IpAddr, Ipv4Addr};

use bgp_engine::config::{StaticRoute, StaticVia};
use ipnet::{IpNet, Ipv4Net};

use super::CONFIG;
use crate::command::{Args, Command, Edit, Form, No, Refusal, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[
        Form {
            places: CONFIG,
            text: "ip route A.B.C.D/M$prefix <A.B.C.D$gateway [INTERFACE]|INTERFACE> [(1-255)$distance]",
            no: No::Same,
        },
        Form {
            places: CONFIG,
            text: "ip route A.B.C.D$address A.B.C.D$mask <A.B.C.D$gateway [INTERFACE]|INTERFACE> [(1-255)$distance]",
            no: No::Same,
        },
        Form {
            places: CONFIG,
            text: "ipv6 route X:X::X:X/M$prefix <X:X::X:X$gateway [INTERFACE]|INTERFACE> [(1-255)$distance]",
            no: No::Same,
        },
    ],
    help: "Establish static routes, which serve next-hop resolution",
    words: &[
        ("A.B.C.D/M", "IP destination prefix"),
        ("X:X::X:X/M", "IPv6 destination prefix"),
        ("A.B.C.D", "IP address of the gateway, or destination and mask"),
        ("X:X::X:X", "IPv6 address of the gateway"),
        ("INTERFACE", "Outgoing interface, or Null0 or blackhole"),
        ("(1-255)", "Distance value for this route"),
    ],
    run: Run::Global(Edit {
        set: |config, args| {
            config.engine.static_routes.insert(route(args)?);
            Ok(())
        },
        unset: |config, args| {
            let wanted = route(args)?;
            let any_distance = !args.has("distance");
            let before = config.engine.static_routes.len();
            config.engine.static_routes.retain(|route| {
                route.prefix != wanted.prefix
                    || route.via != wanted.via
                    || !(any_distance || route.distance == wanted.distance)
            });
            if before == config.engine.static_routes.len() {
                return Err(Refusal::new("There is no such route"));
            }
            Ok(())
        },
        write: |config, out| {
            out.separate();
            for route in &config.engine.static_routes {
                let ip = if matches!(route.prefix, IpNet::V4(_)) { "ip" } else { "ipv6" };
                let distance = Distance(route.distance);
                let prefix = route.prefix;
                match &route.via {
                    StaticVia::Address(via) => out.line(format_args!("{ip} route {prefix} {via}{distance}")),
                    StaticVia::Interface(via) => {
                        out.line(format_args!("{ip} route {prefix} {via}{distance}"))
                    }
                    // Behind a gateway a number would be read as the distance.
                    StaticVia::AddressOnInterface(via, name) if name.bytes().all(|b| b.is_ascii_digit()) => {
                        out.line(format_args!("{ip} route {prefix} {via} {name} {}", route.distance));
                    }
                    StaticVia::AddressOnInterface(via, name) => {
                        out.line(format_args!("{ip} route {prefix} {via} {name}{distance}"));
                    }
                    StaticVia::Blackhole => out.line(format_args!("{ip} route {prefix} blackhole{distance}")),
                }
            }
            out.separate();
        },
    }),
};

/// A distance as it ends a line: nothing where it is FRR's default.
struct Distance(u8);

impl core::fmt::Display for Distance {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        if self.0 == 1 { Ok(()) } else { write!(f, " {}", self.0) }
    }
}

fn route(args: &Args<'_>) -> Result<StaticRoute, Refusal> {
    let prefix = if args.has("mask") {
        let (address, mask): (Ipv4Addr, Ipv4Addr) = (args.need("address")?, args.need("mask")?);
        Ipv4Net::with_netmask(address, mask)
            .map(|net| IpNet::V4(net.trunc()))
            .map_err(|_| Refusal::new(format!("{mask} is not a netmask: its ones must stand together")))?
    } else {
        args.net("prefix")?
    };
    let gateway: Option<IpAddr> = args.find("gateway");
    let via = match (gateway, args.text("INTERFACE")) {
        (Some(address), None) => StaticVia::Address(address),
        (Some(address), Some(name)) => StaticVia::AddressOnInterface(address, name.to_owned()),
        (None, Some("Null0" | "blackhole")) => StaticVia::Blackhole,
        (None, name) => StaticVia::Interface(name.unwrap_or_default().to_owned()),
    };
    Ok(StaticRoute { prefix, via, distance: args.find("distance").unwrap_or(1) })
}
