//! `neighbor X unsuppress-map NAME`.

use crate::command::{Command, FAMILY, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: FAMILY,
        text: "neighbor PEER unsuppress-map WORD$name",
        no: No::As("neighbor PEER unsuppress-map [WORD]"),
    }],
    help: "Route-map to selectively unsuppress suppressed routes",
    words: &[("WORD", "Name of route map")],
    run: Run::PeerFamily {
        set: |peer, args| {
            peer.unsuppress_map = Some(args.word("name")?.to_owned());
            Ok(())
        },
        unset: |peer, _| {
            peer.unsuppress_map = None;
            Ok(())
        },
        write: |peer, out| {
            if let Some(name) = &peer.unsuppress_map {
                out.line(format_args!("unsuppress-map {name}"));
            }
        },
    },
};
