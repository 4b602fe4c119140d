//! `set local-preference N|+N|-N`.

use bgp_engine::policy::Set;

use super::change;
use super::{ROUTE_MAP, WITH_THE_OTHERS};
use crate::command::{Command, Edit, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: ROUTE_MAP,
        text: "set local-preference PREFERENCE",
        no: No::As("set local-preference [PREFERENCE]"),
    }],
    help: "BGP local preference path attribute",
    words: &[
        ("set", "Set values in destination routing protocol"),
        ("PREFERENCE", "Preference value (0-4294967295), +N to add, -N to subtract"),
    ],
    run: Run::RouteMap(Edit {
        set: |entry, args| {
            entry.add_set(Set::LocalPreference(change(args.word("PREFERENCE")?)?));
            Ok(())
        },
        unset: |entry, _| {
            entry.sets.retain(|clause| !matches!(clause, Set::LocalPreference(_)));
            Ok(())
        },
        write: WITH_THE_OTHERS,
    }),
};
