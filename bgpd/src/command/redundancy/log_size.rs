//! `log size` in `redundancy`.

use super::PLACE;
use crate::command::{Command, Edit, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: PLACE, text: "log size (1-65536)$value", no: No::As("log size [(1-65536)]") }],
    help: "Size of the log in MiB",
    words: &[],
    run: Run::Redundancy(Edit {
        set: |block, args| {
            block.log_size_mib = Some(args.need("value")?);
            Ok(())
        },
        unset: |block, _| {
            block.log_size_mib = None;
            Ok(())
        },
        write: |block, out| {
            if let Some(value) = block.log_size_mib {
                out.line(format_args!("log size {value}"));
            }
        },
    }),
};
