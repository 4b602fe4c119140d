//! `set as-path replace any|ASN [ASN]`.

use bgp_engine::policy::Set;

use super::{ROUTE_MAP, WITH_THE_OTHERS};
use crate::command::{Command, Edit, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: ROUTE_MAP,
        text: "set as-path replace <any|ASN$which> [ASN$by]",
        no: No::As("set as-path replace [<any|ASN$which> [ASN$by]]"),
    }],
    help: "Replace AS number to local or configured AS number",
    words: &[
        ("set", "Set values in destination routing protocol"),
        ("as-path", "Transform BGP AS-path attribute"),
        ("any", "Replace any AS number to local or configured AS number"),
    ],
    run: Run::RouteMap(Edit {
        set: |entry, args| {
            entry.add_set(Set::AsPathReplace { which: args.find("which"), by: args.find("by") });
            Ok(())
        },
        unset: |entry, _| {
            entry.sets.retain(|clause| !matches!(clause, Set::AsPathReplace { .. }));
            Ok(())
        },
        write: WITH_THE_OTHERS,
    }),
};
