//! `aggregate-address PREFIX [as-set] [summary-only] [route-map NAME] [origin …] [matching-MED-only] [suppress-map NAME]`.

use bgp_engine::attr::Origin;
use bgp_engine::config::Aggregate;

use crate::command::Refusal;
use crate::command::route_map::origin;
use crate::command::{Command, FAMILY, Form, No, Place, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[
        Form {
            places: V4,
            text: "aggregate-address A.B.C.D/M$prefix [{as-set|summary-only|route-map WORD$map\
                   |origin <egp|igp|incomplete>|matching-MED-only|suppress-map WORD$suppress}]",
            no: No::Same,
        },
        Form {
            places: V6,
            text: "aggregate-address X:X::X:X/M$prefix [{as-set|summary-only|route-map WORD$map\
                   |origin <egp|igp|incomplete>|matching-MED-only|suppress-map WORD$suppress}]",
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
        ("origin", "Remote EGP, local IGP or unknown heritage"),
        ("egp", "Remote EGP"),
        ("igp", "Local IGP"),
        ("incomplete", "Unknown heritage"),
        ("matching-MED-only", "Only aggregate routes with matching MED"),
        ("suppress-map", "Suppress the selected more specific routes"),
    ],
    run: Run::Family {
        set: |settings, _, args| {
            let aggregate = Aggregate {
                summary_only: args.has("summary-only"),
                as_set: args.has("as-set"),
                matching_med_only: args.has("matching-MED-only"),
                origin: args.has("origin").then(|| origin(args)),
                suppress_map: args.text("suppress").map(str::to_owned),
                route_map: args.text("map").map(str::to_owned),
            };
            if aggregate.summary_only && aggregate.suppress_map.is_some() {
                return Err(Refusal::new("'summary-only' and 'suppress-map' can't be used at the same time"));
            }
            settings.aggregates.insert(args.net("prefix")?, aggregate);
            Ok(())
        },
        unset: |settings, _, args| match settings.aggregates.remove(&args.net("prefix")?) {
            Some(_) => Ok(()),
            None => Err(Refusal::new("There is no aggregate-address configuration.")),
        },
        write: |settings, out| {
            for (prefix, aggregate) in &settings.aggregates {
                let mut line = format!("aggregate-address {prefix}");
                let mut word = |there: bool, text: &str| {
                    if there {
                        line.push(' ');
                        line.push_str(text);
                    }
                };
                word(aggregate.as_set, "as-set");
                word(aggregate.summary_only, "summary-only");
                if let Some(name) = &aggregate.route_map {
                    word(true, &format!("route-map {name}"));
                }
                if let Some(origin) = aggregate.origin {
                    word(true, &format!("origin {}", origin_word(origin)));
                }
                word(aggregate.matching_med_only, "matching-MED-only");
                if let Some(name) = &aggregate.suppress_map {
                    word(true, &format!("suppress-map {name}"));
                }
                out.line(format_args!("{line}"));
            }
        },
    },
};

/// ORIGIN's word in a configuration.
const fn origin_word(origin: Origin) -> &'static str {
    match origin {
        Origin::Igp => "igp",
        Origin::Egp => "egp",
        Origin::Incomplete => "incomplete",
    }
}

const V4: &[Place] = FAMILY.split_at(2).0;
const V6: &[Place] = FAMILY.split_at(2).1;
