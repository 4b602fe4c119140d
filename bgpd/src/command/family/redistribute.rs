//! `redistribute connected|kernel|static [metric N] [route-map NAME]`.

use bgp_engine::config::Redistribute;
use bgp_engine::value::RouteKind;

use crate::command::{Args, Command, FAMILY, Form, No, Refusal, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: FAMILY,
        text: "redistribute <connected|kernel|static> [{metric (0-4294967295)|route-map WORD}]",
        no: No::Same,
    }],
    help: "Redistribute information from another routing protocol",
    words: &[
        ("connected", "Connected routes (directly attached subnet or host)"),
        ("kernel", "Kernel routes (not installed via this router)"),
        ("static", "Statically configured routes"),
        ("metric", "Metric for redistributed routes"),
        ("(0-4294967295)", "Default metric"),
        ("route-map", "Route map reference"),
        ("WORD", "Pointer to route-map entries"),
    ],
    run: Run::Family {
        set: |settings, _, args| {
            let metric = args.find("(0-4294967295)");
            let route_map = args.text("WORD").map(str::to_owned);
            settings.redistribute.insert(kind(args)?, Redistribute { metric, route_map });
            Ok(())
        },
        // As in FRR, what stands behind the kind is not compared.
        unset: |settings, _, args| {
            settings.redistribute.remove(&kind(args)?);
            Ok(())
        },
        write: |settings, out| {
            for (kind, Redistribute { metric, route_map }) in &settings.redistribute {
                let metric = metric.map(|metric| format!(" metric {metric}")).unwrap_or_default();
                let map = route_map.as_ref().map(|map| format!(" route-map {map}")).unwrap_or_default();
                out.line(format_args!("redistribute {kind}{metric}{map}"));
            }
        },
    },
};

fn kind(args: &Args<'_>) -> Result<RouteKind, Refusal> {
    let named = |kind: &RouteKind| args.has(&kind.to_string());
    RouteKind::ALL.into_iter().find(named).ok_or_else(|| Refusal::new("Invalid type of routes"))
}
