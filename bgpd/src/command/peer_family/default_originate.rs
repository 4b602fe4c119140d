//! `neighbor X default-originate [route-map NAME]`.

use crate::command::{Command, FAMILY, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: FAMILY, text: "neighbor PEER default-originate [route-map WORD]", no: No::Same }],
    help: "Originate default route to this neighbor",
    words: &[("route-map", "Route-map to specify criteria to originate default"), ("WORD", "route-map name")],
    run: Run::PeerFamily {
        set: |peer, args| {
            peer.default_originate = Some(args.text("WORD").unwrap_or_default().to_owned());
            Ok(())
        },
        unset: |peer, _| {
            peer.default_originate = None;
            Ok(())
        },
        write: |peer, out| match peer.default_originate.as_deref() {
            Some("") => out.line(format_args!("default-originate")),
            Some(name) => out.line(format_args!("default-originate route-map {name}")),
            None => {}
        },
    },
};
