//! `set community COMMUNITY... [additive]`, `set community none`.

use bgp_engine::policy::{Set, SetCommunities, in_order};

use super::words;
use super::{ROUTE_MAP, WITH_THE_OTHERS};
use crate::command::{Command, Edit, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: ROUTE_MAP,
        text: "set community <none|AA:NN... [additive]>",
        no: No::As("set community [<none|AA:NN... [additive]>]"),
    }],
    help: "BGP community attribute",
    words: &[
        ("set", "Set values in destination routing protocol"),
        ("none", "No community attribute"),
        ("AA:NN", "A community, in numbers or by its name"),
        ("additive", "Add to the communities of the route"),
    ],
    run: Run::RouteMap(Edit {
        set: |entry, args| {
            entry.add_set(Set::Community(if args.has("none") {
                SetCommunities::None
            } else if args.has("additive") {
                SetCommunities::Add(in_order(words(args, "AA:NN")?))
            } else {
                SetCommunities::Replace(in_order(words(args, "AA:NN")?))
            }));
            Ok(())
        },
        unset: |entry, _| {
            entry.sets.retain(|clause| !matches!(clause, Set::Community(_)));
            Ok(())
        },
        write: WITH_THE_OTHERS,
    }),
};
