//! `neighbor X route-map NAME in|out`.

use crate::command::{Command, FAMILY, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: FAMILY, text: "neighbor PEER route-map WORD$name <in|out>", no: No::Same }],
    help: "Apply route map to neighbor",
    words: &[
        ("WORD", "Name of the route-map"),
        ("in", "Apply to incoming routes"),
        ("out", "Apply to outbound routes"),
    ],
    run: Run::PeerFamily {
        set: |peer, args| {
            let name = Some(args.word("name")?.to_owned());
            if args.has("in") {
                peer.route_map_in = name;
            } else {
                peer.route_map_out = name;
            }
            Ok(())
        },
        unset: |peer, args| {
            if args.has("in") {
                peer.route_map_in = None;
            } else {
                peer.route_map_out = None;
            }
            Ok(())
        },
        write: |peer, out| {
            if let Some(name) = &peer.route_map_in {
                out.line(format_args!("route-map {name} in"));
            }
            if let Some(name) = &peer.route_map_out {
                out.line(format_args!("route-map {name} out"));
            }
        },
    },
};
