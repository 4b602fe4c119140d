//! `neighbor X filter-list NAME in|out`.

use crate::command::{Command, FAMILY, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: FAMILY,
        text: "neighbor PEER filter-list AS_PATH_FILTER_NAME$name <in|out>",
        no: No::Same,
    }],
    help: "Establish BGP filters",
    words: &[
        ("AS_PATH_FILTER_NAME", "AS path access-list name"),
        ("in", "Filter incoming routes"),
        ("out", "Filter outgoing routes"),
    ],
    run: Run::PeerFamily {
        set: |peer, args| {
            let name = Some(args.word("name")?.to_owned());
            if args.has("in") {
                peer.filter_list_in = name;
            } else {
                peer.filter_list_out = name;
            }
            Ok(())
        },
        unset: |peer, args| {
            if args.has("in") {
                peer.filter_list_in = None;
            } else {
                peer.filter_list_out = None;
            }
            Ok(())
        },
        write: |peer, out| {
            if let Some(name) = &peer.filter_list_in {
                out.line(format_args!("filter-list {name} in"));
            }
            if let Some(name) = &peer.filter_list_out {
                out.line(format_args!("filter-list {name} out"));
            }
        },
    },
};
