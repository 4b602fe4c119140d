//! `match interface NAME`: the neighbor is called by it.

use bgp_engine::policy::Match;

use super::{ROUTE_MAP, WITH_THE_OTHERS};
use crate::command::{Command, Edit, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: ROUTE_MAP,
        text: "match interface IFNAME",
        no: No::As("match interface [IFNAME]"),
    }],
    help: "Match first hop interface of route",
    words: &[("match", "Match values from routing table"), ("IFNAME", "Interface name")],
    run: Run::RouteMap(Edit {
        set: |entry, args| {
            entry.add_match(Match::Interface(args.word("IFNAME")?.to_owned()));
            Ok(())
        },
        unset: |entry, _| {
            entry.matches.retain(|clause| !matches!(clause, Match::Interface(_)));
            Ok(())
        },
        write: WITH_THE_OTHERS,
    }),
};
