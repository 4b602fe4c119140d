//! `match ip next-hop NAME`, `match ipv6 next-hop NAME`: by access list.

use bgp_engine::policy::Match;

use super::family;
use super::{ROUTE_MAP, WITH_THE_OTHERS};
use crate::command::{Command, Edit, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: ROUTE_MAP,
        text: "match <ip|ipv6> next-hop ACCESSLIST",
        no: No::As("match <ip|ipv6> next-hop [ACCESSLIST]"),
    }],
    help: "Match next-hop address of route",
    words: &[("match", "Match values from routing table"), ("ACCESSLIST", "Access-list name")],
    run: Run::RouteMap(Edit {
        set: |entry, args| {
            entry.add_match(Match::NextHopAccessList(family(args), args.word("ACCESSLIST")?.to_owned()));
            Ok(())
        },
        unset: |entry, args| {
            entry.matches.retain(
                |clause| !matches!(clause, Match::NextHopAccessList(other, _) if *other == family(args)),
            );
            Ok(())
        },
        write: WITH_THE_OTHERS,
    }),
};
