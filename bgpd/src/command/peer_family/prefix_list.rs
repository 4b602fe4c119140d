//! `neighbor X prefix-list NAME in|out`.

use crate::command::{Command, FAMILY, Form, No, Refusal, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: FAMILY, text: "neighbor PEER prefix-list WORD$name <in|out>", no: No::Same }],
    help: "Filter updates to/from this neighbor",
    words: &[
        ("WORD", "Name of the prefix-list"),
        ("in", "Apply to incoming routes"),
        ("out", "Apply to outbound routes"),
    ],
    run: Run::PeerFamily {
        set: |peer, args| {
            let name = Some(args.word("name")?.to_owned());
            let other = if args.has("in") { &peer.distribute_list_in } else { &peer.distribute_list_out };
            if other.is_some() {
                return Err(Refusal::new("Prefix/distribute list can not co-exist"));
            }
            if args.has("in") {
                peer.prefix_list_in = name;
            } else {
                peer.prefix_list_out = name;
            }
            Ok(())
        },
        unset: |peer, args| {
            if args.has("in") {
                peer.prefix_list_in = None;
            } else {
                peer.prefix_list_out = None;
            }
            Ok(())
        },
        write: |peer, out| {
            if let Some(name) = &peer.prefix_list_in {
                out.line(format_args!("prefix-list {name} in"));
            }
            if let Some(name) = &peer.prefix_list_out {
                out.line(format_args!("prefix-list {name} out"));
            }
        },
    },
};
