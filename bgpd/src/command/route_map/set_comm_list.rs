//! `set comm-list NAME delete`.

use bgp_engine::policy::Set;

use super::{ROUTE_MAP, WITH_THE_OTHERS};
use crate::command::{Command, Edit, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: ROUTE_MAP,
        text: "set comm-list <(1-99)$name|(100-500)$name|COMMUNITY_LIST_NAME$name> delete",
        no: No::As("set comm-list [<(1-99)$name|(100-500)$name|COMMUNITY_LIST_NAME$name> [delete]]"),
    }],
    help: "set BGP community list (for deletion)",
    words: &[
        ("set", "Set values in destination routing protocol"),
        ("(1-99)", "Standard list number"),
        ("(100-500)", "Expanded list number"),
        ("COMMUNITY_LIST_NAME", "Name of the list"),
        ("delete", "Delete matching communities"),
    ],
    run: Run::RouteMap(Edit {
        set: |entry, args| {
            entry.add_set(Set::CommunityDelete(args.word("name")?.to_owned()));
            Ok(())
        },
        unset: |entry, _| {
            entry.sets.retain(|clause| !matches!(clause, Set::CommunityDelete(_)));
            Ok(())
        },
        write: WITH_THE_OTHERS,
    }),
};
