//! `nexthop-id-base` in `fib`.

use super::PLACE;
use crate::command::{Command, Edit, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: PLACE,
        text: "nexthop-id-base (1-4294967295)$value",
        no: No::As("nexthop-id-base [(1-4294967295)]"),
    }],
    help: "First number of the next-hop objects",
    words: &[],
    run: Run::Fib(Edit {
        set: |block, args| {
            block.nexthop_id_base = Some(args.need("value")?);
            Ok(())
        },
        unset: |block, _| {
            block.nexthop_id_base = None;
            Ok(())
        },
        write: |block, out| {
            if let Some(value) = block.nexthop_id_base {
                out.line(format_args!("nexthop-id-base {value}"));
            }
        },
    }),
};
