//! `neighbor X enforce-first-as`, over the instance's.

use crate::command::{Command, Form, No, ROUTER, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: ROUTER, text: "neighbor PEER enforce-first-as", no: No::Same }],
    help: "Enforce the first AS for EBGP routes",
    words: &[],
    run: Run::Peer {
        set: |peer, _| {
            peer.enforce_first_as = Some(true);
            Ok(())
        },
        unset: |peer, _| {
            peer.enforce_first_as = Some(false);
            Ok(())
        },
        write: |peer, out| match peer.enforce_first_as {
            Some(true) => out.line(format_args!("enforce-first-as")),
            Some(false) => out.no(format_args!("enforce-first-as")),
            None => {}
        },
    },
};
