//! `set as-path exclude ASN...|all|as-path-access-list NAME`.

use bgp_engine::policy::{Exclude, Set};

use super::{ROUTE_MAP, WITH_THE_OTHERS};
use crate::command::{Command, Edit, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: ROUTE_MAP,
        text: "set as-path exclude <ASN...|all|as-path-access-list AS_PATH_FILTER_NAME$name>",
        no: No::As("set as-path exclude [<ASN...|all|as-path-access-list AS_PATH_FILTER_NAME>]"),
    }],
    help: "Exclude from the as-path",
    words: &[
        ("set", "Set values in destination routing protocol"),
        ("as-path", "Transform BGP AS-path attribute"),
        ("all", "Exclude all AS numbers from the as-path"),
        ("as-path-access-list", "Specify an as path access list name"),
        ("AS_PATH_FILTER_NAME", "Access list name"),
    ],
    run: Run::RouteMap(Edit {
        set: |entry, args| {
            entry.add_set(Set::AsPathExclude(match args.text("name") {
                Some(name) => Exclude::List(name.to_owned()),
                None if args.has("all") => Exclude::All,
                None => Exclude::Asns(args.all("ASN").collect()),
            }));
            Ok(())
        },
        unset: |entry, _| {
            entry.sets.retain(|clause| !matches!(clause, Set::AsPathExclude(_)));
            Ok(())
        },
        write: WITH_THE_OTHERS,
    }),
};
