//! `metric` in `fib`.

use super::PLACE;
use crate::command::{Command, Edit, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: PLACE,
        text: "metric (0-4294967295)$value",
        no: No::As("metric [(0-4294967295)]"),
    }],
    help: "Metric of the kernel routes",
    words: &[],
    run: Run::Fib(Edit {
        set: |block, args| {
            block.metric = Some(args.need("value")?);
            Ok(())
        },
        unset: |block, _| {
            block.metric = None;
            Ok(())
        },
        write: |block, out| {
            if let Some(value) = block.metric {
                out.line(format_args!("metric {value}"));
            }
        },
    }),
};
