//! `hostname NAME`: the name in the prompt and in the FQDN capability.

use super::CONFIG;
use crate::command::{Command, Edit, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: CONFIG, text: "hostname WORD", no: No::As("hostname [WORD]") }],
    help: "Set system's network name",
    words: &[("WORD", "This system's network name")],
    run: Run::Global(Edit {
        set: |config, args| {
            config.engine.hostname = Some(args.word("WORD")?.to_owned());
            Ok(())
        },
        unset: |config, _| {
            config.engine.hostname = None;
            Ok(())
        },
        write: |config, out| {
            if let Some(name) = &config.engine.hostname {
                out.line(format_args!("hostname {name}"));
            }
        },
    }),
};
