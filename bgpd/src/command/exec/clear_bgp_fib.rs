//! `clear bgp fib`: the kernel's routes are compared with what they should be, now.

use super::EXEC;
use crate::command::{Act, Command, Form, No, Operation, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: EXEC, text: "clear [ip] bgp fib", no: No::Never }],
    help: "Compare the kernel's routes with what they should be, and mend what differs",
    words: &[("clear", "Reset functions")],
    run: Run::Operation(|_| Ok(Operation::Act(Act::CompareKernel))),
};
