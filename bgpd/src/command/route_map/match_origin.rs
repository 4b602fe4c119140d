//! `match origin egp|igp|incomplete`.

use bgp_engine::policy::Match;

use super::origin;
use super::{ROUTE_MAP, WITH_THE_OTHERS};
use crate::command::{Command, Edit, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: ROUTE_MAP,
        text: "match origin <egp|igp|incomplete>",
        no: No::As("match origin [<egp|igp|incomplete>]"),
    }],
    help: "BGP origin code",
    words: &[
        ("match", "Match values from routing table"),
        ("egp", "Remote EGP"),
        ("igp", "Local IGP"),
        ("incomplete", "Unknown heritage"),
    ],
    run: Run::RouteMap(Edit {
        set: |entry, args| {
            entry.add_match(Match::Origin(origin(args)));
            Ok(())
        },
        unset: |entry, _| {
            entry.matches.retain(|clause| !matches!(clause, Match::Origin(_)));
            Ok(())
        },
        write: WITH_THE_OTHERS,
    }),
};
