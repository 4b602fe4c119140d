//! `set extcommunity none`.

use bgp_engine::policy::Set;

use super::{ROUTE_MAP, WITH_THE_OTHERS};
use crate::command::{Command, Edit, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: ROUTE_MAP, text: "set extcommunity none", no: No::As("set extcommunity none") }],
    help: "No extended community attribute",
    words: &[
        ("set", "Set values in destination routing protocol"),
        ("extcommunity", "BGP extended community attribute"),
    ],
    run: Run::RouteMap(Edit {
        set: |entry, _| {
            entry.add_set(Set::NoExtendedCommunity);
            Ok(())
        },
        unset: |entry, _| {
            entry.sets.retain(|clause| !matches!(clause, Set::NoExtendedCommunity));
            Ok(())
        },
        write: WITH_THE_OTHERS,
    }),
};
