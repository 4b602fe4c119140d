//! `detect hang` in `redundancy`.

use super::PLACE;
use crate::command::{Command, Edit, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: PLACE,
        text: "detect hang (10-60000)$value",
        no: No::As("detect hang [(10-60000)]"),
    }],
    help: "After how many milliseconds without progress a hang is a hang",
    words: &[],
    run: Run::Redundancy(Edit {
        set: |block, args| {
            block.detect_hang_ms = Some(args.need("value")?);
            Ok(())
        },
        unset: |block, _| {
            block.detect_hang_ms = None;
            Ok(())
        },
        write: |block, out| {
            if let Some(value) = block.detect_hang_ms {
                out.line(format_args!("detect hang {value}"));
            }
        },
    }),
};
