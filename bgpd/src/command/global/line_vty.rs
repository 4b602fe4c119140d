//! `line vty`: a block of lines without effect.

use super::CONFIG;
use crate::command::{Command, Edit, Form, Mode, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: CONFIG, text: "line vty", no: No::Never }],
    help: "Virtual terminal (accepted without effect)",
    words: &[("line", "Configure a terminal line")],
    run: Run::Block {
        enter: |_| Ok(Mode::Line),
        edit: Edit {
            set: |_, _| Ok(()),
            unset: |_, _| Ok(()),
            write: |config, out| {
                let accepted = &config.accepted;
                if accepted.line_vty.is_empty()
                    && accepted.line_login.is_empty()
                    && accepted.line_access.is_empty()
                {
                    return;
                }
                out.separate();
                out.line(format_args!("line vty"));
                out.block(|out| {
                    accepted.line_vty.write(out);
                    accepted.line_login.write(out);
                    accepted.line_access.write(out);
                });
                out.line(format_args!("exit"));
                out.separate();
            },
        },
    },
};
