//! `checkpoint interval` in `redundancy`.

use super::PLACE;
use crate::command::{Command, Edit, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: PLACE,
        text: "checkpoint interval (1-86400)$value",
        no: No::As("checkpoint interval [(1-86400)]"),
    }],
    help: "Seconds from checkpoint to checkpoint",
    words: &[],
    run: Run::Redundancy(Edit {
        set: |block, args| {
            block.checkpoint_interval_s = Some(args.need("value")?);
            Ok(())
        },
        unset: |block, _| {
            block.checkpoint_interval_s = None;
            Ok(())
        },
        write: |block, out| {
            if let Some(value) = block.checkpoint_interval_s {
                out.line(format_args!("checkpoint interval {value}"));
            }
        },
    }),
};
