//! `neighbor X ebgp-multihop [TTL]`.

use crate::command::Refusal;
use crate::command::{Command, Form, No, ROUTER, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: ROUTER, text: "neighbor PEER ebgp-multihop [(1-255)$ttl]", no: No::Same }],
    help: "Allow EBGP neighbors not on directly connected networks",
    words: &[("(1-255)", "Maximum hop count")],
    run: Run::Peer {
        set: |peer, args| {
            if peer.ttl_security_hops.is_some() {
                return Err(Refusal::new("ebgp-multihop and ttl-security cannot be configured together"));
            }
            peer.ebgp_multihop = Some(args.find("ttl").unwrap_or(u8::MAX));
            Ok(())
        },
        unset: |peer, _| {
            peer.ebgp_multihop = None;
            Ok(())
        },
        write: |peer, out| match peer.ebgp_multihop {
            Some(u8::MAX) => out.line(format_args!("ebgp-multihop")),
            Some(ttl) => out.line(format_args!("ebgp-multihop {ttl}")),
            None => {}
        },
    },
};
