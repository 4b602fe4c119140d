//! `match ip route-source prefix-list NAME`.

use bgp_engine::policy::Match;

use super::{ROUTE_MAP, WITH_THE_OTHERS};
use crate::command::{Command, Edit, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: ROUTE_MAP,
        text: "match ip route-source prefix-list WORD",
        no: No::As("match ip route-source prefix-list [WORD]"),
    }],
    help: "Match entries of prefix-lists",
    words: &[
        ("match", "Match values from routing table"),
        ("route-source", "Match advertising source address of route"),
        ("WORD", "Prefix-list name"),
    ],
    run: Run::RouteMap(Edit {
        set: |entry, args| {
            entry.add_match(Match::RouteSourcePrefixList(args.word("WORD")?.to_owned()));
            Ok(())
        },
        unset: |entry, _| {
            entry.matches.retain(|clause| !matches!(clause, Match::RouteSourcePrefixList(_)));
            Ok(())
        },
        write: WITH_THE_OTHERS,
    }),
};
