//! `match as-path NAME`.

use bgp_engine::policy::Match;

use super::{ROUTE_MAP, WITH_THE_OTHERS};
use crate::command::{Command, Edit, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: ROUTE_MAP,
        text: "match as-path AS_PATH_FILTER_NAME$name",
        no: No::As("match as-path [AS_PATH_FILTER_NAME]"),
    }],
    help: "Match BGP AS path list",
    words: &[
        ("match", "Match values from routing table"),
        ("AS_PATH_FILTER_NAME", "AS path access-list name"),
    ],
    run: Run::RouteMap(Edit {
        set: |entry, args| {
            entry.add_match(Match::AsPath(args.word("name")?.to_owned()));
            Ok(())
        },
        unset: |entry, _| {
            entry.matches.retain(|clause| !matches!(clause, Match::AsPath(_)));
            Ok(())
        },
        write: WITH_THE_OTHERS,
    }),
};
