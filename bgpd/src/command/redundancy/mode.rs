//! `mode hot|warm|cold|none` in `redundancy`.

use super::PLACE;
use crate::command::{Command, Edit, Form, No, Run};
use crate::config::Standby;

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: PLACE,
        text: "mode <hot|warm|cold|none>",
        no: No::As("mode [<hot|warm|cold|none>]"),
    }],
    help: "How the twin stands by",
    words: &[
        ("hot", "The twin applies every entry"),
        ("warm", "The twin holds checkpoint and log"),
        ("cold", "No twin: checkpoint and log in files"),
        ("none", "No twin"),
    ],
    run: Run::Redundancy(Edit {
        set: |block, args| {
            block.mode = Standby::ALL.into_iter().find(|mode| args.has(mode.name()));
            Ok(())
        },
        unset: |block, _| {
            block.mode = None;
            Ok(())
        },
        write: |block, out| {
            if let Some(mode) = block.mode {
                out.line(format_args!("mode {}", mode.name()));
            }
        },
    }),
};
