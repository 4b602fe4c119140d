//! `terminal length N`: answers longer than this are shown page by page.

use super::VIEW;
use crate::command::{Command, Form, Local, No, Outcome, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[
        Form { places: VIEW, text: "terminal length (0-4294967295)$rows", no: No::Never },
        Form { places: VIEW, text: "no terminal length [(0-4294967295)]", no: No::Never },
    ],
    help: "Set number of lines on a screen",
    words: &[
        ("terminal", "Set terminal line parameters"),
        ("no", "Negate a command or set its defaults"),
        ("(0-4294967295)", "Number of lines on screen (0 for no pausing, nonzero to use pager)"),
    ],
    run: Run::Session(|_, args| Ok(Outcome::Shell(Local::Length(args.find("rows").unwrap_or(0))))),
};
