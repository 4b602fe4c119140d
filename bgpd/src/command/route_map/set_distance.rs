//! `set distance N`, for the kernel's route.

use bgp_engine::policy::Set;

use super::{ROUTE_MAP, WITH_THE_OTHERS};
use crate::command::{Command, Edit, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: ROUTE_MAP,
        text: "set distance (1-255)$distance",
        no: No::As("set distance [(1-255)]"),
    }],
    help: "BGP Administrative Distance to use",
    words: &[("set", "Set values in destination routing protocol"), ("(1-255)", "Distance value")],
    run: Run::RouteMap(Edit {
        set: |entry, args| {
            entry.add_set(Set::Distance(args.need("distance")?));
            Ok(())
        },
        unset: |entry, _| {
            entry.sets.retain(|clause| !matches!(clause, Set::Distance(_)));
            Ok(())
        },
        write: WITH_THE_OTHERS,
    }),
};
