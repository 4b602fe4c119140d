//! `set metric N|+N|-N|igp|aigp`.

use bgp_engine::policy::{Set, SetMetric};

use super::change;
use super::{ROUTE_MAP, WITH_THE_OTHERS};
use crate::command::{Command, Edit, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: ROUTE_MAP,
        text: "set metric <igp|aigp|METRIC>",
        no: No::As("set metric [<igp|aigp|METRIC>]"),
    }],
    help: "Metric value for destination routing protocol",
    words: &[
        ("set", "Set values in destination routing protocol"),
        ("igp", "Use the metric of the way to the next hop"),
        ("aigp", "Use the accumulated metric"),
        ("METRIC", "Metric value (0-4294967295), +N to add, -N to subtract"),
    ],
    run: Run::RouteMap(Edit {
        set: |entry, args| {
            entry.add_set(Set::Metric(match args.text("METRIC") {
                Some(text) => SetMetric::Change(change(text)?),
                None if args.has("igp") => SetMetric::Igp,
                None => SetMetric::Aigp,
            }));
            Ok(())
        },
        unset: |entry, _| {
            entry.sets.retain(|clause| !matches!(clause, Set::Metric(_)));
            Ok(())
        },
        write: WITH_THE_OTHERS,
    }),
};
