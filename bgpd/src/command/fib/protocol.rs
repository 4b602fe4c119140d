//! `protocol` in `fib`.

use super::PLACE;
use crate::command::{Command, Edit, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: PLACE, text: "protocol (1-255)$value", no: No::As("protocol [(1-255)]") }],
    help: "Protocol number of the kernel routes",
    words: &[],
    run: Run::Fib(Edit {
        set: |block, args| {
            block.protocol = Some(args.need("value")?);
            Ok(())
        },
        unset: |block, _| {
            block.protocol = None;
            Ok(())
        },
        write: |block, out| {
            if let Some(value) = block.protocol {
                out.line(format_args!("protocol {value}"));
            }
        },
    }),
};
