//! `disable`: from here on only shows, until `enable`.

use super::EXEC;
use crate::command::{Command, Form, Mode, No, Outcome, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: EXEC, text: "disable", no: No::Never }],
    help: "Turn off privileged mode command",
    words: &[],
    run: Run::Session(|session, _| {
        session.enter("disable", Mode::View);
        Ok(Outcome::Entered)
    }),
};
