//! `neighbor X weight N`.

use crate::command::{Command, FAMILY, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: FAMILY,
        text: "neighbor PEER weight (0-65535)$weight",
        no: No::As("neighbor PEER weight [(0-65535)]"),
    }],
    help: "Set default weight for routes from this neighbor",
    words: &[("(0-65535)", "default weight")],
    run: Run::PeerFamily {
        set: |peer, args| {
            peer.weight = Some(args.need("weight")?);
            Ok(())
        },
        unset: |peer, _| {
            peer.weight = None;
            Ok(())
        },
        write: |peer, out| {
            if let Some(weight) = peer.weight {
                out.line(format_args!("weight {weight}"));
            }
        },
    },
};
