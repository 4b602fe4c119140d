//! `bgp graceful-restart`: this router restarts gracefully, and helps others (RFC 4724).

use bgp_engine::config::GracefulRestartMode;

use crate::command::{Command, Edit, Form, No, ROUTER, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: ROUTER, text: "bgp graceful-restart", no: No::Same }],
    help: "Graceful restart capability parameters",
    words: &[],
    run: Run::Instance(Edit {
        set: |bgp, _| {
            bgp.graceful_restart.mode = GracefulRestartMode::Restarter;
            Ok(())
        },
        unset: |bgp, _| {
            bgp.graceful_restart.mode = GracefulRestartMode::Helper;
            Ok(())
        },
        write: |bgp, out| {
            if bgp.graceful_restart.mode == GracefulRestartMode::Restarter {
                out.line(format_args!("bgp graceful-restart"));
            }
        },
    }),
};
