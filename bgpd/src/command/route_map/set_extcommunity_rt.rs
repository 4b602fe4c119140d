//! `set extcommunity rt COMMUNITY...`.

use bgp_engine::attr::ExtendedCommunity;
use bgp_engine::policy::Set;

use super::pairs;
use super::{ROUTE_MAP, WITH_THE_OTHERS};
use crate::command::{Command, Edit, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: ROUTE_MAP,
        text: "set extcommunity rt ASN:NN_OR_IP-ADDRESS:NN...",
        no: No::As("set extcommunity rt [ASN:NN_OR_IP-ADDRESS:NN...]"),
    }],
    help: "Route Target extended community",
    words: &[
        ("set", "Set values in destination routing protocol"),
        ("extcommunity", "BGP extended community attribute"),
        ("ASN:NN_OR_IP-ADDRESS:NN", "VPN extended community"),
    ],
    run: Run::RouteMap(Edit {
        set: |entry, args| {
            entry.add_set(Set::RouteTarget(pairs(args, ExtendedCommunity::route_target)?));
            Ok(())
        },
        unset: |entry, _| {
            entry.sets.retain(|clause| !matches!(clause, Set::RouteTarget(_)));
            Ok(())
        },
        write: WITH_THE_OTHERS,
    }),
};
