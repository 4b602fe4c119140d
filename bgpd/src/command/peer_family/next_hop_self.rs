//! `neighbor X next-hop-self [force]`.

use bgp_engine::config::NextHopSelf;

use crate::command::{Command, FAMILY, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: FAMILY, text: "neighbor PEER next-hop-self [force]", no: No::Same }],
    help: "Disable the next hop calculation for this neighbor",
    words: &[("force", "Set the next hop to self for reflected routes")],
    run: Run::PeerFamily {
        set: |peer, args| {
            peer.next_hop_self = Some(if args.has("force") { NextHopSelf::Force } else { NextHopSelf::Ebgp });
            Ok(())
        },
        unset: |peer, _| {
            peer.next_hop_self = None;
            Ok(())
        },
        write: |peer, out| match peer.next_hop_self {
            Some(NextHopSelf::Ebgp) => out.line(format_args!("next-hop-self")),
            Some(NextHopSelf::Force) => out.line(format_args!("next-hop-self force")),
            None => {}
        },
    },
};
