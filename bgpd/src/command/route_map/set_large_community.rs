//! `set large-community COMMUNITY... [additive]`, `set large-community none`.

use bgp_engine::policy::{Set, SetCommunities, in_order};

use super::words;
use super::{ROUTE_MAP, WITH_THE_OTHERS};
use crate::command::{Command, Edit, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: ROUTE_MAP,
        text: "set large-community <none|AA:BB:CC... [additive]>",
        no: No::As("set large-community [<none|AA:BB:CC... [additive]>]"),
    }],
    help: "BGP large community attribute",
    words: &[
        ("set", "Set values in destination routing protocol"),
        ("none", "No community attribute"),
        ("AA:BB:CC", "A community, in numbers or by its name"),
        ("additive", "Add to the communities of the route"),
    ],
    run: Run::RouteMap(Edit {
        set: |entry, args| {
            entry.add_set(Set::LargeCommunity(if args.has("none") {
                SetCommunities::None
            } else if args.has("additive") {
                SetCommunities::Add(in_order(words(args, "AA:BB:CC")?))
            } else {
                SetCommunities::Replace(in_order(words(args, "AA:BB:CC")?))
            }));
            Ok(())
        },
        unset: |entry, _| {
            entry.sets.retain(|clause| !matches!(clause, Set::LargeCommunity(_)));
            Ok(())
        },
        write: WITH_THE_OTHERS,
    }),
};
