//! `terminal paginate`: answers that do not fit the terminal are shown page by page.

use super::VIEW;
use crate::command::{Command, Form, Local, No, Outcome, Run, Switch};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: VIEW, text: "[no] terminal paginate", no: No::Never }],
    help: "Use pager for output scrolling",
    words: &[("terminal", "Set terminal line parameters"), ("no", "Negate a command or set its defaults")],
    run: Run::Session(|_, args| {
        Ok(Outcome::Shell(Local::Paginate(if args.has("no") { Switch::Off } else { Switch::On })))
    }),
};
