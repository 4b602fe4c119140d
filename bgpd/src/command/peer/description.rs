//! `neighbor X description TEXT`.

use crate::command::{Command, Form, No, ROUTER, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: ROUTER,
        text: "neighbor PEER description LINE",
        no: No::As("neighbor PEER description [LINE]"),
    }],
    help: "Neighbor specific description",
    words: &[("LINE", "Up to 80 characters describing this neighbor")],
    run: Run::Peer {
        set: |peer, args| {
            peer.description = Some(args.word("LINE")?.to_owned());
            Ok(())
        },
        unset: |peer, _| {
            peer.description = None;
            Ok(())
        },
        write: |peer, out| {
            if let Some(text) = &peer.description {
                out.line(format_args!("description {text}"));
            }
        },
    },
};
