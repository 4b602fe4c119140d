//! `call NAME`: another map is asked too.

use super::{ROUTE_MAP, WITH_THE_OTHERS};
use crate::command::{Command, Edit, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: ROUTE_MAP, text: "call WORD", no: No::As("call [WORD]") }],
    help: "Jump to another Route-Map after match+set",
    words: &[("WORD", "Target route-map name")],
    run: Run::RouteMap(Edit {
        set: |entry, args| {
            entry.call = Some(args.word("WORD")?.to_owned());
            Ok(())
        },
        unset: |entry, _| {
            entry.call = None;
            Ok(())
        },
        write: WITH_THE_OTHERS,
    }),
};
