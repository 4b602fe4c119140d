//! `match metric N`.

use bgp_engine::policy::Match;

use super::{ROUTE_MAP, WITH_THE_OTHERS};
use crate::command::{Command, Edit, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: ROUTE_MAP,
        text: "match metric (0-4294967295)$value",
        no: No::As("match metric [(0-4294967295)]"),
    }],
    help: "Match metric of route",
    words: &[("match", "Match values from routing table"), ("(0-4294967295)", "Metric value")],
    run: Run::RouteMap(Edit {
        set: |entry, args| {
            entry.add_match(Match::Metric(args.need("value")?));
            Ok(())
        },
        unset: |entry, _| {
            entry.matches.retain(|clause| !matches!(clause, Match::Metric(_)));
            Ok(())
        },
        write: WITH_THE_OTHERS,
    }),
};
