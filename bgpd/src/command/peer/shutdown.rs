//! `neighbor X shutdown [message TEXT]`.

use super::shutdown;
use crate::command::{Command, Form, No, ROUTER, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: ROUTER, text: "neighbor PEER shutdown [message LINE]", no: No::Same }],
    help: "Administratively shut down this neighbor",
    words: &[("message", "Add a shutdown message (RFC 8203)"), ("LINE", "Shutdown message")],
    run: Run::Peer {
        set: |peer, args| {
            peer.shutdown = Some(shutdown(args)?);
            Ok(())
        },
        unset: |peer, _| {
            peer.shutdown = None;
            Ok(())
        },
        write: |peer, out| match &peer.shutdown {
            Some(shutdown) if shutdown.message.is_empty() => out.line(format_args!("shutdown")),
            Some(shutdown) => out.line(format_args!("shutdown message {}", shutdown.message)),
            None => {}
        },
    },
};
