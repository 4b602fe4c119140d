//! `enable`: back from `disable`. There is one level of privilege, the socket's mode, so there is no password.

use super::VIEW;
use crate::command::{Command, Form, No, Outcome, Place, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: VIEW, text: "enable", no: No::Never }],
    help: "Turn on privileged mode command",
    words: &[],
    run: Run::Session(|session, _| {
        if session.place() == Place::View {
            session.leave();
        }
        Ok(Outcome::Entered)
    }),
};
