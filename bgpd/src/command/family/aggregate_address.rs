//! `aggregate-address PREFIX [summary-only] [as-set] [route-map NAME]`.

use bgp_engine::config::Aggregate;

use crate::command::Refusal;
use crate::command::{Command, FAMILY, Form, No, Place, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[
        Form {
            places: V4,
            text: "aggregate-address A.B.C.D/M$prefix [{as-set|summary-only|route-map WORD}]",
            no: No::Same,
        },
        Form {
            places: V6,
            text: "aggregate-address X:X::X:X/M$prefix [{as-set|summary-only|route-map WORD}]",
            no: No::Same,
        },
    ],
    help: "Configure BGP aggregate entries",
    words: &[
        ("A.B.C.D/M", "Aggregate prefix"),
        ("X:X::X:X/M", "Aggregate prefix"),
        ("as-set", "Generate AS set path information"),
        ("summary-only", "Filter more specific routes from updates"),
        ("route-map", "Apply route map to aggregate network"),
        ("WORD", "Name of the route map"),
    ],
    run: Run::Family {
        set: |settings, _, args| {
            let aggregate = Aggregate {
                summary_only: args.has("summary-only"),
                as_set: args.has("as-set"),
                route_map: args.text("WORD").map(str::to_owned),
            };
            settings.aggregates.insert(args.net("prefix")?, aggregate);
            Ok(())
        },
        unset: |settings, _, args| match settings.aggregates.remove(&args.net("prefix")?) {
            Some(_) => Ok(()),
            None => Err(Refusal::new("There is no aggregate-address configuration.")),
        },
        write: |settings, out| {
            for (prefix, aggregate) in &settings.aggregates {
                let as_set = if aggregate.as_set { " as-set" } else { "" };
                let summary = if aggregate.summary_only { " summary-only" } else { "" };
                match &aggregate.route_map {
                    Some(name) => {
                        out.line(format_args!("aggregate-address {prefix}{as_set}{summary} route-map {name}"))
                    }
                    None => out.line(format_args!("aggregate-address {prefix}{as_set}{summary}")),
                }
            }
        },
    },
};

const V4: &[Place] = FAMILY.split_at(2).0;
const V6: &[Place] = FAMILY.split_at(2).1;
