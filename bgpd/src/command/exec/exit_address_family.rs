//! `exit-address-family`.

use crate::command::{Command, Form, No, Outcome, Place, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: &[Place::Ipv4, Place::Ipv6], text: "exit-address-family", no: No::Never }],
    help: "Exit from Address Family configuration mode",
    words: &[],
    run: Run::Session(|session, _| {
        session.leave();
        Ok(Outcome::Entered)
    }),
};
