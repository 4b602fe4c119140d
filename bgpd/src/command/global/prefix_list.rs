//! `ip prefix-list`, `ipv6 prefix-list`.

use core::fmt;

use bgp_engine::policy::{Action, PrefixList, PrefixListEntry};
use bgp_engine::value::Family;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::CONFIG;
use crate::command::{Args, Command, Edit, Form, Lines, No, Refusal, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[
        Form {
            places: CONFIG,
            text: "ip prefix-list WORD$name [seq (1-4294967295)$seq] <permit|deny> \
                   <any|A.B.C.D/M$prefix [{ge (0-32)$from|le (0-32)$to}]>",
            no: No::As(
                "ip prefix-list WORD$name [seq (1-4294967295)$seq] \
                 [<permit|deny> <any|A.B.C.D/M$prefix [{ge (0-32)$from|le (0-32)$to}]>]",
            ),
        },
        Form {
            places: CONFIG,
            text: "ipv6 prefix-list WORD$name [seq (1-4294967295)$seq] <permit|deny> \
                   <any|X:X::X:X/M$prefix [{ge (0-128)$from|le (0-128)$to}]>",
            no: No::As(
                "ipv6 prefix-list WORD$name [seq (1-4294967295)$seq] \
                 [<permit|deny> <any|X:X::X:X/M$prefix [{ge (0-128)$from|le (0-128)$to}]>]",
            ),
        },
    ],
    help: "Build a prefix list",
    words: &[
        ("WORD", "Name of a prefix list"),
        ("seq", "Sequence number of an entry"),
        ("(1-4294967295)", "Sequence number"),
        ("permit", "Specify packets to forward"),
        ("deny", "Specify packets to reject"),
        ("any", "Any prefix match"),
        ("A.B.C.D/M", "IP prefix <network>/<length>, e.g., 35.0.0.0/8"),
        ("X:X::X:X/M", "IPv6 prefix <network>/<length>, e.g., 3ffe::/16"),
        ("ge", "Minimum prefix length to be matched"),
        ("le", "Maximum prefix length to be matched"),
        ("(0-32)", "Prefix length"),
        ("(0-128)", "Prefix length"),
    ],
    run: Run::Global(Edit {
        set: |config, args| {
            let new = entry(args)?;
            let lists = &mut config.engine.prefix_lists[family(args)];
            let list = lists.entry(args.word("name")?.to_owned()).or_default();
            let sequence = match args.find("seq") {
                Some(sequence) => sequence,
                None => next_sequence(list)?,
            };
            list.entries.insert(sequence, new);
            Ok(())
        },
        unset,
        write: |config, out| {
            for (family, lists) in config.engine.prefix_lists.iter() {
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

/// FRR numbers in steps of five.
fn next_sequence(list: &PrefixList) -> Result<u32, Refusal> {
    let last = list.entries.last_key_value().map_or(0, |(sequence, _)| *sequence);
    (last / 5 * 5).checked_add(5).ok_or_else(|| {
        Refusal::new("There is no sequence number left behind the last entry: write one with 'seq'")
    })
}

fn entry(args: &Args<'_>) -> Result<PrefixListEntry, Refusal> {
    let action = if args.has("permit") { Action::Permit } else { Action::Deny };
    if args.has("any") {
        let (prefix, longest) = any(family(args));
        return Ok(PrefixListEntry { action, prefix, ge: None, le: Some(longest) });
    }
    let prefix = args.net("prefix")?;
    let (ge, le): (Option<u8>, Option<u8>) = (args.find("from"), args.find("to"));
    let least = ge.unwrap_or(prefix.prefix_len());
    if least < prefix.prefix_len() || le.is_some_and(|most| most < least) {
        return Err(Refusal::new(format!(
            "Invalid prefix range for {prefix}: Make sure that mask length <= ge <= le"
        )));
    }
    Ok(PrefixListEntry { action, prefix, ge, le })
}

/// What `any` stands for.
fn any(family: Family) -> (IpNet, u8) {
    match family {
        Family::Ipv4Unicast => (IpNet::V4(Ipv4Net::default()), 32),
        Family::Ipv6Unicast => (IpNet::V6(Ipv6Net::default()), 128),
    }
}

fn unset(config: &mut crate::config::Config, args: &Args<'_>) -> Result<(), Refusal> {
    let lists = &mut config.engine.prefix_lists[family(args)];
    let name = args.word("name")?;
    let missing = || Refusal::new(format!("Prefix list {name} has no such entry"));
    let list = lists.get_mut(name).ok_or_else(|| Refusal::new(format!("There is no prefix list {name}")))?;
    let by_content = args.has("permit") || args.has("deny");
    match args.find::<u32>("seq") {
        Some(sequence) => {
            list.entries.remove(&sequence).ok_or_else(missing)?;
        }
        None if by_content => {
            let wanted = entry(args)?;
            let at = list.entries.iter().find(|(_, entry)| **entry == wanted).map(|(at, _)| *at);
            list.entries.remove(&at.ok_or_else(missing)?);
        }
        None => list.entries.clear(),
    }
    let whole = !by_content && !args.has("seq");
    if whole || (list.entries.is_empty() && list.description.is_none()) {
        lists.remove(name);
    }
    Ok(())
}

fn write(family: Family, name: &str, list: &PrefixList, out: &mut Lines<'_>) {
    let ip = match family {
        Family::Ipv4Unicast => "ip",
        Family::Ipv6Unicast => "ipv6",
    };
    if let Some(text) = &list.description {
        out.line(format_args!("{ip} prefix-list {name} description {text}"));
    }
    for (sequence, entry) in &list.entries {
        out.line(format_args!("{ip} prefix-list {name} seq {sequence} {}", Text { family, entry }));
    }
}

/// An entry from its action on.
struct Text<'a> {
    family: Family,
    entry: &'a PrefixListEntry,
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entry = self.entry;
        f.write_str(match entry.action {
            Action::Permit => "permit ",
            Action::Deny => "deny ",
        })?;
        let (all, longest) = any(self.family);
        if entry.prefix == all && entry.ge.is_none() && entry.le == Some(longest) {
            return f.write_str("any");
        }
        entry.prefix.fmt(f)?;
        if let Some(ge) = entry.ge {
            write!(f, " ge {ge}")?;
        }
        if let Some(le) = entry.le {
            write!(f, " le {le}")?;
        }
        Ok(())
    }
}
