//! `neighbor X ttl-security hops N` (RFC 5082).

use crate::command::{Command, Form, No, ROUTER, Refusal, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: ROUTER,
        text: "neighbor PEER ttl-security hops (1-254)$hops",
        no: No::As("neighbor PEER ttl-security [hops [(1-254)]]"),
    }],
    help: "Specify the maximum number of hops to the BGP peer",
    words: &[("ttl-security", "BGP ttl-security parameters"), ("(1-254)", "Number of hops to BGP peer")],
    run: Run::Peer {
        set: |peer, args| {
            if peer.ebgp_multihop.is_some() {
                return Err(Refusal::new("ebgp-multihop and ttl-security cannot be configured together"));
            }
            peer.ttl_security_hops = Some(args.need("hops")?);
            Ok(())
        },
        unset: |peer, _| {
            peer.ttl_security_hops = None;
            Ok(())
        },
        write: |peer, out| {
            if let Some(hops) = peer.ttl_security_hops {
                out.line(format_args!("ttl-security hops {hops}"));
            }
        },
    },
};
