//! `clear route-map counters [NAME]`.

use bgp_engine::input::Command as Input;

use super::EXEC;
use crate::command::{Command, Form, No, Operation, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: EXEC, text: "clear route-map counters [WORD]", no: No::Never }],
    help: "Clear counters of route-map",
    words: &[("route-map", "Route-map counters"), ("WORD", "route-map name")],
    run: Run::Operation(|args| {
        Ok(Operation::Command(Input::ClearMapCounts(args.text("WORD").map(str::to_owned))))
    }),
};
