//! `neighbor X send-community [KIND]`: all kinds are sent unless one is taken away.

use bgp_engine::config::CommunityKinds;

use crate::command::Args;
use crate::command::{Command, FAMILY, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: FAMILY,
        text: "neighbor PEER send-community [<standard|extended|large|both|all>]",
        no: No::Same,
    }],
    help: "Send Community attribute to this neighbor",
    words: &[
        ("standard", "Send Standard Community attributes"),
        ("extended", "Send Extended Community attributes"),
        ("large", "Send Large Community attributes"),
        ("both", "Send Standard and Extended Community attributes"),
        ("all", "Send Standard, Large and Extended Community attributes"),
    ],
    run: Run::PeerFamily {
        set: |peer, args| {
            let (now, named) = (peer.send_community.unwrap_or(ALL), named(args));
            let kinds = CommunityKinds {
                standard: now.standard || named.standard,
                extended: now.extended || named.extended,
                large: now.large || named.large,
            };
            peer.send_community = (kinds != ALL).then_some(kinds);
            Ok(())
        },
        unset: |peer, args| {
            let (now, named) = (peer.send_community.unwrap_or(ALL), named(args));
            peer.send_community = Some(CommunityKinds {
                standard: now.standard && !named.standard,
                extended: now.extended && !named.extended,
                large: now.large && !named.large,
            });
            Ok(())
        },
        write: |peer, out| {
            let Some(kinds) = peer.send_community else { return };
            match (kinds.standard, kinds.extended, kinds.large) {
                (false, false, false) => out.no(format_args!("send-community all")),
                (standard, extended, large) => {
                    if !standard {
                        out.no(format_args!("send-community"));
                    }
                    if !extended {
                        out.no(format_args!("send-community extended"));
                    }
                    if !large {
                        out.no(format_args!("send-community large"));
                    }
                }
            }
        },
    },
};

const ALL: CommunityKinds = CommunityKinds { standard: true, extended: true, large: true };

/// The kinds that a line names; `standard` where it names none.
fn named(args: &Args<'_>) -> CommunityKinds {
    let (all, both) = (args.has("all"), args.has("both"));
    let (extended, large) = (args.has("extended"), args.has("large"));
    CommunityKinds {
        standard: all || both || !(extended || large),
        extended: all || both || extended,
        large: all || large,
    }
}
