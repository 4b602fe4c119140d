//! `redundancy`: the block of the standby's settings.

use super::CONFIG;
use crate::command::{Command, Edit, Form, Mode, No, Run, redundancy};
use crate::config::Redundancy;

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: CONFIG, text: "redundancy", no: No::Same }],
    help: "Configure the twin",
    words: &[],
    run: Run::Block {
        enter: |_| Ok(Mode::Redundancy),
        edit: Edit {
            set: |_, _| Ok(()),
            unset: |config, _| {
                config.redundancy = Redundancy::default();
                Ok(())
            },
            write: |config, out| {
                if config.redundancy == Redundancy::default() {
                    return;
                }
                out.separate();
                out.line(format_args!("redundancy"));
                out.block(|out| {
                    for command in redundancy::COMMANDS {
                        if let Run::Redundancy(edit) = &command.run {
                            (edit.write)(&config.redundancy, out);
                        }
                    }
                });
                out.line(format_args!("exit"));
                out.separate();
            },
        },
    },
};
