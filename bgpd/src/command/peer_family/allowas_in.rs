//! `neighbor X allowas-in [N|origin]`.

use bgp_engine::config::AllowAsIn;

use crate::command::{Command, FAMILY, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: FAMILY, text: "neighbor PEER allowas-in [<(1-10)$times|origin>]", no: No::Same }],
    help: "Accept as-path with my AS present in it",
    words: &[
        ("(1-10)", "Number of occurrences of AS number"),
        ("origin", "Only accept my AS in the as-path if the route was originated in my AS"),
    ],
    run: Run::PeerFamily {
        set: |peer, args| {
            peer.allow_as_in = Some(match args.find("times") {
                Some(times) => AllowAsIn::Times(times),
                None if args.has("origin") => AllowAsIn::Origin,
                None => AllowAsIn::Times(UNWRITTEN),
            });
            Ok(())
        },
        unset: |peer, _| {
            peer.allow_as_in = None;
            Ok(())
        },
        write: |peer, out| match peer.allow_as_in {
            Some(AllowAsIn::Times(UNWRITTEN)) => out.line(format_args!("allowas-in")),
            Some(AllowAsIn::Times(times)) => out.line(format_args!("allowas-in {times}")),
            Some(AllowAsIn::Origin) => out.line(format_args!("allowas-in origin")),
            None => {}
        },
    },
};

/// How often where no number is written.
const UNWRITTEN: u8 = 3;
