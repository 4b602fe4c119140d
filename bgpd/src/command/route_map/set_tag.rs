//! `set tag N`.

use bgp_engine::policy::Set;

use super::{ROUTE_MAP, WITH_THE_OTHERS};
use crate::command::{Command, Edit, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: ROUTE_MAP,
        text: "set tag (1-4294967295)$tag",
        no: No::As("set tag [(1-4294967295)]"),
    }],
    help: "Tag value for routing protocol",
    words: &[("set", "Set values in destination routing protocol"), ("(1-4294967295)", "Tag value")],
    run: Run::RouteMap(Edit {
        set: |entry, args| {
            entry.add_set(Set::Tag(args.need("tag")?));
            Ok(())
        },
        unset: |entry, _| {
            entry.sets.retain(|clause| !matches!(clause, Set::Tag(_)));
            Ok(())
        },
        write: WITH_THE_OTHERS,
    }),
};
