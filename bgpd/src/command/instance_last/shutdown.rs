//! `bgp shutdown [message TEXT]`: every session is ended and stays so.

use crate::command::peer::shutdown;
use crate::command::{Command, Edit, Form, No, ROUTER, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: ROUTER, text: "bgp shutdown [message LINE]", no: No::Same }],
    help: "Administrative shutdown of the BGP instance",
    words: &[("message", "Add a shutdown message (RFC 8203)"), ("LINE", "Shutdown message")],
    run: Run::Instance(Edit {
        set: |bgp, args| {
            bgp.shutdown = Some(shutdown(args)?);
            Ok(())
        },
        unset: |bgp, _| {
            bgp.shutdown = None;
            Ok(())
        },
        write: |bgp, out| match &bgp.shutdown {
            Some(shutdown) if shutdown.message.is_empty() => out.line(format_args!("bgp shutdown")),
            Some(shutdown) => out.line(format_args!("bgp shutdown message {}", shutdown.message)),
            None => {}
        },
    }),
};
