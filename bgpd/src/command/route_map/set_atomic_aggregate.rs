//! `set atomic-aggregate`.

use bgp_engine::policy::Set;

use super::{ROUTE_MAP, WITH_THE_OTHERS};
use crate::command::{Command, Edit, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: ROUTE_MAP, text: "set atomic-aggregate", no: No::As("set atomic-aggregate") }],
    help: "BGP atomic aggregate attribute",
    words: &[("set", "Set values in destination routing protocol")],
    run: Run::RouteMap(Edit {
        set: |entry, _| {
            entry.add_set(Set::AtomicAggregate);
            Ok(())
        },
        unset: |entry, _| {
            entry.sets.retain(|clause| !matches!(clause, Set::AtomicAggregate));
            Ok(())
        },
        write: WITH_THE_OTHERS,
    }),
};
