//! `match community NAME [exact-match|any]`.

use bgp_engine::policy::Match;

use super::how;
use super::{ROUTE_MAP, WITH_THE_OTHERS};
use crate::command::{Command, Edit, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: ROUTE_MAP,
        text: "match community <(1-99)$name|(100-500)$name|COMMUNITY_LIST_NAME$name> [<exact-match|any>]",
        no: No::As(
            "match community [<(1-99)$name|(100-500)$name|COMMUNITY_LIST_NAME$name> [<exact-match|any>]]",
        ),
    }],
    help: "Match BGP community list",
    words: &[
        ("match", "Match values from routing table"),
        ("(1-99)", "Standard list number"),
        ("(100-500)", "Expanded list number"),
        ("COMMUNITY_LIST_NAME", "Name of the list"),
        ("exact-match", "Do exact matching of communities"),
        ("any", "Do matching of any community"),
    ],
    run: Run::RouteMap(Edit {
        set: |entry, args| {
            entry.add_match(Match::Community(args.word("name")?.to_owned(), how(args)));
            Ok(())
        },
        unset: |entry, _| {
            entry.matches.retain(|clause| !matches!(clause, Match::Community(..)));
            Ok(())
        },
        write: WITH_THE_OTHERS,
    }),
};
