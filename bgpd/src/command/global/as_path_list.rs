//! `bgp as-path access-list`.

use bgp_engine::policy::AsPathListEntry;

use super::CONFIG;
use super::lists::{action, add, pattern, remove};
use crate::command::{Args, Command, Edit, Form, No, Refusal, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: CONFIG,
        text: "bgp as-path access-list AS_PATH_FILTER_NAME$name [seq (0-4294967295)$seq] <deny|permit> LINE$REGEX",
        no: No::As(
            "bgp as-path access-list AS_PATH_FILTER_NAME$name \
             [[seq (0-4294967295)$seq] <deny|permit> LINE$REGEX]",
        ),
    }],
    help: "Specify an access list name",
    words: &[
        ("as-path", "BGP autonomous system path filter"),
        ("AS_PATH_FILTER_NAME", "Regular expression access list name"),
        ("seq", "Sequence number of an entry"),
        ("(0-4294967295)", "Sequence number"),
        ("permit", "Specify packets to forward"),
        ("deny", "Specify packets to reject"),
        ("LINE", "A regular-expression (1234567890_^|[,{}() ]$*+.?-\\\\) to match the BGP AS paths"),
    ],
    run: Run::Global(Edit {
        set: |config, args| {
            let entry = entry(args)?;
            let list = config.engine.as_path_lists.entry(args.word("name")?.to_owned()).or_default();
            add(&mut list.entries, args.find("seq"), entry)
        },
        unset: |config, args| {
            let lists = &mut config.engine.as_path_lists;
            let name = args.word("name")?;
            let missing = || Refusal::new("Can't find the specified as-path access-list");
            if !args.has("permit") && !args.has("deny") {
                return lists.remove(name).map(drop).ok_or_else(missing);
            }
            let entry = entry(args)?;
            let list = lists.get_mut(name).ok_or_else(missing)?;
            remove(&mut list.entries, args.find("seq"), &entry)?;
            if list.entries.is_empty() {
                lists.remove(name);
            }
            Ok(())
        },
        write: |config, out| {
            for (name, list) in &config.engine.as_path_lists {
                for (sequence, entry) in &list.entries {
                    let (action, pattern) = (entry.action.word(), &entry.pattern);
                    out.line(format_args!(
                        "bgp as-path access-list {name} seq {sequence} {action} {pattern}"
                    ));
                }
            }
            out.separate();
        },
    }),
};

fn entry(args: &Args<'_>) -> Result<AsPathListEntry, Refusal> {
    Ok(AsPathListEntry { action: action(args), pattern: pattern(args)? })
}
