//! `match ip next-hop prefix-len N`.

use bgp_engine::policy::Match;

use super::{ROUTE_MAP, WITH_THE_OTHERS};
use crate::command::{Command, Edit, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: ROUTE_MAP,
        text: "match ip next-hop prefix-len (0-32)$length",
        no: No::As("match ip next-hop prefix-len [(0-32)]"),
    }],
    help: "Match prefixlen of nexthop IP address",
    words: &[
        ("match", "Match values from routing table"),
        ("next-hop", "Match next-hop address of route"),
        ("(0-32)", "Number of prefixlen"),
    ],
    run: Run::RouteMap(Edit {
        set: |entry, args| {
            entry.add_match(Match::NextHopLength(args.need("length")?));
            Ok(())
        },
        unset: |entry, _| {
            entry.matches.retain(|clause| !matches!(clause, Match::NextHopLength(_)));
            Ok(())
        },
        write: WITH_THE_OTHERS,
    }),
};
