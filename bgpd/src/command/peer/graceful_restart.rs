//! `neighbor X graceful-restart|graceful-restart-helper|graceful-restart-disable`, over the instance's.

use bgp_engine::config::GracefulRestartMode;

use crate::command::Args;
use crate::command::{Command, Form, No, ROUTER, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: ROUTER,
        text: "neighbor PEER <graceful-restart|graceful-restart-helper|graceful-restart-disable>",
        no: No::Same,
    }],
    help: "Graceful restart for this neighbor",
    words: &[
        ("graceful-restart", "Graceful restart capability"),
        ("graceful-restart-helper", "Graceful restart helper capability"),
        ("graceful-restart-disable", "Graceful restart capability disable"),
    ],
    run: Run::Peer {
        set: |peer, args| {
            peer.graceful_restart = mode(args);
            Ok(())
        },
        unset: |peer, args| {
            if peer.graceful_restart == mode(args) {
                peer.graceful_restart = None;
            }
            Ok(())
        },
        write: |peer, out| {
            if let Some((name, _)) = NAMES.into_iter().find(|(_, mode)| Some(*mode) == peer.graceful_restart)
            {
                out.line(format_args!("{name}"));
            }
        },
    },
};

const NAMES: [(&str, GracefulRestartMode); 3] = [
    ("graceful-restart", GracefulRestartMode::Restarter),
    ("graceful-restart-helper", GracefulRestartMode::Helper),
    ("graceful-restart-disable", GracefulRestartMode::Disabled),
];

fn mode(args: &Args<'_>) -> Option<GracefulRestartMode> {
    NAMES.into_iter().find(|(name, _)| args.has(name)).map(|(_, mode)| mode)
}
