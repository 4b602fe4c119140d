//! `copy startup-config running-config`: the file is read again, as SIGHUP does.

use crate::command::{Act, Command, Form, No, Operation, Place, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: &[Place::Exec], text: "copy startup-config running-config", no: No::Never }],
    help: "Copy from one file to another",
    words: &[("startup-config", "The configuration file"), ("running-config", "Put it in force")],
    run: Run::Operation(|_| Ok(Operation::Act(Act::Reload))),
};
