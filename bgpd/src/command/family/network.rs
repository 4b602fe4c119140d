//! `network PREFIX`: originates a prefix.

use core::net::Ipv4Addr;

use bgp_engine::config::Network;
use ipnet::{IpNet, Ipv4Net};

use crate::command::{Args, Refusal};
use crate::command::{Command, FAMILY, Form, No, Place, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[
        Form { places: V4, text: "network A.B.C.D/M$prefix [route-map WORD]", no: No::Same },
        Form { places: V4, text: "network A.B.C.D$address mask A.B.C.D$mask [route-map WORD]", no: No::Same },
        Form { places: V6, text: "network X:X::X:X/M$prefix [route-map WORD]", no: No::Same },
    ],
    help: "Specify a network to announce via BGP",
    words: &[
        ("A.B.C.D/M", "IPv4 prefix"),
        ("X:X::X:X/M", "IPv6 prefix"),
        ("A.B.C.D", "Network number, and network mask"),
        ("mask", "Network mask"),
        ("route-map", "Route-map to modify the attributes"),
        ("WORD", "Name of the route map"),
    ],
    run: Run::Family {
        set: |settings, _, args| {
            let route_map = args.text("WORD").map(str::to_owned);
            settings.networks.insert(prefix(args)?, Network { route_map });
            Ok(())
        },
        unset: |settings, _, args| match settings.networks.remove(&prefix(args)?) {
            Some(_) => Ok(()),
            None => Err(Refusal::new("Can't find static route specified")),
        },
        write: |settings, out| {
            for (prefix, network) in &settings.networks {
                match &network.route_map {
                    Some(name) => out.line(format_args!("network {prefix} route-map {name}")),
                    None => out.line(format_args!("network {prefix}")),
                }
            }
        },
    },
};

const V4: &[Place] = FAMILY.split_at(2).0;
const V6: &[Place] = FAMILY.split_at(2).1;

fn prefix(args: &Args<'_>) -> Result<IpNet, Refusal> {
    if args.has("prefix") {
        return args.net("prefix");
    }
    let (address, mask): (Ipv4Addr, Ipv4Addr) = (args.need("address")?, args.need("mask")?);
    Ipv4Net::with_netmask(address, mask)
        .map(|net| IpNet::V4(net.trunc()))
        .map_err(|_| Refusal::new(format!("{mask} is not a netmask: its ones must stand together")))
}
