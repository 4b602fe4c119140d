//! `table` in `fib`.

use super::PLACE;
use crate::command::{Command, Edit, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: PLACE,
        text: "table (1-4294967295)$value",
        no: No::As("table [(1-4294967295)]"),
    }],
    help: "Kernel routing table",
    words: &[],
    run: Run::Fib(Edit {
        set: |block, args| {
            block.table = Some(args.need("value")?);
            Ok(())
        },
        unset: |block, _| {
            block.table = None;
            Ok(())
        },
        write: |block, out| {
            if let Some(value) = block.table {
                out.line(format_args!("table {value}"));
            }
        },
    }),
};
