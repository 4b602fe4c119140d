//! `timers bgp KEEPALIVE HOLD`.

use crate::command::peer::timers;
use crate::command::{Command, Edit, Form, No, ROUTER, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: ROUTER,
        text: "timers bgp (0-65535)$keepalive (0-65535)$hold",
        no: No::As("timers bgp [(0-65535) (0-65535)]"),
    }],
    help: "BGP timers: keepalive interval and hold time, in seconds",
    words: &[
        ("timers", "Adjust routing timers"),
        ("(0-65535)", "Keepalive interval, then hold time, in seconds"),
    ],
    run: Run::Instance(Edit {
        set: |bgp, args| {
            bgp.timers = Some(timers(args)?);
            Ok(())
        },
        unset: |bgp, _| {
            bgp.timers = None;
            Ok(())
        },
        write: |bgp, out| {
            if let Some(timers) = bgp.timers {
                out.line(format_args!("timers bgp {} {}", timers.keepalive_s, timers.hold_s));
            }
        },
    }),
};
