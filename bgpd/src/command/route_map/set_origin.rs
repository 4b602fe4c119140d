//! `set origin egp|igp|incomplete`.

use bgp_engine::policy::Set;

use super::origin;
use super::{ROUTE_MAP, WITH_THE_OTHERS};
use crate::command::{Command, Edit, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: ROUTE_MAP,
        text: "set origin <egp|igp|incomplete>",
        no: No::As("set origin [<egp|igp|incomplete>]"),
    }],
    help: "BGP origin code",
    words: &[
        ("set", "Set values in destination routing protocol"),
        ("egp", "remote EGP"),
        ("igp", "local IGP"),
        ("incomplete", "unknown heritage"),
    ],
    run: Run::RouteMap(Edit {
        set: |entry, args| {
            entry.add_set(Set::Origin(origin(args)));
            Ok(())
        },
        unset: |entry, _| {
            entry.sets.retain(|clause| !matches!(clause, Set::Origin(_)));
            Ok(())
        },
        write: WITH_THE_OTHERS,
    }),
};
