//! `set aigp-metric igp-metric|N`.

use bgp_engine::policy::{Set, SetAigp};

use super::{ROUTE_MAP, WITH_THE_OTHERS};
use crate::command::{Command, Edit, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: ROUTE_MAP,
        text: "set aigp-metric <igp-metric|(1-4294967295)$value>",
        no: No::As("set aigp-metric [<igp-metric|(1-4294967295)>]"),
    }],
    help: "BGP AIGP attribute (AIGP Metric TLV)",
    words: &[
        ("set", "Set values in destination routing protocol"),
        ("igp-metric", "AIGP Metric value from IGP protocol"),
        ("(1-4294967295)", "Manual AIGP Metric value"),
    ],
    run: Run::RouteMap(Edit {
        set: |entry, args| {
            entry.add_set(Set::Aigp(args.find("value").map_or(SetAigp::Igp, SetAigp::To)));
            Ok(())
        },
        unset: |entry, _| {
            entry.sets.retain(|clause| !matches!(clause, Set::Aigp(_)));
            Ok(())
        },
        write: WITH_THE_OTHERS,
    }),
};
