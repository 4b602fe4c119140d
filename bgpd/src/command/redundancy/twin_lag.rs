//! `twin-lag` in `redundancy`.

use super::PLACE;
use crate::command::{Command, Edit, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: PLACE,
        text: "twin-lag (1-3600000)$value",
        no: No::As("twin-lag [(1-3600000)]"),
    }],
    help: "How many milliseconds the twin may lag behind before it is given up",
    words: &[],
    run: Run::Redundancy(Edit {
        set: |block, args| {
            block.twin_lag_ms = Some(args.need("value")?);
            Ok(())
        },
        unset: |block, _| {
            block.twin_lag_ms = None;
            Ok(())
        },
        write: |block, out| {
            if let Some(value) = block.twin_lag_ms {
                out.line(format_args!("twin-lag {value}"));
            }
        },
    }),
};
