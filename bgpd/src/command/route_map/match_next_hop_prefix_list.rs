//! `match ip next-hop prefix-list NAME`, `match ipv6 next-hop prefix-list NAME`.

use bgp_engine::policy::Match;

use super::family;
use super::{ROUTE_MAP, WITH_THE_OTHERS};
use crate::command::{Command, Edit, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: ROUTE_MAP,
        text: "match <ip|ipv6> next-hop prefix-list WORD",
        no: No::As("match <ip|ipv6> next-hop prefix-list [WORD]"),
    }],
    help: "Match entries of prefix-lists",
    words: &[
        ("match", "Match values from routing table"),
        ("next-hop", "Match next-hop address of route"),
        ("WORD", "Prefix-list name"),
    ],
    run: Run::RouteMap(Edit {
        set: |entry, args| {
            entry.add_match(Match::NextHopPrefixList(family(args), args.word("WORD")?.to_owned()));
            Ok(())
        },
        unset: |entry, args| {
            entry.matches.retain(
                |clause| !matches!(clause, Match::NextHopPrefixList(other, _) if *other == family(args)),
            );
            Ok(())
        },
        write: WITH_THE_OTHERS,
    }),
};
