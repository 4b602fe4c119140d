//! `on-match next`, `on-match goto N`.

use bgp_engine::policy::Then;

use super::{ROUTE_MAP, WITH_THE_OTHERS};
use crate::command::{Command, Edit, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: ROUTE_MAP,
        text: "on-match <next|goto (1-65535)$sequence>",
        no: No::As("on-match <next|goto [(1-65535)]>"),
    }],
    help: "Exit policy on matches",
    words: &[("next", "Next clause"), ("goto", "Goto Clause number"), ("(1-65535)", "Number")],
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
