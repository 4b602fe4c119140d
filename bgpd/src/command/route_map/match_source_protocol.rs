//! `match source-protocol bgp|connected|kernel|static`.

use bgp_engine::policy::{Match, Protocol};

use super::{ROUTE_MAP, WITH_THE_OTHERS};
use crate::command::Args;
use crate::command::{Command, Edit, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: ROUTE_MAP,
        text: "match source-protocol <bgp|connected|kernel|static>",
        no: No::As("match source-protocol [<bgp|connected|kernel|static>]"),
    }],
    help: "Match protocol via which the route was learnt",
    words: &[
        ("match", "Match values from routing table"),
        ("connected", "Connected routes"),
        ("kernel", "Kernel routes"),
        ("static", "Statically configured routes"),
    ],
    run: Run::RouteMap(Edit {
        set: |entry, args| {
            entry.add_match(Match::SourceProtocol(protocol(args)));
            Ok(())
        },
        unset: |entry, _| {
            entry.matches.retain(|clause| !matches!(clause, Match::SourceProtocol(_)));
            Ok(())
        },
        write: WITH_THE_OTHERS,
    }),
};

fn protocol(args: &Args<'_>) -> Protocol {
    Protocol::ALL.into_iter().find(|protocol| args.has(protocol.name())).unwrap_or(Protocol::Bgp)
}
