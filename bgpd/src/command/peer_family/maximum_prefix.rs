//! `neighbor X maximum-prefix N [PERCENT] [warning-only|restart MINUTES] [force]`.

use bgp_engine::config::{LimitAction, MaximumPrefix};

use crate::command::{Command, FAMILY, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: FAMILY,
        text: "neighbor PEER maximum-prefix (1-4294967295)$limit [(1-100)$percent] \
                   [<warning-only|restart (1-65535)$minutes>] [force]",
        no: No::As(
            "neighbor PEER maximum-prefix [(1-4294967295) [(1-100)] [<warning-only|restart (1-65535)>] [force]]",
        ),
    }],
    help: "Maximum number of prefixes to accept from this peer",
    words: &[
        ("(1-4294967295)", "maximum no. of prefix limit"),
        ("(1-100)", "Threshold value (%) at which to generate a warning msg"),
        ("warning-only", "Only give warning message when limit is exceeded"),
        ("restart", "Restart bgp connection after limit is exceeded"),
        ("(1-65535)", "Restart interval in minutes"),
        ("force", "Force checking all received routes not only accepted"),
    ],
    run: Run::PeerFamily {
        set: |peer, args| {
            let action = match args.find("minutes") {
                Some(minutes) => LimitAction::Restart { minutes },
                None if args.has("warning-only") => LimitAction::WarningOnly,
                None => LimitAction::Shutdown,
            };
            peer.maximum_prefix = Some(MaximumPrefix {
                limit: args.need("limit")?,
                threshold_percent: args.find("percent").unwrap_or(THRESHOLD),
                action,
                force: args.has("force"),
            });
            Ok(())
        },
        unset: |peer, _| {
            peer.maximum_prefix = None;
            Ok(())
        },
        write: |peer, out| {
            let Some(maximum) = peer.maximum_prefix else { return };
            let threshold = match maximum.threshold_percent {
                THRESHOLD => String::new(),
                percent => format!(" {percent}"),
            };
            let action = match maximum.action {
                LimitAction::Shutdown => String::new(),
                LimitAction::Restart { minutes } => format!(" restart {minutes}"),
                LimitAction::WarningOnly => " warning-only".to_owned(),
            };
            let force = if maximum.force { " force" } else { "" };
            out.line(format_args!("maximum-prefix {}{threshold}{action}{force}", maximum.limit));
        },
    },
};

/// FRR warns at so many percent unless told otherwise.
const THRESHOLD: u8 = 75;
