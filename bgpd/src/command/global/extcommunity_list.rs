//! `bgp extcommunity-list`.

use bgp_engine::attr::ExtendedCommunity;

use super::CONFIG;
use super::lists::Kind;
use crate::command::{Args, Command, Edit, Form, No, Refusal, Run};

const KIND: Kind<ExtendedCommunity> = Kind {
    command: "bgp extcommunity-list",
    read,
    text: |values| {
        values.iter().map(|c| format!("{} {}", c.keyword(), c.pair())).collect::<Vec<_>>().join(" ")
    },
};

pub(super) const COMMAND: Command = Command {
    forms: &[
        Form {
            places: CONFIG,
            text: "bgp extcommunity-list <(1-99)$name|standard EXTCOMMUNITY_LIST_NAME$name> [seq (0-4294967295)$seq] \
                   <deny|permit> COMMUNITY...",
            no: No::As(
                "bgp extcommunity-list <(1-99)$name|standard EXTCOMMUNITY_LIST_NAME$name> \
                 [[seq (0-4294967295)$seq] <deny|permit> COMMUNITY...]",
            ),
        },
        Form {
            places: CONFIG,
            text: "bgp extcommunity-list <(100-500)$name|expanded EXTCOMMUNITY_LIST_NAME$name> [seq (0-4294967295)$seq] \
                   <deny|permit> LINE$REGEX",
            no: No::As(
                "bgp extcommunity-list <(100-500)$name|expanded EXTCOMMUNITY_LIST_NAME$name> \
                 [[seq (0-4294967295)$seq] <deny|permit> LINE$REGEX]",
            ),
        },
    ],
    help: "Add an extended community list entry",
    words: &[
        ("(1-99)", "Standard list number"),
        ("(100-500)", "Expanded list number"),
        ("standard", "Specify standard list"),
        ("expanded", "Specify expanded list"),
        ("EXTCOMMUNITY_LIST_NAME", "Name of the list"),
        ("seq", "Sequence number of an entry"),
        ("(0-4294967295)", "Sequence number"),
        ("permit", "Specify community to accept"),
        ("deny", "Specify community to reject"),
        ("COMMUNITY", "rt or soo, each with its value in ASN:NN or IP-ADDRESS:NN format"),
        ("LINE", "An ordered list as a regular-expression"),
    ],
    run: Run::Global(Edit {
        set: |config, args| KIND.set(&mut config.engine.extended_community_lists, args),
        unset: |config, args| KIND.unset(&mut config.engine.extended_community_lists, args),
        write: |config, out| KIND.write(&config.engine.extended_community_lists, out),
    }),
};

/// `rt 65001:1 soo 192.0.2.1:7`, or each with a colon behind its keyword.
fn read(args: &Args<'_>) -> Result<Vec<ExtendedCommunity>, Refusal> {
    let words: Vec<String> = args.all("COMMUNITY").collect();
    let mut words = words.iter();
    let mut communities = Vec::new();
    while let Some(word) = words.next() {
        let text = if word.contains(':') {
            word.clone()
        } else {
            format!("{word} {}", words.next().map_or("", String::as_str))
        };
        let community = text.parse();
        communities.push(community.map_err(|error| Refusal::new(format!("'{text}' is {error}")))?);
    }
    Ok(communities)
}
