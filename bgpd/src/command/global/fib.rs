//! `fib`: the block of the kernel routes' settings.

use super::CONFIG;
use crate::command::{Command, Edit, Form, Mode, No, Run, fib};
use crate::config::Fib;

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: CONFIG, text: "fib", no: No::Same }],
    help: "Configure the kernel routes",
    words: &[],
    run: Run::Block {
        enter: |_| Ok(Mode::Fib),
        edit: Edit {
            set: |_, _| Ok(()),
            unset: |config, _| {
                config.fib = Fib::default();
                Ok(())
            },
            write: |config, out| {
                if config.fib == Fib::default() {
                    return;
                }
                out.separate();
                out.line(format_args!("fib"));
                out.block(|out| {
                    for command in fib::COMMANDS {
                        if let Run::Fib(edit) = &command.run {
                            (edit.write)(&config.fib, out);
                        }
                    }
                });
                out.line(format_args!("exit"));
                out.separate();
            },
        },
    },
};
