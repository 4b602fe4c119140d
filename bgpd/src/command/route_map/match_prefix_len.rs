//! `match ip address prefix-len N`, `match ipv6 address prefix-len N`.

use bgp_engine::policy::Match;

use super::family;
use super::{ROUTE_MAP, WITH_THE_OTHERS};
use crate::command::{Command, Edit, Form, No, Run};

pub(super) const COMMAND: Command = Command {
    forms: &[
        Form {
            places: ROUTE_MAP,
            text: "match ip address prefix-len (0-32)$length",
            no: No::As("match ip address prefix-len [(0-32)]"),
        },
        Form {
            places: ROUTE_MAP,
            text: "match ipv6 address prefix-len (0-128)$length",
            no: No::As("match ipv6 address prefix-len [(0-128)]"),
        },
    ],
    help: "Match prefix length of IP address",
    words: &[
        ("match", "Match values from routing table"),
        ("address", "Match address of route"),
        ("(0-32)", "Prefix length"),
        ("(0-128)", "Prefix length"),
    ],
    run: Run::RouteMap(Edit {
        set: |entry, args| {
            entry.add_match(Match::AddressLength(family(args), args.need("length")?));
            Ok(())
        },
        unset: |entry, args| {
            entry
                .matches
                .retain(|clause| !matches!(clause, Match::AddressLength(other, _) if *other == family(args)));
            Ok(())
        },
        write: WITH_THE_OTHERS,
    }),
};
