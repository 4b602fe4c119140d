//! `set extcommunity bandwidth N|cumulative|num-multipaths [non-transitive]`.

use bgp_engine::policy::{Bandwidth, Set};

use super::{ROUTE_MAP, WITH_THE_OTHERS};
use crate::command::{Command, Edit, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: ROUTE_MAP,
        text: "set extcommunity bandwidth <(1-25600)$mbps|cumulative|num-multipaths> [non-transitive]",
        no: No::As("set extcommunity bandwidth [<(1-25600)|cumulative|num-multipaths> [non-transitive]]"),
    }],
    help: "Link bandwidth extended community",
    words: &[
        ("set", "Set values in destination routing protocol"),
        ("extcommunity", "BGP extended community attribute"),
        ("(1-25600)", "Bandwidth value in Mbps"),
        ("cumulative", "Cumulative bandwidth of all multipaths (outbound-only)"),
        ("num-multipaths", "Internally computed bandwidth based on number of multipaths (outbound-only)"),
        ("non-transitive", "Attribute is set as non-transitive"),
    ],
    run: Run::RouteMap(Edit {
        set: |entry, args| {
            entry.add_set(Set::Bandwidth {
                how: match args.find("mbps") {
                    Some(mbps) => Bandwidth::Mbps(mbps),
                    None if args.has("cumulative") => Bandwidth::Cumulative,
                    None => Bandwidth::NumMultipaths,
                },
                non_transitive: args.has("non-transitive"),
            });
            Ok(())
        },
        unset: |entry, _| {
            entry.sets.retain(|clause| !matches!(clause, Set::Bandwidth { .. }));
            Ok(())
        },
        write: WITH_THE_OTHERS,
    }),
};
