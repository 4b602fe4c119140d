//! `match ip address prefix-list NAME`, `match ipv6 address prefix-list NAME`.

use bgp_engine::policy::Match;
use bgp_engine::value::Family;

use super::ROUTE_MAP;
use crate::command::{Args, Command, Edit, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: ROUTE_MAP,
        text: "match <ip|ipv6> address prefix-list WORD",
        no: No::As("match <ip|ipv6> address prefix-list [WORD]"),
    }],
    help: "Match entries of prefix-lists",
    words: &[
        ("match", "Match values from routing table"),
        ("address", "Match address of route"),
        ("WORD", "Prefix-list name"),
    ],
    run: Run::RouteMap(Edit {
        // One a family: a second one takes the first one's place, as in FRR.
        set: |entry, args| {
            let new = Match::AddressPrefixList(family(args), args.word("WORD")?.to_owned());
            entry.matches.retain(|Match::AddressPrefixList(other, _)| *other != family(args));
            entry.matches.push(new);
            entry.matches.sort_by_key(|Match::AddressPrefixList(family, _)| *family);
            Ok(())
        },
        unset: |entry, args| {
            entry.matches.retain(|Match::AddressPrefixList(other, _)| *other != family(args));
            Ok(())
        },
        write: |entry, out| {
            for Match::AddressPrefixList(family, name) in &entry.matches {
                let ip = match family {
                    Family::Ipv4Unicast => "ip",
                    Family::Ipv6Unicast => "ipv6",
                };
                out.line(format_args!("match {ip} address prefix-list {name}"));
            }
        },
    }),
};

fn family(args: &Args<'_>) -> Family {
    if args.has("ipv6") { Family::Ipv6Unicast } else { Family::Ipv4Unicast }
}
