//! `neighbor X remove-private-AS [all] [replace-AS]`.

use bgp_engine::config::RemovePrivateAs;

use crate::command::{Command, FAMILY, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: FAMILY,
        text: "neighbor PEER remove-private-AS [all] [replace-AS]",
        no: No::Same,
    }],
    help: "Remove private ASNs in outbound updates",
    words: &[
        ("all", "Apply to all AS numbers"),
        ("replace-AS", "Replace private ASNs with our ASN in outbound updates"),
    ],
    run: Run::PeerFamily {
        set: |peer, args| {
            peer.remove_private_as =
                Some(RemovePrivateAs { all: args.has("all"), replace: args.has("replace-AS") });
            Ok(())
        },
        unset: |peer, _| {
            peer.remove_private_as = None;
            Ok(())
        },
        write: |peer, out| {
            let Some(remove) = peer.remove_private_as else { return };
            let all = if remove.all { " all" } else { "" };
            let replace = if remove.replace { " replace-AS" } else { "" };
            out.line(format_args!("remove-private-AS{all}{replace}"));
        },
    },
};
