//! `access-list NAME remark TEXT`; it is written with the list.

use super::CONFIG;
use super::access_list::family;
use crate::command::{Command, Edit, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[
        Form {
            places: CONFIG,
            text: "access-list WORD$name remark LINE",
            no: No::As("access-list WORD$name remark [LINE]"),
        },
        Form {
            places: CONFIG,
            text: "ipv6 access-list WORD$name remark LINE",
            no: No::As("ipv6 access-list WORD$name remark [LINE]"),
        },
    ],
    help: "Access list entry comment",
    words: &[
        ("access-list", "Add an access list entry"),
        ("WORD", "Access list name"),
        ("LINE", "Comment up to 100 characters"),
    ],
    run: Run::Global(Edit {
        set: |config, args| {
            let lists = &mut config.engine.access_lists[family(args)];
            let list = lists.entry(args.word("name")?.to_owned()).or_default();
            list.remark = Some(args.word("LINE")?.to_owned());
            Ok(())
        },
        unset: |config, args| {
            let lists = &mut config.engine.access_lists[family(args)];
            let name = args.word("name")?;
            if let Some(list) = lists.get_mut(name) {
                list.remark = None;
                if list.entries.is_empty() {
                    lists.remove(name);
                }
            }
            Ok(())
        },
        write: |_, _| {},
    }),
};
