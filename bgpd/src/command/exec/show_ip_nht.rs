//! `show ip nht`, `show ipv6 nht`: the next hops and the routes that lead to them.

use bgp_engine::value::Family;

use super::EXEC;
use super::show_words::{WORDS, family, layout, shown};
use crate::command::{Command, Form, No, Run};
use crate::show::Tracked;

pub(super) const COMMAND: Command = Command {
    forms: &[Form { places: EXEC, text: "show <ip|ipv6> nht [vrf VRF] [json]", no: No::Never }],
    help: "IP nexthop tracking table",
    words: WORDS,
    run: Run::Operation(|args| {
        let family = family(args).unwrap_or(Family::Ipv4Unicast);
        shown(args, Tracked::new(layout(args), family))
    }),
};
