//! `neighbor X timers KEEPALIVE HOLD`.

use super::timers;
use crate::command::{Command, Form, No, ROUTER, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: ROUTER,
        text: "neighbor PEER timers (0-65535)$keepalive (0-65535)$hold",
        no: No::As("neighbor PEER timers [(0-65535) (0-65535)]"),
    }],
    help: "BGP per neighbor timers",
    words: &[("(0-65535)", "Keepalive interval, then hold time, in seconds")],
    run: Run::Peer {
        set: |peer, args| {
            peer.timers = Some(timers(args)?);
            Ok(())
        },
        unset: |peer, _| {
            peer.timers = None;
            Ok(())
        },
        write: |peer, out| {
            if let Some(timers) = peer.timers {
                out.line(format_args!("timers {} {}", timers.keepalive_s, timers.hold_s));
            }
        },
    },
};
