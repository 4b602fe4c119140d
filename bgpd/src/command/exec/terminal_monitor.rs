//! `terminal monitor`: the daemon's log lines, as they are written.

use super::VIEW;
use crate::command::{Command, Form, Local, No, Outcome, Run, Switch};

pub(super) const COMMAND: Command = Command {
    forms: &[
        Form { places: VIEW, text: "[no] terminal monitor [bgpd]", no: No::Never },
        Form { places: VIEW, text: "terminal no monitor [bgpd]", no: No::Never },
    ],
    help: "Receive log messages to active VTY session",
    words: &[
        ("terminal", "Set terminal line parameters"),
        ("no", "Negate a command or set its defaults"),
        ("bgpd", "Of the BGP daemon"),
    ],
    run: Run::Session(|_, args| {
        Ok(Outcome::Shell(Local::Monitor(if args.has("no") { Switch::Off } else { Switch::On })))
    }),
};
