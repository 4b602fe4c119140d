//! `match local-preference N`.

use bgp_engine::policy::Match;

use super::{ROUTE_MAP, WITH_THE_OTHERS};
use crate::command::{Command, Edit, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: ROUTE_MAP,
        text: "match local-preference (0-4294967295)$value",
        no: No::As("match local-preference [(0-4294967295)]"),
    }],
    help: "Match local-preference of route",
    words: &[("match", "Match values from routing table"), ("(0-4294967295)", "Metric value")],
    run: Run::RouteMap(Edit {
        set: |entry, args| {
            entry.add_match(Match::LocalPreference(args.need("value")?));
            Ok(())
        },
        unset: |entry, _| {
            entry.matches.retain(|clause| !matches!(clause, Match::LocalPreference(_)));
            Ok(())
        },
        write: WITH_THE_OTHERS,
    }),
};
