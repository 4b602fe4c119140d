//! `description TEXT` in a route map.

use super::{ROUTE_MAP, WITH_THE_OTHERS};
use crate::command::{Command, Edit, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: ROUTE_MAP, text: "description LINE", no: No::As("description [LINE]") }],
    help: "Route-map comment",
    words: &[("LINE", "Comment describing this route-map rule")],
    run: Run::RouteMap(Edit {
        set: |entry, args| {
            entry.description = Some(args.word("LINE")?.to_owned());
            Ok(())
        },
        unset: |entry, _| {
            entry.description = None;
            Ok(())
        },
        write: WITH_THE_OTHERS,
    }),
};
