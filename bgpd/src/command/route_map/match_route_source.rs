//! `match ip route-source NAME`: the neighbor by access list.

use bgp_engine::policy::Match;

use super::{ROUTE_MAP, WITH_THE_OTHERS};
use crate::command::{Command, Edit, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: ROUTE_MAP,
        text: "match ip route-source ACCESSLIST",
        no: No::As("match ip route-source [ACCESSLIST]"),
    }],
    help: "Match advertising source address of route",
    words: &[("match", "Match values from routing table"), ("ACCESSLIST", "Access-list name")],
    run: Run::RouteMap(Edit {
        set: |entry, args| {
            entry.add_match(Match::RouteSourceAccessList(args.word("ACCESSLIST")?.to_owned()));
            Ok(())
        },
        unset: |entry, _| {
            entry.matches.retain(|clause| !matches!(clause, Match::RouteSourceAccessList(_)));
            Ok(())
        },
        write: WITH_THE_OTHERS,
    }),
};
