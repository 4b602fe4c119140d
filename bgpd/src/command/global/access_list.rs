//! `access-list`, `ipv6 access-list`: prefixes.

use bgp_engine::policy::{AccessList, AccessListEntry};
use bgp_engine::value::Family;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::CONFIG;
use super::lists::{action, add, remove};
use crate::command::{Args, Command, Edit, Form, Lines, No, Refusal, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[
        Form {
            places: CONFIG,
            text: "access-list WORD$name [seq (1-4294967295)$seq] <deny|permit> \
                   <any|A.B.C.D/M$prefix [exact-match]|host A.B.C.D$host>",
            no: No::As(
                "access-list WORD$name [[seq (1-4294967295)$seq] <deny|permit> \
                 <any|A.B.C.D/M$prefix [exact-match]|host A.B.C.D$host>]",
            ),
        },
        Form {
            places: CONFIG,
            text: "ipv6 access-list WORD$name [seq (1-4294967295)$seq] <deny|permit> \
                   <any|X:X::X:X/M$prefix [exact-match]>",
            no: No::As(
                "ipv6 access-list WORD$name [[seq (1-4294967295)$seq] <deny|permit> \
                 <any|X:X::X:X/M$prefix [exact-match]>]",
            ),
        },
    ],
    help: "Add an access list entry",
    words: &[
        ("WORD", "Access list name"),
        ("seq", "Sequence number of an entry"),
        ("(1-4294967295)", "Sequence number"),
        ("permit", "Specify packets to forward"),
        ("deny", "Specify packets to reject"),
        ("any", "Prefix to match. e.g. 0.0.0.0/0"),
        ("A.B.C.D/M", "Prefix to match. e.g. 10.0.0.0/8"),
        ("X:X::X:X/M", "IPv6 prefix"),
        ("exact-match", "Exact match of the prefixes"),
        ("host", "A single host address"),
    ],
    run: Run::Global(Edit {
        set: |config, args| {
            let entry = entry(args)?;
            let lists = &mut config.engine.access_lists[family(args)];
            add(&mut lists.entry(args.word("name")?.to_owned()).or_default().entries, args.find("seq"), entry)
        },
        unset,
        write: |config, out| {
            for (family, lists) in config.engine.access_lists.iter() {
                for (name, list) in lists {
                    write(family, name, list, out);
                }
                out.separate();
            }
        },
    }),
};

/// The family that the line's first word names.
pub(super) fn family(args: &Args<'_>) -> Family {
    if args.has("ipv6") { Family::Ipv6Unicast } else { Family::Ipv4Unicast }
}

fn entry(args: &Args<'_>) -> Result<AccessListEntry, Refusal> {
    let (action, exact) = (action(args), args.has("exact-match"));
    let prefix = match (args.find::<core::net::Ipv4Addr>("host"), args.has("any"), family(args)) {
        (Some(host), ..) => IpNet::V4(host.into()),
        (None, true, Family::Ipv4Unicast) => IpNet::V4(Ipv4Net::default()),
        (None, true, Family::Ipv6Unicast) => IpNet::V6(Ipv6Net::default()),
        (None, false, _) => args.net("prefix")?,
    };
    Ok(AccessListEntry { action, prefix, exact })
}

fn unset(config: &mut crate::config::Config, args: &Args<'_>) -> Result<(), Refusal> {
    let lists = &mut config.engine.access_lists[family(args)];
    let name = args.word("name")?;
    let missing = || Refusal::new(format!("There is no access list {name}"));
    if !args.has("permit") && !args.has("deny") {
        return lists.remove(name).map(drop).ok_or_else(missing);
    }
    let entry = entry(args)?;
    let list = lists.get_mut(name).ok_or_else(missing)?;
    remove(&mut list.entries, args.find("seq"), &entry)?;
    if list.entries.is_empty() && list.remark.is_none() {
        lists.remove(name);
    }
    Ok(())
}

fn write(family: Family, name: &str, list: &AccessList, out: &mut Lines<'_>) {
    let command = match family {
        Family::Ipv4Unicast => "access-list",
        Family::Ipv6Unicast => "ipv6 access-list",
    };
    if let Some(text) = &list.remark {
        out.line(format_args!("{command} {name} remark {text}"));
    }
    for (sequence, entry) in &list.entries {
        let action = entry.action.word();
        let exact = if entry.exact { " exact-match" } else { "" };
        if entry.is_any() {
            out.line(format_args!("{command} {name} seq {sequence} {action} any"));
        } else {
            out.line(format_args!("{command} {name} seq {sequence} {action} {}{exact}", entry.prefix));
        }
    }
}
