//! `bgp large-community-list`.

use bgp_engine::attr::LargeCommunity;

use super::CONFIG;
use super::lists::Kind;
use crate::command::route_map::words;
use crate::command::{Command, Edit, Form, No, Run};

const KIND: Kind<LargeCommunity> = Kind {
    command: "bgp large-community-list",
    read: |args| words(args, "AA:BB:CC"),
    text: |values| values.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
};

pub(super) const COMMAND: Command = Command {
    forms: &[
        Form {
            places: CONFIG,
            text: "bgp large-community-list <(1-99)$name|standard LCOMMUNITY_LIST_NAME$name> [seq (0-4294967295)$seq] \
                   <deny|permit> AA:BB:CC...",
            no: No::As(
                "bgp large-community-list <(1-99)$name|standard LCOMMUNITY_LIST_NAME$name> \
                 [[seq (0-4294967295)$seq] <deny|permit> AA:BB:CC...]",
            ),
        },
        Form {
            places: CONFIG,
            text: "bgp large-community-list <(100-500)$name|expanded LCOMMUNITY_LIST_NAME$name> [seq (0-4294967295)$seq] \
                   <deny|permit> LINE$REGEX",
            no: No::As(
                "bgp large-community-list <(100-500)$name|expanded LCOMMUNITY_LIST_NAME$name> \
                 [[seq (0-4294967295)$seq] <deny|permit> LINE$REGEX]",
            ),
        },
    ],
    help: "Add a large community list entry",
    words: &[
        ("(1-99)", "Standard list number"),
        ("(100-500)", "Expanded list number"),
        ("standard", "Specify standard list"),
        ("expanded", "Specify expanded list"),
        ("LCOMMUNITY_LIST_NAME", "Name of the list"),
        ("seq", "Sequence number of an entry"),
        ("(0-4294967295)", "Sequence number"),
        ("permit", "Specify community to accept"),
        ("deny", "Specify community to reject"),
        ("AA:BB:CC", "Large community in AA:BB:CC format"),
        ("LINE", "An ordered list as a regular-expression"),
    ],
    run: Run::Global(Edit {
        set: |config, args| KIND.set(&mut config.engine.large_community_lists, args),
        unset: |config, args| KIND.unset(&mut config.engine.large_community_lists, args),
        write: |config, out| KIND.write(&config.engine.large_community_lists, out),
    }),
};
