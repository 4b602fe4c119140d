//! `bgp community-list`.

use bgp_engine::attr::Community;

use super::CONFIG;
use super::lists::Kind;
use crate::command::{Command, Edit, Form, No, Refusal, Run};

/// In a list this value stands for every route.
const INTERNET: Community = Community(0);

const KIND: Kind<Community> = Kind {
    command: "bgp community-list",
    read: |args| {
        let value = |text: String| match text.as_str() {
            "internet" => Ok(INTERNET),
            text => text.parse().map_err(|_| Refusal::new(format!("Malformed community-list value: {text}"))),
        };
        args.all::<String>("AA:NN").map(value).collect()
    },
    text: |values| {
        let word = |value: &Community| match *value {
            INTERNET => "internet".to_owned(),
            other => other.to_string(),
        };
        values.iter().map(word).collect::<Vec<_>>().join(" ")
    },
};

pub(super) const COMMAND: Command = Command {
    forms: &[
        Form {
            places: CONFIG,
            text: "bgp community-list <(1-99)$name|standard COMMUNITY_LIST_NAME$name> [seq (0-4294967295)$seq] \
                   <deny|permit> AA:NN...",
            no: No::As(
                "bgp community-list <(1-99)$name|standard COMMUNITY_LIST_NAME$name> \
                 [[seq (0-4294967295)$seq] <deny|permit> AA:NN...]",
            ),
        },
        Form {
            places: CONFIG,
            text: "bgp community-list <(100-500)$name|expanded COMMUNITY_LIST_NAME$name> [seq (0-4294967295)$seq] \
                   <deny|permit> LINE$REGEX",
            no: No::As(
                "bgp community-list <(100-500)$name|expanded COMMUNITY_LIST_NAME$name> \
                 [[seq (0-4294967295)$seq] <deny|permit> LINE$REGEX]",
            ),
        },
    ],
    help: "Add a community list entry",
    words: &[
        ("(1-99)", "Standard list number"),
        ("(100-500)", "Expanded list number"),
        ("standard", "Specify standard list"),
        ("expanded", "Specify expanded list"),
        ("COMMUNITY_LIST_NAME", "Name of the list"),
        ("seq", "Sequence number of an entry"),
        ("(0-4294967295)", "Sequence number"),
        ("permit", "Specify community to accept"),
        ("deny", "Specify community to reject"),
        (
            "AA:NN",
            "Community number in AA:NN format (where AA and NN are (0-65535)) or a well-known community",
        ),
        ("LINE", "An ordered list as a regular-expression"),
    ],
    run: Run::Global(Edit {
        set: |config, args| KIND.set(&mut config.engine.community_lists, args),
        unset: |config, args| KIND.unset(&mut config.engine.community_lists, args),
        write: |config, out| KIND.write(&config.engine.community_lists, out),
    }),
};
