//! `neighbor X capability extended-nexthop` (RFC 8950).

use crate::command::{Command, Form, No, ROUTER, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: ROUTER, text: "neighbor PEER capability extended-nexthop", no: No::Same }],
    help: "Advertise extended next-hop capability to the peer",
    words: &[("capability", "Advertise capability to the peer")],
    run: Run::Peer {
        set: |peer, _| {
            peer.extended_next_hop = Some(true);
            Ok(())
        },
        unset: |peer, _| {
            peer.extended_next_hop = Some(false);
            Ok(())
        },
        write: |peer, out| match peer.extended_next_hop {
            Some(true) => out.line(format_args!("capability extended-nexthop")),
            Some(false) => out.no(format_args!("capability extended-nexthop")),
            None => {}
        },
    },
};
