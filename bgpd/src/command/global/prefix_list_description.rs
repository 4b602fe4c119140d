//! `ip prefix-list NAME description TEXT`; it is written with the list.

use super::CONFIG;
use super::prefix_list::family;
use crate::command::{Command, Edit, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[
        Form {
            places: CONFIG,
            text: "ip prefix-list WORD$name description LINE",
            no: No::As("ip prefix-list WORD$name description [LINE]"),
        },
        Form {
            places: CONFIG,
            text: "ipv6 prefix-list WORD$name description LINE",
            no: No::As("ipv6 prefix-list WORD$name description [LINE]"),
        },
    ],
    help: "Prefix-list specific description",
    words: &[
        ("prefix-list", "Build a prefix list"),
        ("WORD", "Name of a prefix list"),
        ("LINE", "Up to 80 characters describing this prefix-list"),
    ],
    run: Run::Global(Edit {
        set: |config, args| {
            let lists = &mut config.engine.prefix_lists[family(args)];
            let list = lists.entry(args.word("name")?.to_owned()).or_default();
            list.description = Some(args.word("LINE")?.to_owned());
            Ok(())
        },
        unset: |config, args| {
            let lists = &mut config.engine.prefix_lists[family(args)];
            let name = args.word("name")?;
            if let Some(list) = lists.get_mut(name) {
                list.description = None;
                if list.entries.is_empty() {
                    lists.remove(name);
                }
            }
            Ok(())
        },
        write: |_, _| {},
    }),
};
