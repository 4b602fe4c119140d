//! `neighbor X local-role ROLE [strict-mode]` (RFC 9234).

use bgp_engine::config::Role;

use crate::command::{Command, Form, No, ROUTER, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: ROUTER,
        text: "neighbor PEER local-role <provider|rs-server|rs-client|customer|peer$lateral> [strict-mode]",
        no: No::As(
            "neighbor PEER local-role [<provider|rs-server|rs-client|customer|peer$lateral> [strict-mode]]",
        ),
    }],
    help: "Set session role",
    words: &[
        ("provider", "Providing transit"),
        ("rs-server", "Route Server"),
        ("rs-client", "RS client"),
        ("customer", "Using transit"),
        ("peer", "Public/private peering"),
        ("strict-mode", "Use additional restriction on peer"),
    ],
    run: Run::Peer {
        set: |peer, args| {
            peer.role = NAMES.into_iter().find(|(name, _)| args.has(name)).map(|(_, role)| role);
            peer.role_strict = args.has("strict-mode").then_some(true);
            Ok(())
        },
        unset: |peer, _| {
            peer.role = None;
            peer.role_strict = None;
            Ok(())
        },
        write: |peer, out| {
            let Some((name, role)) = NAMES.into_iter().find(|(_, role)| Some(*role) == peer.role) else {
                return;
            };
            let name = if role == Role::Peer { "peer" } else { name };
            if peer.role_strict == Some(true) {
                out.line(format_args!("local-role {name} strict-mode"));
            } else {
                out.line(format_args!("local-role {name}"));
            }
        },
    },
};

/// The roles by their words; `peer` has another name, since it is what the neighbor's own value is called.
const NAMES: [(&str, Role); 5] = [
    ("provider", Role::Provider),
    ("rs-server", Role::RouteServer),
    ("rs-client", Role::RouteServerClient),
    ("customer", Role::Customer),
    ("lateral", Role::Peer),
];
