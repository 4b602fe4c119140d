//! `match tag N`.

use bgp_engine::policy::Match;

use super::{ROUTE_MAP, WITH_THE_OTHERS};
use crate::command::{Command, Edit, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: ROUTE_MAP,
        text: "match tag (1-4294967295)$tag",
        no: No::As("match tag [(1-4294967295)]"),
    }],
    help: "Match tag of route",
    words: &[("match", "Match values from routing table"), ("(1-4294967295)", "Tag value")],
    run: Run::RouteMap(Edit {
        set: |entry, args| {
            entry.add_match(Match::Tag(args.need("tag")?));
            Ok(())
        },
        unset: |entry, _| {
            entry.matches.retain(|clause| !matches!(clause, Match::Tag(_)));
            Ok(())
        },
        write: WITH_THE_OTHERS,
    }),
};
