//! `continue [N]`: FRR's other word for `on-match`, and written as that.

use bgp_engine::policy::Then;

use super::{ROUTE_MAP, WITH_THE_OTHERS};
use crate::command::{Command, Edit, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: ROUTE_MAP,
        text: "continue [(1-65535)$sequence]",
        no: No::As("continue [(1-65535)]"),
    }],
    help: "Continue on a different entry within the route-map",
    words: &[("(1-65535)", "Route-map entry sequence number")],
    run: Run::RouteMap(Edit {
        set: |entry, args| {
            entry.then = args.find("sequence").map_or(Then::Next, Then::Goto);
            Ok(())
        },
        unset: |entry, _| {
            entry.then = Then::Stop;
            Ok(())
        },
        write: WITH_THE_OTHERS,
    }),
};
