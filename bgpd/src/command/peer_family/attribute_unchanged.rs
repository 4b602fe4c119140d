//! `neighbor X attribute-unchanged [as-path] [next-hop] [med]`: all three where none is named.

use crate::command::{Command, FAMILY, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: FAMILY,
        text: "neighbor PEER attribute-unchanged [{as-path|next-hop|med}]",
        no: No::Same,
    }],
    help: "BGP attribute is propagated unchanged to this neighbor",
    words: &[("as-path", "As-path attribute"), ("next-hop", "Nexthop attribute"), ("med", "Med attribute")],
    run: Run::PeerFamily {
        set: |peer, args| {
            let all = !(args.has("as-path") || args.has("next-hop") || args.has("med"));
            if all || args.has("as-path") {
                peer.as_path_unchanged = Some(true);
            }
            if all || args.has("next-hop") {
                peer.next_hop_unchanged = Some(true);
            }
            if all || args.has("med") {
                peer.med_unchanged = Some(true);
            }
            Ok(())
        },
        unset: |peer, args| {
            let all = !(args.has("as-path") || args.has("next-hop") || args.has("med"));
            if all || args.has("as-path") {
                peer.as_path_unchanged = None;
            }
            if all || args.has("next-hop") {
                peer.next_hop_unchanged = None;
            }
            if all || args.has("med") {
                peer.med_unchanged = None;
            }
            Ok(())
        },
        write: |peer, out| {
            let word = |set: Option<bool>, word: &'static str| if set == Some(true) { word } else { "" };
            let as_path = word(peer.as_path_unchanged, " as-path");
            let next_hop = word(peer.next_hop_unchanged, " next-hop");
            let med = word(peer.med_unchanged, " med");
            if !(as_path.is_empty() && next_hop.is_empty() && med.is_empty()) {
                out.line(format_args!("attribute-unchanged{as_path}{next_hop}{med}"));
            }
        },
    },
};
