//! `set weight N`.

use bgp_engine::policy::Set;

use super::{ROUTE_MAP, WITH_THE_OTHERS};
use crate::command::{Command, Edit, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: ROUTE_MAP,
        text: "set weight (0-4294967295)$weight",
        no: No::As("set weight [(0-4294967295)]"),
    }],
    help: "BGP weight for routing table",
    words: &[("set", "Set values in destination routing protocol"), ("(0-4294967295)", "Weight value")],
    run: Run::RouteMap(Edit {
        set: |entry, args| {
            entry.add_set(Set::Weight(args.need("weight")?));
            Ok(())
        },
        unset: |entry, _| {
            entry.sets.retain(|clause| !matches!(clause, Set::Weight(_)));
            Ok(())
        },
        write: WITH_THE_OTHERS,
    }),
};
