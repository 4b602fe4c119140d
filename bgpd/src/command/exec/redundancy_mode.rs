//! `redundancy mode …`: `mode` of the `redundancy` block, in one line.

use super::EXEC;
use super::redundancy_words::WORDS;
use crate::command::{Command, Edit, Form, No, Run};
use crate::config::Standby;

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: EXEC, text: "redundancy mode <hot|warm|cold|none>", no: No::Never }],
    help: "How the twin stands by",
    words: WORDS,
    run: Run::Redundancy(Edit {
        set: |block, args| {
            block.mode = Standby::ALL.into_iter().find(|mode| args.has(mode.name()));
            Ok(())
        },
        unset: |_, _| Ok(()),
        // The block's own line writes it.
        write: |_, _| {},
    }),
};
