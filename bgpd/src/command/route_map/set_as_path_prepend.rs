//! `set as-path prepend ASN...`, `set as-path prepend last-as N`.

use bgp_engine::policy::{Prepend, Set};

use super::{ROUTE_MAP, WITH_THE_OTHERS};
use crate::command::{Command, Edit, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[
        Form {
            places: ROUTE_MAP,
            text: "set as-path prepend ASN...",
            no: No::As("set as-path prepend [ASN...]"),
        },
        Form {
            places: ROUTE_MAP,
            text: "set as-path prepend last-as (1-10)$times",
            no: No::As("set as-path prepend last-as [(1-10)]"),
        },
    ],
    help: "Prepend to the as-path",
    words: &[
        ("set", "Set values in destination routing protocol"),
        ("as-path", "Transform BGP AS-path attribute"),
        ("last-as", "Use the last AS-number in the as-path"),
        ("(1-10)", "Number of times to insert"),
    ],
    run: Run::RouteMap(Edit {
        set: |entry, args| {
            entry.add_set(Set::AsPathPrepend(match args.find("times") {
                Some(times) => Prepend::Last(times),
                None => Prepend::Asns(args.all("ASN").collect()),
            }));
            Ok(())
        },
        unset: |entry, _| {
            entry.sets.retain(|clause| !matches!(clause, Set::AsPathPrepend(_)));
            Ok(())
        },
        write: WITH_THE_OTHERS,
    }),
};
