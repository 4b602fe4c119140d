//! `bgp graceful-restart-disable`: neither restarts gracefully nor helps.

use bgp_engine::config::GracefulRestartMode;

use crate::command::{Command, Edit, Form, No, ROUTER, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: ROUTER, text: "bgp graceful-restart-disable", no: No::Same }],
    help: "Disable graceful restart and the help for it",
    words: &[],
    run: Run::Instance(Edit {
        set: |bgp, _| {
            bgp.graceful_restart.mode = GracefulRestartMode::Disabled;
            Ok(())
        },
        unset: |bgp, _| {
            bgp.graceful_restart.mode = GracefulRestartMode::Helper;
            Ok(())
        },
        write: |bgp, out| {
            if bgp.graceful_restart.mode == GracefulRestartMode::Disabled {
                out.line(format_args!("bgp graceful-restart-disable"));
            }
        },
    }),
};
